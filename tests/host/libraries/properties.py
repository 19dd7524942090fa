"""What must hold of every reducer, on the values of <library>_cases.py and on variants that are made here of them:

1. What the library's own pickle and the library's user can tell apart, the canonical form does, too: objects of which one
   attribute is set to something else, and those that a constructor makes with one argument changed
   (<library>_variants.py). LOSSES there lists what docs/reducers.md says is lost: "attribute" or "Type.attribute".
2. What was copied, pickled or only looked at stays the same.
"""

import copy
import importlib
import importlib.util
import inspect
import itertools
import pickle
import types
import warnings

MOST_LOOKED_AT = 3


class Variants:
    """make(**arguments) with one argument of `arguments` replaced by each of its `changes`."""

    def __init__(self, name, make, arguments, /, **changes):
        self.name, self.make, self.arguments, self.changes = name, make, arguments, changes


def quietly(function, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*arguments)
        except Exception:
            return None


def own_pickle(value):
    return quietly(pickle.dumps, value, 4)


def public(value):
    return [name for name in dir(value) if not name.startswith("_") and name not in ("T", "tree_item")]


def shown(value):
    """Text that tells values of an attribute apart; None where it says where something is, or is a method."""
    if isinstance(value, (types.MethodType, types.BuiltinMethodType, types.FunctionType)):
        return None
    text = quietly(repr, value)
    return None if text is None or " at 0x" in text else f"{type(value).__name__} {text}"


def appearance(value):
    """What a user can see of it."""
    seen = {"": shown(value)}
    for name in public(value):
        attribute = quietly(getattr, value, name)
        seen[name] = shown(attribute)
    return {name: text for name, text in seen.items() if text is not None}


def look_at(value):
    """Everything that a look at an object may fill a cache with."""
    for ask in (repr, str, len, hash, lambda it: list(itertools.islice(iter(it), MOST_LOOKED_AT)), copy.copy, own_pickle):
        quietly(ask, value)
    for name in public(value):
        attribute = quietly(getattr, value, name)
        if attribute is not None and not callable(attribute):
            quietly(repr, attribute)
            quietly(len, attribute)
    return value


CHANGES = {"looked at": look_at, "copied": copy.copy, "copied deeply": copy.deepcopy,
           "pickled": lambda value: pickle.loads(own_pickle(value))}


def others(value, arrays):
    """Values that an attribute might have instead. Arrays only where nothing relies on what they hold."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, float):
        yield value + 1.5
    elif isinstance(value, str):
        yield value + "x"
        yield "x"
    elif isinstance(value, dict):
        yield {**value, "other": 1}
    elif isinstance(value, tuple) and len(value) > 1:
        yield value[::-1]
    elif isinstance(value, list):
        yield value[::-1]
        yield value[:-1]
    elif value is None:
        yield from ("other", 7, {"other": 1})
    elif arrays and hasattr(value, "dtype") and hasattr(value, "shape"):
        yield quietly(lambda: value + 1)
        yield quietly(lambda: value[::-1])


def with_attribute(value, name, other):
    setattr(value, name, other)
    return value


def with_item(value, name):
    getattr(value, name)["other"] = 1
    return value


def is_own(value, name):
    """Is it the object's to set, and not its class's?"""
    return name in getattr(value, "__dict__", ()) or hasattr(inspect.getattr_static(type(value), name, None), "__set__")


def changed(fresh, arrays):
    """(name, an object like fresh() with that attribute changed), for every attribute that can be set."""
    original = fresh()
    names = [name for name in public(original) if is_own(original, name)] + (["added_by_a_test"] if hasattr(original, "__dict__") else [])
    for name in names:
        value = quietly(getattr, original, name)
        if callable(value):
            continue
        for other in others(value, arrays):
            if other is not None:
                yield name, quietly(with_attribute, fresh(), name, other)
        if name in ("attrs", "meta", "graph") and isinstance(value, dict):
            yield name, quietly(with_item, fresh(), name)


class Checker:
    def __init__(self, library, dump, compare):
        self.library, self.dump, self.compare = library, dump, compare
        self.failures, self.compared = [], 0
        module = library + "_variants"
        self.variants = importlib.import_module(module) if importlib.util.find_spec(module) else types.SimpleNamespace()
        self.losses = set(getattr(self.variants, "LOSSES", ()))
        self.unused = set(self.losses)

    def identical(self, a, b):
        first, second = self.dump(a), self.dump(b)
        if first.error is not None or second.error is not None:
            return False
        return self.compare(first.data, second.data)[0] == "identical"

    def tells_apart(self, what, kind, name, a, b):
        """Does it, if the library does?"""
        first, second = own_pickle(a), own_pickle(b)
        if first is None or second is None or first == second or own_pickle(a) != first:
            return
        self.compared += 1
        if not self.identical(a, b):
            return
        # The library's pickle has caches in it, too: does a user see it?
        seen, other = appearance(a), appearance(b)
        if seen == other or appearance(a) != seen:
            return
        self.unused -= {name, f"{kind}.{name}"}
        if name not in self.losses and f"{kind}.{name}" not in self.losses:
            different = [at for at in {**seen, **other} if seen.get(at) != other.get(at)]
            self.failures.append(f"{what}: another {name} is no difference (seen in {different[:4]})")

    def check_attributes(self, case, fresh):
        for name, other in changed(fresh, getattr(self.variants, "ARRAYS", False)):
            if other is not None:
                self.tells_apart(case.name, type(other).__name__, name, fresh(), other)

    def check_same(self, case, how, changed_value, fresh):
        """Where the library finds it equal, or it was only looked at."""
        if changed_value is None or type(changed_value) is not type(fresh):
            return
        if how != "looked at" and not quietly(case.equal, changed_value, fresh):
            return
        self.compared += 1
        where = self.compare(self.dump(changed_value).data, self.dump(fresh).data)
        if where[0] == "different":
            self.failures.append(f"{case.name}: not the same when it was {how}: {where}")

    def check_variants(self):
        for each in getattr(self.variants, "variants", list)():
            value = each.make(**each.arguments)
            assert self.identical(value, each.make(**each.arguments)), f"{each.name}: not the same when made again"
            for name, alternatives in each.changes.items():
                for other in alternatives:
                    made = each.make(**{**each.arguments, name: other})
                    self.tells_apart(each.name, each.name, name, value, made)


def run(library, dump, compare):
    checker = Checker(library, dump, compare)
    module = importlib.import_module(library + "_cases")
    cases = [case for case in module.cases() if not case.described]
    pickles = {case.name: own_pickle(case.value) for case in cases}
    for case in cases:
        data = pickles[case.name]
        if data is None or quietly(pickle.loads, data) is None:
            continue

        def fresh(data=data):
            return pickle.loads(data)

        checker.check_attributes(case, fresh)
    for how, change in CHANGES.items():
        # Values that nothing has looked at yet: they are made afresh each time.
        for case, untouched in zip(module.cases(), module.cases()):
            if not case.described:
                checker.check_same(case, how, quietly(change, case.value), untouched.value)
    checker.check_variants()
    print(f"{library}: {checker.compared} pairs")
    return checker.failures + [f"{name} is listed as lost, but is not" for name in sorted(checker.unused)]
