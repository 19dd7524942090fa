// What bounds a dump, and what happens when the sink fails.
#include <pthread.h>

#include "host/pickling/standard_reducers.hpp"
#include "host/pickling_support.hpp"

namespace snapshot_test::test {
namespace {

namespace py = pybind11;
namespace pickling = host::pickling;

TEST(PicklingLimits, NestingBeyondMaxDepth_IsAnError) {
  run_python(R"py(
def nested(levels, wrap):
    value = "leaf"
    for _ in range(levels):
        value = wrap(value)
    return value
class Node:
    def __init__(self, next): self.next = next
wraps = [lambda v: [v], lambda v: (v,), lambda v: {"k": v}, Node, lambda v: frozenset([v])]
for wrap in wraps:
    assert dump(nested(99, wrap), max_depth=200).error is None
    result = dump(nested(5000, wrap), max_depth=200)
    assert result.kind == "python" and "nested deeper than 200 levels" in result.error and len(result.error) < 1000, result.error
assert "$[0][0]" in dump(nested(5000, wraps[0]), max_depth=200).error
value = nested(15000, wraps[0])
assert dump(value).error is None or "stack" in dump(value).error
while type(value) is list:           # Python's own deallocation recurses, too
    value = value[0]
)py");
}

struct SmallThread {
  PyObject* value = nullptr;
  std::string error;
};

void* dump_there(void* argument) {
  auto* thread = static_cast<SmallThread*>(argument);
  const py::gil_scoped_acquire gil;
  pickling::Limits limits;
  limits.max_depth = 10'000'000;
  const auto reducers = pickling::standard_reducers();
  pickling::DrainCache drained{pickling::pickle_items};
  StringSink sink;
  const auto info = pickling::Pickler(sink, limits, reducers, drained).dump(thread->value);
  thread->error = info ? "" : info.error().message;
  return nullptr;
}

TEST(PicklingLimits, NestingBeyondTheStack_IsAnError) {
  py::dict scope;
  py::exec("value = 0\nfor _ in range(200_000): value = [value]", scope);
  const py::object value = scope["value"];
  SmallThread thread{value.ptr(), {}};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 512 * 1024);
  pthread_t id{};
  ASSERT_EQ(pthread_create(&id, &attributes, dump_there, &thread), 0);
  {
    const py::gil_scoped_release release;
    pthread_join(id, nullptr);
  }
  pthread_attr_destroy(&attributes);
  EXPECT_THAT(thread.error, ::testing::HasSubstr("more than this thread's stack holds"));
  py::exec("while type(value) is list: value = value[0]", scope);
}

TEST(PicklingLimits, PickleAboveMaxBytes_IsAnError) {
  run_python(R"py(
for value in ["x" * 100000, [1.5] * 100000, b"y" * 10_000_000, bytearray(10_000_000), list(map(str, range(100000)))]:
    result = dump(value, max_bytes=50000)
    assert result.kind == "python" and "larger than the limit of 50000 bytes" in result.error, result.error
    assert len(result.data) <= 50000
assert dump([1, 2], max_bytes=50000).error is None
exact = len(data("z" * 1000))
assert dump("z" * 1000, max_bytes=exact).error is None and dump("z" * 1000, max_bytes=exact - 1).kind == "python"
)py");
}

/// Takes so many bytes, then fails, and must not be called again.
class FailingSink : public util::ByteSink {
 public:
  explicit FailingSink(std::size_t room) : room_(room) {}
  Result<void> write(std::span<const std::byte> bytes) override {
    EXPECT_FALSE(failed_) << "written to after its failure";
    if (bytes.size() > room_) {
      failed_ = true;
      return fail(ErrorKind::kIo, "no space left on device");
    }
    room_ -= bytes.size();
    return {};
  }

 private:
  std::size_t room_;
  bool failed_ = false;
};

TEST(PicklingLimits, FailingSink_IsAnIoErrorAndNotWrittenToAgain) {
  py::dict scope;
  py::exec(R"py(
class Thing:
    def __init__(self, i): self.i = i; self.s = "text %d" % i * 5
values = [[Thing(i) for i in range(3000)], b"x" * 1_000_000, ["a" * 70000] * 2 + [1.5] * 100000, {i: {i} for i in range(20000)},
          (x for x in range(30000)), set(range(50000)), bytearray(300000), ("é" * 200000,), frozenset(map(str, range(30000)))]
)py",
           scope);
  const pickling::Limits limits;
  const auto reducers = pickling::standard_reducers();
  pickling::DrainCache drained{pickling::pickle_items};
  for (const py::handle value : scope["values"]) {
    StringSink whole;
    ASSERT_TRUE(pickling::Pickler(whole, limits, reducers, drained).dump(value));
    for (const std::size_t room : {std::size_t{0}, whole.data.size() / 3, whole.data.size() - 1}) {
      FailingSink sink(room);
      const auto info = pickling::Pickler(sink, limits, reducers, drained).dump(value);
      ASSERT_FALSE(info);
      EXPECT_EQ(info.error().kind, ErrorKind::kIo);
      EXPECT_EQ(info.error().message, "no space left on device");
    }
    FailingSink enough(whole.data.size());
    EXPECT_TRUE(pickling::Pickler(enough, limits, reducers, drained).dump(value));
  }
}

TEST(PicklingLimits, ValueThatChangesWhileRead_IsAnError) {
  run_python(R"py(
class Grows:
    def __reduce__(self):
        d[len(d)] = 1
        return int, ()
d = {"a": Grows()}
result = dump(d)
assert result.kind == "python" and "changed its size" in result.error
class Shrinks:
    def __reduce__(self):
        del items[1:]
        return int, ()
items = [Shrinks(), 2, 3]
assert back(items) == [0]
class BadItems:
    def __reduce__(self): return list, (), None, (1 // (2 - i) for i in range(5))
result = dump({"here": [BadItems()]})
assert result.kind == "python" and "ZeroDivisionError" in result.error and "$['here'][0]" in result.error, result.error
)py");
}

TEST(PicklingLimits, Dump_KeepsNoReferences) {
  run_python(R"py(
import gc, weakref
class Thing: pass
def make():
    thing = Thing()
    thing.all = [1, "x" * 100, {"k": (thing,)}, frozenset({"a", 2**80}), lambda: 1, bytearray(10), thing.__init__, {1: 2}.keys()]
    return thing
thing = make()
data(thing)   # the registry of reducers remembers the types
counts = [sys.getrefcount(x) for x in [thing, Thing, make] + thing.all]
for _ in range(50):
    data(thing)
    dump(thing, max_bytes=100)
assert [sys.getrefcount(x) for x in [thing, Thing, make] + thing.all] == counts
gone = weakref.ref(thing)
del thing
gc.collect()
assert gone() is None
)py");
}

TEST(PicklingLimits, ReducerOfATypeOrItsBase_IsUsed) {
  py::dict scope = py::module_::import("__main__").attr("__dict__");
  py::exec("class Odd:\n  def __init__(self, v): self.v = v\nclass Odder(Odd): pass", scope);
  auto reducers = pickling::standard_reducers();
  reducers.add("__main__", "Odd", pickling::Match::kSubclasses,
               [](py::handle object, const pickling::ReducerContext&) -> std::optional<pickling::Canonical> {
                 pickling::Reduction out;
                 out.callable = py::type::of(object);
                 out.args = py::make_tuple(py::str("canonical"));
                 return out;
               });
  reducers.add("no_such_module", "Odd", pickling::Match::kExactType,
               [](py::handle, const pickling::ReducerContext&) -> std::optional<pickling::Canonical> {
                 throw std::logic_error("its library is not imported");
               });
  const pickling::Limits limits;
  pickling::DrainCache drained{pickling::pickle_items};
  StringSink sink;
  ASSERT_TRUE(pickling::Pickler(sink, limits, reducers, drained).dump(py::eval("[Odd(1), Odder(2)]", scope)));
  const py::list got = py::module_::import("pickle").attr("loads")(py::bytes(sink.data));
  for (const py::handle item : got) {
    EXPECT_EQ(item.attr("v").cast<std::string>(), "canonical");
  }
  EXPECT_EQ(py::str(py::type::of(got[1]).attr("__name__")).cast<std::string>(), "Odder");
  py::exec("del Odd, Odder", scope);
}

}  // namespace
}  // namespace snapshot_test::test
