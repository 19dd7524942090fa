// The bytes depend on the value, not on how it came about.
#include "host/pickling_support.hpp"

namespace snapshot_test::test {
namespace {

TEST(PicklingCanonical, EqualTextInOtherObjects_GivesEqualBytes) {
  run_python(R"py(
def fresh(s): return "".join(list(s))
def fresh_bytes(b): return bytes(bytearray(b))
for text in ["ab", "some_name", "x" * 31, "x" * 32, "é" * 40, "語" * 2000, "y" * 60000]:
    assert fresh(text) is not text
    assert data([text, text]) == data([text, fresh(text)])
    assert data({text: 1, "v": text}) == data({fresh(text): 1, "v": fresh(text)})
    encoded = text.encode()
    assert data([encoded, encoded]) == data([encoded, fresh_bytes(encoded)])
big = 10**30
assert data([big, big]) == data([big, int(str(big))])
assert data([sys.intern("abc def"), "q"]) == data(["".join(["abc", " def"]), "q"])
assert data([1.5, 1.5]) == data([float("1.5"), 3 / 2])
# A str and bytes of the same characters are not the same.
a, b = back(["z" * 40, b"z" * 40])
assert type(a) is str and type(b) is bytes
# Nor are strings whose memory is the same in different widths.
wide = "\u7a7a" * 32
assert back([wide, wide.encode("utf-16-le").decode("latin-1")]) == [wide, wide.encode("utf-16-le").decode("latin-1")]
)py");
}

TEST(PicklingCanonical, LargeTextOfOneObject_IsWrittenOnce) {
  run_python(R"py(
for big in ["x" * 1_000_000, b"x" * 1_000_000, "é" * 500_000]:
    assert len(data([big] * 10)) < 1_100_000
    got = back([big] * 3)
    assert got[0] is got[2] and got[0] == big
)py");
}

TEST(PicklingCanonical, SetsFilledInAnotherOrder_GiveEqualBytes) {
  run_python(R"py(
import random
def shuffled(items, seed):
    items = list(items)
    random.Random(seed).shuffle(items)
    return items
families = [range(-500, 500), [i / 7 for i in range(1000)], [str(i) * 3 for i in range(1000)], [str(i).encode() for i in range(1000)],
            [None, True, 7, 2.5, 1j, "a", "é", b"a", (1, "x"), (), ((2,),)], [2**i for i in range(100)] + [-2**i for i in range(100)],
            [(i, str(i)) for i in range(300)], ["é" * i for i in range(1, 50)] + ["語" * i for i in range(1, 50)]]
for family in families:
    for kind in (set, frozenset):
        first = kind(shuffled(family, 1))
        grown = set(range(100000))            # the same elements in another table
        grown.clear()
        grown.update(shuffled(family, 2))
        second = kind(grown) if kind is frozenset else grown
        assert data(first) == data(second), (kind, list(family)[:3])
        assert back(first) == first
nested = [frozenset(shuffled(range(20), 1)), frozenset(shuffled("abc", 1))]
assert data(set(nested)) == data(set([frozenset(shuffled(range(20), 9)), frozenset(shuffled("abc", 5))][::-1]))
)py");
}

TEST(PicklingCanonical, Dict_KeepsItsOrder) {
  run_python(R"py(
assert list(back({"b": 1, "a": 2})) == ["b", "a"]
assert data({"b": 1, "a": 2}) != data({"a": 2, "b": 1})
)py");
}

TEST(PicklingCanonical, ReferencesFromElsewhere_DoNotChangeTheBytes) {
  run_python(R"py(
class Thing:
    def __init__(self): self.x = [1, 2]; self.name = "n" * 40
def make(): return {"t": Thing(), "l": [Thing(), (1, 2.5)], "c": Thing}
alone = data(make())
kept = make()
others = [kept, kept["t"], kept["t"].__dict__, kept["l"][1], kept["t"].x]
assert data(kept) == alone
class Reduced:
    args = ("shared" * 10, [1])
    def __init__(self, *a): pass
    def __reduce__(self): return Reduced, self.args
class Fresh:
    def __init__(self, *a): pass
Fresh.__name__ = Fresh.__qualname__ = "Reduced"
one = data(Reduced())
Reduced.args = tuple(list(Reduced.args))
assert data(Reduced()) == one
)py");
}

TEST(PicklingCanonical, SecondDump_GivesEqualBytes) {
  run_python(R"py(
class A:
    def __init__(self): self.v = {"k": {3, 1, 2}, "f": frozenset("hello")}
value = [A(), A(), {"x": (i for i in range(3))}]
assert data(value) == data(value)
)py");
}

}  // namespace
}  // namespace snapshot_test::test
