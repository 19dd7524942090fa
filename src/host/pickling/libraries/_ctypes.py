# ctypes: the numbers that a structure, an array or a single value holds, instead of its memory. Where a pointer points
# is an address of this process.
import ctypes


def structure(obj):
    names = [field[0] for each in reversed(type(obj).__mro__) for field in each.__dict__.get("_fields_", ())]
    return with_attributes(Call(type(obj), *[getattr(obj, name) for name in names]), vars(obj))


def array(obj):
    element = obj._type_
    if element is ctypes.c_char:
        values = obj.raw
    elif issubclass(element, ctypes._SimpleCData) and not is_address(element):
        values = memoryview(obj)
    else:
        values = list(obj)
    return {"element": element.__name__, "values": values}


def is_address(kind):
    return getattr(kind, "_type_", None) in ("P", "O", "z", "Z")


def simple(obj):
    if is_address(type(obj)) and not isinstance(obj.value, (bytes, str)):
        return pointer(obj)
    return with_attributes(Call(type(obj), obj.value), vars(obj))


def pointer(obj):
    return Uncheckable("it is an address", type=type(obj).__name__, null=not obj)


SUBCLASS_REDUCERS = {
    "_ctypes.Structure": structure,
    "_ctypes.Array": array,
    "_ctypes._SimpleCData": simple,
    "_ctypes._Pointer": pointer,
    "_ctypes.CFuncPtr": pointer,
}
