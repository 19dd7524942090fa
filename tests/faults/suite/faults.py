"""Ways to make a result wrong, and ways to change it that do not matter: functions of one value.

Each returns the changed value, or NOT_APPLICABLE where it has nothing to change in a value of that type. What is put
into a tuple, a list, a dict or an object is changed in one of its parts only.
"""

import copy

import numpy as np

NOT_APPLICABLE = object()

CONTAINERS = (list, tuple, dict)


class FaultError(Exception):
    """What a function raises that used to return."""


def kind_of(leaf):
    """The letter numpy has for the type: f, c, i, u, b, U, S, M, m, ..., or "" for what is no number, text or array."""
    if isinstance(leaf, (np.ndarray, np.generic)):
        return leaf.dtype.kind
    for type_, kind in ((bool, "b"), (int, "i"), (float, "f"), (complex, "c"), (str, "U"), (bytes, "S")):
        if type(leaf) is type_:
            return kind
    return ""


def like(leaf, changed):
    """The value with the type that the leaf has."""
    if isinstance(leaf, np.ndarray):
        return np.asanyarray(changed).astype(leaf.dtype)
    return leaf.dtype.type(changed) if isinstance(leaf, np.generic) else type(leaf)(changed)


def multiplied(factor):
    def change(leaf):
        return like(leaf, leaf * factor) if kind_of(leaf) in "fc" and kind_of(leaf) else NOT_APPLICABLE

    return change


def other_element(element):
    """One number, truth value, date or text that is not quite the same."""
    kind = kind_of(element)
    if kind == "":
        return NOT_APPLICABLE
    if kind in "fc":
        return like(element, element + 1e-3 * max(1.0, abs(element)))
    if kind == "b":
        return like(element, not element)
    if kind in "iu":
        return like(element, int(element) + 1)
    if kind in "mM":
        return element + np.timedelta64(1, np.datetime_data(element.dtype)[0])
    if kind == "U":
        return like(element, element[:-1] + "?")
    return NOT_APPLICABLE


def one_element(leaf):
    """In an array: the middle one. In a text: its last letter."""
    if kind_of(leaf) == "U" and not isinstance(leaf, np.ndarray):
        return other_element(leaf)
    if not isinstance(leaf, np.ndarray) or leaf.size == 0:
        return NOT_APPLICABLE
    changed = np.array(leaf, subok=True)
    place = np.unravel_index(leaf.size // 2, leaf.shape)
    other = alter(changed[place], other_element) if leaf.dtype == object else other_element(changed[place])
    if other is NOT_APPLICABLE:
        return NOT_APPLICABLE
    changed[place] = other
    return changed


def not_a_number(leaf):
    """One element becomes NaN."""
    if kind_of(leaf) not in ("f", "c"):
        return NOT_APPLICABLE
    if not isinstance(leaf, np.ndarray):
        return like(leaf, float("nan"))
    if leaf.size == 0:
        return NOT_APPLICABLE
    changed = np.array(leaf, subok=True)
    changed[np.unravel_index(leaf.size // 3, leaf.shape)] = np.nan
    return changed


def truncated(leaf):
    """Without what comes last."""
    if isinstance(leaf, np.ndarray):
        return leaf[:-1] if leaf.ndim and len(leaf) else NOT_APPLICABLE
    return leaf[:-1] if isinstance(leaf, (str, bytes, list, tuple)) and leaf else NOT_APPLICABLE


def truncated_axis(leaf):
    """Without what comes last on the last of several axes."""
    return leaf[..., :-1] if isinstance(leaf, np.ndarray) and leaf.ndim > 1 else NOT_APPLICABLE


def transposed(leaf):
    return leaf.T if isinstance(leaf, np.ndarray) and leaf.ndim > 1 else NOT_APPLICABLE


def flattened(leaf):
    return leaf.reshape(-1) if isinstance(leaf, np.ndarray) and leaf.ndim != 1 else NOT_APPLICABLE


OTHER_TYPES = {
    "float64": "float32",
    "float32": "float64",
    "float16": "float32",
    "longdouble": "float64",
    "complex128": "complex64",
    "complex64": "complex128",
    "int64": "int32",
    "int32": "int64",
    "int8": "int16",
    "uint64": "int64",
    "bool": "int8",
}


def other_type(leaf):
    if isinstance(leaf, (np.ndarray, np.generic)):
        name = "longdouble" if leaf.dtype.char == "g" else leaf.dtype.name
        if name in OTHER_TYPES:
            return leaf.astype(OTHER_TYPES[name])
        if leaf.dtype.kind == "M":
            return leaf.astype("M8[h]")
        return leaf.astype(f"U{leaf.dtype.itemsize // 4 + 1}") if leaf.dtype.kind == "U" else NOT_APPLICABLE
    return {int: float, float: np.float32, bool: int}.get(type(leaf), lambda _: NOT_APPLICABLE)(leaf)


def other_container(leaf):
    if isinstance(leaf, np.ndarray):
        return leaf.tolist()
    if isinstance(leaf, (np.generic, int, float, complex)):
        return np.array(leaf)
    return {list: tuple, tuple: list, str: str.encode}.get(type(leaf), lambda _: NOT_APPLICABLE)(leaf)


def backwards(leaf):
    if isinstance(leaf, np.ndarray):
        return leaf[::-1] if leaf.ndim and len(leaf) > 1 else NOT_APPLICABLE
    return leaf[::-1] if isinstance(leaf, (list, tuple)) and len(leaf) > 1 else NOT_APPLICABLE


def rotated(leaf):
    """All elements, each in the place of the one after it."""
    if isinstance(leaf, np.ndarray):
        return np.roll(leaf, 1) if leaf.size > 1 else NOT_APPLICABLE
    return leaf[1:] + leaf[:1] if isinstance(leaf, (list, tuple)) and len(leaf) > 1 else NOT_APPLICABLE


def swapped(leaf):
    """The first two elements, each in the place of the other."""
    if not isinstance(leaf, np.ndarray) or leaf.size < 2:
        return NOT_APPLICABLE
    flat = np.array(leaf, subok=True).reshape(-1)
    flat[[0, 1]] = flat[[1, 0]]
    return flat.reshape(leaf.shape)


def off_by_one(leaf):
    return like(leaf, leaf + 1) if kind_of(leaf) in ("i", "u") else NOT_APPLICABLE


def negated(leaf):
    if kind_of(leaf) in ("f", "c", "i"):
        return -leaf
    if kind_of(leaf) == "b":
        return ~leaf if isinstance(leaf, (np.ndarray, np.generic)) else not leaf
    return NOT_APPLICABLE


def zeroed(leaf):
    """Memory that was never filled in."""
    return np.zeros_like(leaf) if isinstance(leaf, np.ndarray) and leaf.dtype != object else NOT_APPLICABLE


def nothing(value):
    return None if value is not None else NOT_APPLICABLE


def stored_otherwise(leaf):
    """The same numbers in another memory order, byte order or with gaps between them; the same dict in another order."""
    if isinstance(leaf, dict):
        return dict(reversed(leaf.items()))
    if not isinstance(leaf, np.ndarray) or not leaf.ndim or leaf.dtype == object:
        return NOT_APPLICABLE
    if leaf.ndim > 1:
        return np.array(leaf, order="C" if leaf.flags.f_contiguous else "F", subok=True)
    if leaf.dtype.kind in "fcM":
        return leaf.astype(leaf.dtype.newbyteorder(">"))
    return np.repeat(leaf, 2)[::2]


def other_scalar(leaf):
    """numpy's numbers become Python's, and the other way round where numpy has one with the same name."""
    if isinstance(leaf, np.generic) and leaf.dtype.kind in "fcibU" and leaf.dtype.char != "g":
        return leaf.item()
    return {float: np.float64, int: np.int64, str: np.str_}.get(type(leaf), lambda _: NOT_APPLICABLE)(leaf)


def alter(value, change):
    """The value with one of its parts changed: the first that the change applies to, from the middle on."""
    if isinstance(value, CONTAINERS):
        parts = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        for offset in range(len(parts)):
            key, part = parts[(len(parts) // 2 + offset) % len(parts)]
            altered = alter(part, change)
            if altered is NOT_APPLICABLE:
                continue
            if isinstance(value, dict):
                return {**value, key: altered}
            items = list(value)
            items[key] = altered
            # Named tuples take their items one by one.
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        return change(value)
    if not isinstance(value, (np.ndarray, np.generic)) and getattr(value, "__dict__", None):
        altered = alter(vars(value), change)
        if altered is NOT_APPLICABLE:
            return NOT_APPLICABLE
        other = copy.copy(value)
        other.__dict__.update(altered)
        return other
    return change(value)


# Of values.
FAULTS = {
    "scaled": lambda value: alter(value, multiplied(1 + 1e-3)),
    "slightly": lambda value: alter(value, multiplied(1 + 2e-5)),
    "element": lambda value: alter(value, one_element),
    "nan": lambda value: alter(value, not_a_number),
    "truncated": lambda value: alter(value, truncated),
    "axis": lambda value: alter(value, truncated_axis),
    "transposed": lambda value: alter(value, transposed),
    "flattened": lambda value: alter(value, flattened),
    "dtype": lambda value: alter(value, other_type),
    "container": lambda value: alter(value, other_container),
    "backwards": lambda value: alter(value, backwards),
    "rotated": lambda value: alter(value, rotated),
    "swapped": lambda value: alter(value, swapped),
    "off-by-one": lambda value: alter(value, off_by_one),
    "negated": lambda value: alter(value, negated),
    "zeroed": lambda value: alter(value, zeroed),
    "none": nothing,
}
# Of calls: the function raises; it returns what it was given; it leaves what it should change as it is.
CALL_FAULTS = ["raises", "input", "idle"]

# Of values, within the tolerance or without any meaning.
HARMLESS = {
    "rounding": lambda value: alter(value, multiplied(1 + 1e-7)),
    "storage": lambda value: alter(value, stored_otherwise),
    "scalar": lambda value: alter(value, other_scalar),
}
# Of code: refactorings.py has them.
REFACTORINGS = ["wrapped", "busier", "cached", "equivalent", "reordered"]
# Of these, those that make other calls than before.
OTHER_CALLS = ["busier", "equivalent", "reordered"]

ALL_KINDS = [*FAULTS, *CALL_FAULTS, *HARMLESS, *REFACTORINGS]
