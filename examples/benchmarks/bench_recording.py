"""A result of a type of the project's own, which snapshot_reducers.py says how to store."""

from wavelab.recording import Recording

from .common import RATE, make_signal


def setup():
    global recording
    recording = Recording(make_signal(1000), RATE)


def time_resample():
    return recording.resampled(RATE // 2)
