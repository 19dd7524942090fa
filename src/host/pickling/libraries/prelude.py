# What the files beside this one start from. They speak the protocol of docs/reducers.md: REDUCERS and
# SUBCLASS_REDUCERS name types, a function makes of an object what its __reduce__ would return, or NotImplemented.
# No library is imported that is not loaded: a file runs when one of its library's types was met.
import copyreg
import functools
import operator
import sys

__snapshot_test__ = True


class Call:
    """In the pickle, what function(*arguments, **keywords) returns."""

    __slots__ = ("function", "arguments")

    def __init__(self, function, *arguments, **keywords):
        self.function = functools.partial(function, **keywords) if keywords else function
        self.arguments = arguments

    def __reduce__(self):
        return self.function, self.arguments


def method(name, owner, *arguments, **keywords):
    """owner.name(*arguments, **keywords), for an owner that may be a Call."""
    return Call(operator.methodcaller(name, *arguments, **keywords), owner)


def with_attributes(call, attributes, of=None):
    """A reducer's answer: what `call` returns, with these attributes set; of="x": set on its attribute x."""
    if not attributes:
        return reduced(call)
    owner = call if of is None else Call(getattr, call, of)
    effects = [Call(setattr, owner, name, value) for name, value in sorted(attributes.items())]
    return operator.getitem, ((call, *effects), 0)


def without(obj, *names):
    """As object.__reduce_ex__ has it, without attributes that say only what was asked for."""
    state = {name: value for name, value in vars(obj).items() if name not in names}
    return copyreg.__newobj__, (type(obj),), state


class Uncheckable:
    """Stands for an object of which nothing was computed yet."""

    def __init__(self, why, **about):
        self.why = why
        self.about = about


def reduced(call):
    """A reducer's answer: the object is what this Call returns."""
    return call.__reduce__()
