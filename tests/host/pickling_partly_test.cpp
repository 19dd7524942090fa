// What could not be looked at is said, and what could be is compared, wherever in a value it is.
#include "host/pickling_support.hpp"

namespace snapshot_test::test {
namespace {

TEST(PicklingPartly, UnseenPart_IsNamedWithItsPlace) {
  run_python(R"py(
import threading, weakref
class Holder: pass
h = Holder(); h.lock = threading.Lock(); h.n = 1
assert dump(h).partly == ".lock: _thread.lock is known by its type only", dump(h).partly
assert dump([1, {"a": h}]).partly == "[1]['a'].lock: _thread.lock is known by its type only"
assert dump([1, sys]).partly.startswith("[1]: ") and "sys is known by its name only" in dump([1, sys]).partly
assert dump([1, weakref.ref(h)]).partly
locks = dump([threading.Lock() for _ in range(9)] + [1]).partly
assert locks.count("[") == 3 and locks.endswith("and 6 more places"), locks
for whole in [1, "a", [1, 2.5], {"a": {1}}, iter([1]), {}.keys(), memoryview(b"x"), range(3), types.SimpleNamespace(a=1), ValueError("x"), len, int]:
    assert dump(whole).partly == "", whole
)py");
}

TEST(PicklingPartly, ObjectThatRefusesPickling_HasItsItems) {
  run_python(R"py(
class Refuses:
    def __reduce_ex__(self, protocol): raise TypeError("no")
class Dataset(Refuses):                       # as h5py's
    def __init__(self, items): self._items = items; self.name = "d"
    def __len__(self): return len(self._items)
    def __getitem__(self, i): return self._items[i]
    def __iter__(self): return iter(self._items)
class ByIndex(Refuses):
    __slots__ = ("give",)
    def __init__(self, give): self.give = give
    def __len__(self): return 3
    def __getitem__(self, i):
        if i > 2: raise IndexError
        return self.give(i)
class Group(Refuses):
    def __init__(self, entries): self._entries = entries
    def __len__(self): return len(self._entries)
    def keys(self): return self._entries.keys()
    def __iter__(self): return iter(self._entries)
    def __getitem__(self, k): return self._entries[k]
assert back([Dataset([1, 2])])[0]["items"] == [1, 2]
assert back(Group({"a": Dataset([1])}))["entries"][0][1]["items"] == [1]
assert back({"x": ByIndex(lambda i: i * 2)})["x"]["items"] == [0, 2, 4]
class Fails(Dataset):
    def __iter__(self): raise OSError("closed")
assert "OSError: closed" in dump([Fails([1])]).partly
long = Dataset(range(30))
assert back(long, max_items=10)["rest"]["count"] == 20 and dump(long, max_items=10).partly == ""
)py");
}

TEST(PicklingPartly, ObjectWithAnArrayInterface_HasItsArray) {
  SKIP_WITHOUT_NUMPY();
  run_python(R"py(
import numpy as np, threading
class Dataset:
    def __init__(self, array): self.array = array
    def __reduce__(self): raise TypeError("h5py objects cannot be pickled")
    def __array__(self, dtype=None): return self.array
    @property
    def shape(self): return self.array.shape
    @property
    def dtype(self): return self.array.dtype
    def __len__(self): return len(self.array)
class Hidden(Dataset):
    __slots__ = ()
got = back([Dataset(np.arange(3))])[0]
assert (got["value"] == np.arange(3)).all()
assert data({"a": (Dataset(np.arange(3)),)}) != data({"a": (Dataset(np.arange(3) + 1),)})
huge = Dataset(np.broadcast_to(np.float64(1), (1 << 40,)))
huge.array = None
Dataset.shape = (1 << 40,); Dataset.dtype = np.dtype("f8")
assert "was not made" in dump([huge, 1]).partly
)py");
}

TEST(PicklingPartly, CachedProperty_IsMarkedAsLazy) {
  run_python(R"py(
import functools
class Lazy:
    def __init__(self): self.n = 3
    @functools.cached_property
    def square(self): return self.n ** 2
a = Lazy()
before = back(a).__dict__
a.square
pickled = data(a)
assert back(a).square == 9 and back(a).__dict__ == {"n": 3, "square": 9} and before == {"n": 3}
assert b"__snapshot_test__.lazy" in pickled
class Default:                                # a descriptor with a default is no cache: what replaces it is content
    def __get__(self, instance, owner): return 5
class Own:
    limit = Default()
    def step(self): return 1
    def plain(self): return 1
o = Own(); o.limit = 7; o.step = 3
assert b"__snapshot_test__.lazy" not in data(o) and back(o).__dict__ == {"limit": 7, "step": 3}
class Region:                                 # as skimage's
    def __init__(self): self._cache = {}; self.n = 2
    @property
    def area(self): return self._cache.setdefault("area", self.n * 2)
r = Region(); r.area
assert b"__snapshot_test__.lazy" in data(r) and back(r)._cache == {"area": 4}
class LRU:                                    # a cache is what this class is
    def __init__(self): self._cache = {"a": 1, 2: 3}
assert b"__snapshot_test__.lazy" not in data(LRU())
)py");
}

}  // namespace
}  // namespace snapshot_test::test
