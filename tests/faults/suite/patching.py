"""Replaces functions by ones that are wrong, for the benchmarks of this suite only.

The environment variable FAULT names the kind (faults.py). Every target is replaced at once; a benchmark calls one of
them. Calls from elsewhere, from a set-up, or while a module is imported reach the right function.
"""

import _thread
import copy
import functools
import importlib
import sys
import types

import numpy as np

from . import faults, refactorings

VARIABLE = "SNAPSHOT_TEST_FAULT"

PACKAGE = __name__.rpartition(".")[0]
CALLERS = (f"{PACKAGE}.bench_", f"{PACKAGE}.helpers")

TARGETS = {
    "numpy": """
        absolute add all any arange argmax argmin argpartition argsort argwhere array array2string average arctan2
        base_repr binary_repr bincount bitwise_xor broadcast_to busday_count busday_offset choose clip compress
        concatenate conjugate convolve copyto corrcoef count_nonzero cov cross cumprod cumsum datetime_as_string delete
        diag diff digitize divide divmod dot einsum exp extract eye fill_diagonal flatnonzero flip floor floor_divide
        frexp full gcd gradient greater histogram hstack hypot inner insert interp intersect1d isfinite isin kron
        left_shift lexsort linspace log logical_and logspace matmul max maximum mean median meshgrid min minimum modf
        moveaxis multiply nancumsum nanmean nansum nonzero outer pad partition percentile place polyadd polyder polydiv
        polyfit polyint polymul polyval power prod ptp put put_along_axis putmask quantile ravel_multi_index repeat
        reshape roll roots rot90 round searchsorted select setdiff1d setxor1d sign signbit sin sort split sqrt square
        stack std subtract sum take take_along_axis tanh tensordot tile trace transpose tril_indices triu union1d unique
        unravel_index var vdot vstack where
    """,
    "numpy.linalg": """
        cholesky cond det eigh eigvalsh inv lstsq matrix_power matrix_rank multi_dot norm pinv qr slogdet solve svd
    """,
    "numpy.fft": "fft fft2 fftfreq fftn fftshift hfft ifft irfft rfft",
    "numpy.char": "add find isdigit replace split str_len strip upper zfill",
    "numpy.polynomial.polynomial": "polyval",
    "numpy.polynomial.chebyshev": "chebval",
    "numpy.polynomial.legendre": "legfit",
    "numpy.random": "choice normal permutation randint shuffle",
    f"{PACKAGE}.library.Samples": "fill partition scale sort",
    f"{PACKAGE}.library.Counter": "add",
    "wavelab.filters": "exponential_smoothing median_filter moving_average normalise",
    "wavelab.images": "downsample edges",
    "wavelab.recording.Recording": "resampled",
    "wavelab.spectrum": "peaks power_spectrum",
    "wavelab.statistics": "histogram summary zero_crossings",
}

# The argument that these change instead of returning something.
IN_PLACE = {
    **{f"numpy.{name}": 0 for name in "copyto fill_diagonal place put put_along_axis putmask random.shuffle".split()},
    **{f"{PACKAGE}.library.Samples.{name}": 0 for name in "fill partition scale sort".split()},
    f"{PACKAGE}.library.Counter.add": 0,
    "wavelab.filters.normalise": 0,
}


def names():
    """The targets' full names."""
    return [f"{owner}.{name}" for owner, several in TARGETS.items() for name in several.split()]


def owner_of(name):
    """The module or class that holds the target, and the target's name in it."""
    *path, attribute = name.split(".")
    owner = importlib.import_module(path[0])
    for i, part in enumerate(path[1:], 2):
        owner = getattr(owner, part) if hasattr(owner, part) else importlib.import_module(".".join(path[:i]))
    return owner, attribute


def __is_benchmark__(frame):
    """Does this frame belong to the suite's benchmarks, or to their helpers?"""
    module, function = frame.f_globals.get("__name__", ""), frame.f_code.co_name
    return module.startswith(CALLERS) and not function.startswith(("setup", "<module>"))


def changed_argument(name, args, kwargs):
    """What the call changes in place, or None."""
    if kwargs.get("out") is not None:
        return kwargs["out"]
    if name == "numpy.sqrt" and len(args) > 1:
        return args[1]
    return args[IN_PLACE[name]] if name in IN_PLACE else None


def refactored_for(kind, name, original, args, kwargs):
    """The refactored function for this call, or None."""
    if changed_argument(name, args, kwargs) is None:
        return refactorings.make(kind, name, original, "returns")
    if name in IN_PLACE:
        return refactorings.make(kind, name, original, "changes")
    unusual = "out" not in kwargs or "where" in kwargs
    return None if unusual and kind == "equivalent" else refactorings.make(kind, name, original, "out")


def overwrite(target, value):
    """Puts the value where the target lies. False if it does not fit."""
    if isinstance(target, np.ndarray):
        if not isinstance(value, np.ndarray) or value.shape != target.shape or value.dtype != target.dtype:
            return False
        target[...] = value
        return True
    target.__dict__.update(vars(value))
    return True


def __unobserved__(function, *args):
    """Calls the function in another thread, and there from within a trace function, at which the program does not look:
    what makes a result wrong is no part of the code that is under test. Nor does it look at functions with such a name.
    """
    outcome, done = [], _thread.allocate_lock()

    def __trace__(frame, event, argument):
        sys.settrace(None)
        try:
            outcome.append((function(*args), None))
        except BaseException as error:
            outcome.append((None, error))
        finally:
            done.release()

    def __traced__():
        pass

    def __work__():
        sys.settrace(__trace__)
        __traced__()

    done.acquire()
    _thread.start_new_thread(__work__, ())
    done.acquire()
    result, error = outcome[0]
    if error is not None:
        raise error
    return result


class Call:
    """A function that is wrong in one way. Called as object(args, kwargs), it returns the result, and whether there was
    something to change; if not, the result is the right one. (`__call__` is a name that is not observed.)"""

    def __init__(self, kind, name, original):
        self.kind, self.name, self.original = kind, name, original
        self.refactored = {}

    def __call__(self, args, kwargs):
        original = self.original
        if self.kind in faults.REFACTORINGS:
            refactored = __unobserved__(self._refactored, args, kwargs)
            return (refactored or original)(*args, **kwargs), refactored is not None
        if self.kind == "raises":
            raise faults.FaultError(f"{self.name} does not work any more")
        if self.kind in ("input", "idle"):
            instead = __unobserved__(self._instead, args, kwargs)
            return (original(*args, **kwargs), False) if instead is None else (instead[0], True)
        result = original(*args, **kwargs)
        return __unobserved__(self._changed, result, args, kwargs)

    def _refactored(self, args, kwargs):
        # One for all calls alike, so that a cache lives from call to call.
        way = changed_argument(self.name, args, kwargs) is None, "where" in kwargs, len(args)
        if way not in self.refactored:
            self.refactored[way] = refactored_for(self.kind, self.name, self.original, args, kwargs)
        return self.refactored[way]

    def _instead(self, args, kwargs):
        changed = changed_argument(self.name, args, kwargs)
        if self.kind == "input":
            usable = changed is None and args and isinstance(args[0], (np.ndarray, list, float, int, str))
            return (args[0],) if usable else None
        if changed is None:
            return None
        result = self.original(*copy.deepcopy(args), **copy.deepcopy(kwargs))
        return (result if result is None else changed,)

    def _changed(self, result, args, kwargs):
        change = faults.FAULTS.get(self.kind) or faults.HARMLESS[self.kind]
        changed = changed_argument(self.name, args, kwargs)
        if changed is None or self.kind == "none":
            other = change(result)
            return (result, False) if other is faults.NOT_APPLICABLE else (other, True)
        other = change(copy.deepcopy(changed))
        return result, other is not faults.NOT_APPLICABLE and overwrite(changed, other)


def named_like(function, original):
    """The function under the other's name, as if it had been edited where it stands."""
    name = getattr(original, "__name__", function.__name__)
    code = function.__code__.replace(co_name=name)
    if hasattr(code, "co_qualname"):
        code = code.replace(co_qualname=getattr(original, "__qualname__", name))
    scope = {**function.__globals__, "__name__": getattr(original, "__module__", None) or "numpy"}
    renamed = types.FunctionType(code, scope, name, function.__defaults__, function.__closure__)
    return functools.wraps(original, updated=())(renamed)


def replace(make):
    """Puts make(name, original) in the place of every target; returns what undoes that."""
    undo = []
    for name in names():
        owner, attribute = owner_of(name)
        original = getattr(owner, attribute)
        replacement = named_like(make(name, original), original)
        for method in ("reduce", "accumulate", "outer", "at", "reduceat"):
            if hasattr(original, method):
                setattr(replacement, method, getattr(original, method))
        setattr(owner, attribute, replacement)
        undo.append((owner, attribute, original))
    return undo


def install(kind):
    """Makes every target wrong in this way where that applies."""
    if kind not in faults.ALL_KINDS:
        raise ValueError(f"{VARIABLE}={kind}: no such fault; there are {', '.join(faults.ALL_KINDS)}")

    def make(name, original):
        call = Call(kind, name, original)

        def replacement(*args, **kwargs):
            if not __is_benchmark__(sys._getframe(1)):
                return original(*args, **kwargs)
            return call(args, kwargs)[0]

        return replacement

    replace(make)
