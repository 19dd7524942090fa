"""Plain functions, globals, a set-up for a whole module, and parameters on a function."""

from wavelab import filters

from .common import make_signal

WIDTH = 25  # an ordinary global
signal = None  # filled in by the module's set-up


def setup(*params):
    """Runs before each benchmark of this module, with that benchmark's parameters."""
    global signal
    signal = make_signal(2000)


def teardown(*params):
    global signal
    signal = None


def time_moving_average():
    return filters.moving_average(signal, WIDTH)


def time_smoothing(alpha):
    # Suites often throw the result away. It is checked all the same.
    filters.exponential_smoothing(signal, alpha)


time_smoothing.params = [0.1, 0.5, 0.9]
time_smoothing.param_names = ["alpha"]


def time_pipeline():
    smooth = filters.exponential_smoothing(signal, 0.3)
    filters.moving_average(smooth, WIDTH)


def time_reference():
    """Does nothing: suites keep such a benchmark to know the cost of an empty call."""
