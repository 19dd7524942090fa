"""When two results are the same, as docs/comparison.md says with the defaults. Written for inject.py, of which it is the
measure, and without a look at the program's own comparison."""

import numpy as np

RTOL, ATOL = 1e-5, 1e-8
BY_DTYPE = {"float16": (1e-3, 1e-5)}

# Recording says when it was last used; examples/snapshot_reducers.py leaves that out.
NOT_STORED = {"last_used"}


def same_bits(actual, expected):
    return actual.dtype.newbyteorder("=") == expected.dtype.newbyteorder("=") and (
        np.ascontiguousarray(actual.astype(expected.dtype)).tobytes() == np.ascontiguousarray(expected).tobytes()
    )


def numbers_agree(actual, expected):
    """Of arrays with the same type and shape, and without Python objects."""
    if expected.dtype.names:
        return all(numbers_agree(actual[name], expected[name]) for name in expected.dtype.names)
    if expected.dtype.char == "g":
        identical = np.array_equal(actual, expected)
    else:
        identical = same_bits(actual, expected)
    if identical:
        return True
    if expected.dtype.kind not in "fc":
        return np.array_equal(actual, expected)
    rtol, atol = BY_DTYPE.get(expected.dtype.name, (RTOL, ATOL))
    wide = {"f": np.longdouble, "c": np.clongdouble}[expected.dtype.kind]
    a, e = actual.astype(wide), expected.astype(wide)
    with np.errstate(all="ignore"):
        finite = np.isfinite(a) & np.isfinite(e)
        close = np.abs(np.where(finite, a - e, 0)) <= atol + rtol * np.abs(np.where(finite, e, 0))
    return bool(np.all(np.where(finite, close, (a == e) | (np.isnan(a) & np.isnan(e)))))


def arrays_agree(actual, expected):
    if type(actual) is not type(expected) or actual.shape != expected.shape:
        return False
    if actual.dtype.newbyteorder("=") != expected.dtype.newbyteorder("="):
        return False
    if expected.dtype == object:
        return all(agree(a, e) for a, e in zip(actual.ravel(), expected.ravel()))
    return numbers_agree(actual, expected)


def scalar_kind(value):
    if isinstance(value, np.generic):
        return {"u": "i"}.get(value.dtype.kind, value.dtype.kind)
    for type_, kind in ((bool, "b"), (int, "i"), (float, "f"), (complex, "c"), (str, "U"), (bytes, "S")):
        if isinstance(value, type_):
            return kind
    return None


def scalars_agree(actual, expected):
    if scalar_kind(actual) != scalar_kind(expected):
        return False
    if isinstance(actual, np.generic) and isinstance(expected, np.generic):
        return actual.dtype == expected.dtype and numbers_agree(np.array(actual), np.array(expected))
    if scalar_kind(expected) in "fc":
        wide = np.float64 if scalar_kind(expected) == "f" else np.complex128
        return numbers_agree(np.array(wide(actual)), np.array(wide(expected)))
    return bool(actual == expected)


def agree(actual, expected):
    if isinstance(actual, np.ndarray) or isinstance(expected, np.ndarray):
        return isinstance(actual, np.ndarray) and isinstance(expected, np.ndarray) and arrays_agree(actual, expected)
    if scalar_kind(actual) and scalar_kind(expected):
        return scalars_agree(actual, expected)
    if type(actual) is not type(expected):
        return False
    if isinstance(expected, (list, tuple)):
        return len(actual) == len(expected) and all(agree(a, e) for a, e in zip(actual, expected))
    if isinstance(expected, dict):
        return actual.keys() == expected.keys() and all(agree(actual[key], expected[key]) for key in expected)
    if hasattr(expected, "__dict__"):
        states = [
            {key: value for key, value in vars(each).items() if key not in NOT_STORED} for each in (actual, expected)
        ]
        return agree(*states)
    return actual is expected or actual == expected
