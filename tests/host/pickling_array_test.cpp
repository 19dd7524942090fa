// numpy arrays: streamed from their memory, read back by numpy alone.
#include <sys/resource.h>

#include "host/pickling/standard_reducers.hpp"
#include "host/pickling_support.hpp"

namespace snapshot_test::test {
namespace {

namespace py = pybind11;
namespace pickling = host::pickling;

TEST(PicklingArrays, EveryDtypeAndView_ReadsBackEqual) {
  SKIP_WITHOUT_NUMPY();
  run_python(R"py(
import numpy as np
codes = ["?"] + [o + c for c in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16", "S5", "U3", "M8[ns]", "M8[D]",
         "m8[us]", "m8", "V7"] for o in "<>"] + ["g", "G", "p", "l", "q"]
for code in codes:
    dtype = np.dtype(code)
    rng = np.random.RandomState(0)
    raw = rng.randint(0, 2 if dtype.kind == "b" else 100, 24 * dtype.itemsize).astype("u1")
    if dtype.kind == "U":
        a = np.array(["é%d" % i for i in range(24)]).astype(dtype)
    elif dtype.kind in "gG" or dtype.char in "gG":
        a = np.arange(24).astype(dtype)
    else:
        a = np.frombuffer(raw.tobytes(), dtype).copy()
    got = back(a)
    assert type(got) is np.ndarray and got.dtype == a.dtype and got.dtype.byteorder == a.dtype.byteorder, code
    if dtype.char in "gG":
        a = got.copy()  # without what lies between its numbers
    assert got.shape == a.shape and got.tobytes() == a.tobytes(), code
    assert got.flags.writeable and dump(a).content == "checked"
    for view in [a.reshape(2, 3, 4), a.reshape(2, 3, 4).T, np.asfortranarray(a.reshape(4, 6)), a[::2], a[::-1], a.reshape(4, 6)[:, 1:4],
                 a.reshape(4, 6)[1:3], a.reshape(2, 3, 4).transpose(1, 0, 2), a.reshape(2, 3, 4)[:, ::-1, ::2], a[:0], a[:1],
                 a.reshape(2, 3, 4)[:, :0], a.reshape(1, 24, 1), a.reshape(24, 1)[:, :1], np.broadcast_to(a[:3], (5, 3)), a[3:4].reshape(())]:
        got = back(view)
        assert got.dtype == view.dtype and got.shape == view.shape, (code, view.shape, view.strides)
        assert got.tobytes() == view.tobytes(), (code, view.shape, view.strides)
)py");
}

TEST(PicklingArrays, BytesBetweenLongDoubles_AreNoPartOfThem) {
  SKIP_WITHOUT_NUMPY();
  run_python(R"py(
import numpy as np
size = np.dtype("g").itemsize
if np.finfo("g").nmant == 63:
    for code, parts in (("g", 24), ("G", 48)):
        values = (np.arange(parts) / 7).astype("g").tobytes()
        def filled(byte):
            raw = b"".join(values[i:i + 10] + bytes([byte]) * (size - 10) for i in range(0, len(values), size))
            return np.frombuffer(bytearray(raw), code)
        one, other = filled(0xAA), filled(0x55)
        assert (one == other).all() and one.tobytes() != other.tobytes()
        for view in (lambda a: a, lambda a: a.reshape(4, 6).T, lambda a: a[::2], lambda a: a.reshape(4, 6)[:, 1:5],
                     lambda a: a.reshape(2, 3, 4)[:, ::-1, ::2], lambda a: a[3:4].reshape(()), lambda a: a[5], lambda a: list(a),
                     lambda a: {"a": [a[1], a]}):
            assert data(view(one)) == data(view(other)), code
            got, wanted = back(view(one)), view(one)
            assert np.array_equal(got, wanted) if not isinstance(wanted, dict) else np.array_equal(got["a"][1], wanted["a"][1])
    big = np.frombuffer(bytearray(bytes([1]) * (3 << 20) ), "g")
    assert len(data(big)) > 3 << 20
)py");
}

TEST(PicklingArrays, MemoryOrder_IsKeptWhereThereIsOne) {
  SKIP_WITHOUT_NUMPY();
  run_python(R"py(
import numpy as np
a = np.arange(12.).reshape(3, 4)
assert back(a).flags.c_contiguous
assert back(np.asfortranarray(a)).flags.f_contiguous
assert back(a.T).flags.f_contiguous
assert back(a[:, ::2]).flags.c_contiguous
assert data(a[:, ::2]) == data(a[:, ::2].copy())
assert data(a.reshape(3, 2, 2).transpose(1, 0, 2)) == data(a.reshape(3, 2, 2).transpose(1, 0, 2).copy("C"))
)py");
}

TEST(PicklingArrays, EqualArraysMadeOtherwise_GiveEqualBytes) {
  SKIP_WITHOUT_NUMPY();
  run_python(R"py(
import numpy as np
a = np.arange(1000.)
frozen = a.copy(); frozen.flags.writeable = False
assert data(a) == data(frozen) == data(np.frombuffer(a.tobytes())) == data(np.arange(2000.)[:1000]) == data(a.astype(np.dtype("<f8")))
# Equal dtypes are one, whichever object they are.
swapped = np.dtype("f8").newbyteorder().newbyteorder()
b = np.zeros(3, dtype=swapped)
assert swapped is not np.dtype("f8")
assert data([np.zeros(3), np.zeros(3)]) == data([np.zeros(3), b])
assert data([np.float64(1), np.dtype("f8")]) == data([np.float64(1), swapped])
got = back([a, a])
assert got[0] is got[1]
)py");
}

/// What is written from the memory of numpy's numbers is what their reductions say.
TEST(PicklingArrays, NumpyScalars_AreWrittenAsTheirReductionSays) {
  SKIP_WITHOUT_NUMPY();
  run_python(R"py(
import copyreg
import numpy as np
class Own(np.float64): pass
kinds = "?bBhHiIlLqQefdgFDG"
values = [np.dtype(c).type(v) for v in (0, 1, 3) for c in kinds]
same = np.float64(7)
values += [same, np.float64(-0.0), np.float64("nan"), same, Own(2), Own(3), np.datetime64("2020-01-01"), np.datetime64(5, "ns"),
           np.datetime64(6, "ns"), np.timedelta64(3, "s"), np.timedelta64(4, "D"), np.str_("a"), np.str_("b"), np.bytes_(b"a"),
           np.void(b"abc"), np.void(b"abd"), np.zeros(2), np.float64(8)]
lists = [values, values[::-1], [np.zeros(3), *values], [[v, {"k": v}, (v,)] for v in values], [np.float32(i) for i in range(3000)]]
quick = [data(each) for each in lists]
types = {type(v) for v in values if isinstance(v, np.generic)}
for each in types: copyreg.pickle(each, lambda v: v.__reduce_ex__(5))
try:
    assert quick == [data(each) for each in lists]
finally:
    for each in types: del copyreg.dispatch_table[each]
assert quick == [data(each) for each in lists]
for each in lists[:3]:
    got = back(each)
    assert [repr(v) for v in got] == [repr(v) for v in each]
got = back(values)
assert got[54] is got[57] and got[54] == 7
)py");
}

TEST(PicklingArrays, ObjectsStructuresAndScalars_ReadBackEqual) {
  SKIP_WITHOUT_NUMPY();
  run_python(R"py(
import numpy as np
objects = np.array([1, "a", None, [2.5]], dtype=object)
got = back(objects)
assert got.dtype == object and list(got) == [1, "a", None, [2.5]]
cyclic = np.empty(1, dtype=object); cyclic[0] = cyclic
got = back(cyclic)
assert got[0] is got
plain = np.array([(1, 2.5, "ab")], dtype=[("a", "i4"), ("b", "f8"), ("c", "U2")])
assert back(plain) == plain and back(plain).dtype == plain.dtype
nested = np.zeros(3, dtype=[("p", [("x", "f4"), ("y", ">i2")]), ("m", "f8", (2, 2))])
assert back(nested).dtype == nested.dtype and back(nested).tobytes() == nested.tobytes()
aligned = np.zeros(3, dtype=np.dtype([("a", "i1"), ("b", "f8")], align=True))
assert back(aligned).dtype.isalignedstruct
mixed = np.array([(1, [2])], dtype=[("a", "i4"), ("o", "O")])
assert back(mixed)["o"][0] == [2]
assert back(np.zeros(3, "V0")).shape == (3,)
metadata = np.zeros(2, dtype=np.dtype("f8", metadata={"unit": "m"}))
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    assert data([np.zeros(2), metadata]) != b""
masked = np.ma.array([1., 2., 3.], mask=[0, 1, 0], fill_value=9.)
got = back(masked)
assert type(got) is type(masked) and (got.mask == masked.mask).all() and got.fill_value == 9 and (got.compressed() == [1, 3]).all()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    matrix = np.matrix([[1, 2], [3, 4]])
assert type(back(matrix)) is np.matrix and (back(matrix) == matrix).all()
rec = np.rec.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])
assert type(back(rec)) is np.recarray and back(rec).a[0] == 1
for scalar in [np.float64(1.5), np.float32("nan"), np.int8(-3), np.bool_(True), np.complex128(1j), np.str_("é"), np.bytes_(b"x"),
               np.datetime64("2020-01-01"), np.timedelta64(3, "s"), np.longdouble(1) / 3, plain[0]]:
    got = back(scalar)
    assert type(got) is type(scalar) and (got == scalar or got != got), scalar
for thing in [np.add, np.sin, np.float64, np.dtype("f4"), np.ndarray, np.sum, np.linalg.norm]:
    assert back(thing) is thing or back(thing) == thing
state = np.random.default_rng(3)
assert back(state).integers(10**9) == state.integers(10**9)
assert repr(back(np.poly1d([1, 2, 3]))) == repr(np.poly1d([1, 2, 3]))
)py");
}

TEST(PicklingArrays, IteratorsOverArrays_BecomeTheirItems) {
  SKIP_WITHOUT_NUMPY();
  run_python(R"py(
import numpy as np
a = np.arange(6.).reshape(2, 3)
got = back(np.nditer(a, flags=["external_loop", "buffered"], buffersize=2))
assert got["__snapshot_test__"] == "iterator"
assert [x for block in got["items"] for x in block] == list(range(6))
got = back(np.nditer([a, a * 2]))
assert [(float(x), float(y)) for x, y in got["items"]] == [(i, 2 * i) for i in range(6)]
assert back(a.flat)["items"] == list(range(6))
assert dump(np.ndenumerate(a)).content == "checked"
opaque = np.frompyfunc(lambda x: x, 1, 1)
result = dump(opaque)
assert result.error is None and result.content == "described"
)py");
}

/// Keeps nothing of what it is given but its size.
class CountingSink : public util::ByteSink {
 public:
  Result<void> write(std::span<const std::byte> bytes) override {
    total += bytes.size();
    largest = std::max(largest, bytes.size());
    return {};
  }
  std::size_t total = 0;
  std::size_t largest = 0;
};

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

long growth_of_dump(const py::object& value, CountingSink& sink) {
  const pickling::Limits limits;
  const auto reducers = pickling::standard_reducers();
  pickling::DrainCache drained{pickling::pickle_items};
  const long before = peak_kilobytes();
  const auto info = pickling::Pickler(sink, limits, reducers, drained).dump(value);
  EXPECT_TRUE(info) << info.error().message;
  return peak_kilobytes() - before;
}

TEST(PicklingArrays, MaskedConstant_IsContent) {
  SKIP_WITHOUT_NUMPY();
  const py::object masked = py::module_::import("numpy").attr("ma").attr("masked");
  CountingSink sink;
  const pickling::Limits limits;
  const auto reducers = pickling::standard_reducers();
  pickling::DrainCache drained{pickling::pickle_items};
  const auto written = pickling::Pickler(sink, limits, reducers, drained).dump(masked);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->content, pickling::Content::kChecked) << "that an element is masked is a result";
}

TEST(PicklingArrays, LargeValues_AreNotCopied) {
  SKIP_WITHOUT_NUMPY();
  constexpr std::size_t kBytes = 200'000'000;
  const py::module_ numpy = py::module_::import("numpy");
  const py::object array = numpy.attr("ones")(kBytes / 8);
  CountingSink warm_up;
  growth_of_dump(numpy.attr("ones")(3), warm_up);

  CountingSink contiguous;
  EXPECT_LT(growth_of_dump(array, contiguous), 8'000);
  EXPECT_GE(contiguous.largest, kBytes) << "the array's memory goes to the sink in one piece";

  CountingSink strided;
  const py::object view = array.attr("reshape")(1000, -1).attr("__getitem__")(
      py::make_tuple(py::slice(0, 1000, 1), py::slice(0, kBytes / 8000, 2)));
  EXPECT_LT(growth_of_dump(view, strided), 8'000);
  EXPECT_GE(strided.total, kBytes / 2);

  CountingSink dates;
  EXPECT_LT(growth_of_dump(array.attr("view")("M8[ns]"), dates), 8'000);
  EXPECT_GE(dates.total, kBytes);

  CountingSink memory;
  EXPECT_LT(growth_of_dump(py::memoryview(array.attr("data")), memory), 8'000);
  EXPECT_GE(memory.total, kBytes);

  py::module_::import("gc").attr("collect")();
  CountingSink bytes;
  const py::object text = array.attr("tobytes")();
  EXPECT_LT(growth_of_dump(py::make_tuple(text, text), bytes), 8'000);
  EXPECT_LT(bytes.total, kBytes + 1000) << "written once, referred to the second time";
}

}  // namespace
}  // namespace snapshot_test::test
