"""How snapshots store types of wavelab: docs/reducers.md in the folder above says what may stand here."""


def recording(obj):
    """What was recorded. When it was last used says nothing about the result, and differs from run to run."""
    return type(obj), (obj.samples, obj.rate)


REDUCERS = {"wavelab.recording.Recording": recording}
