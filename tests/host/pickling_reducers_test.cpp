// Reducers in Python: a project's own file, and what the registry remembers.
#include <filesystem>
#include <fstream>

#include "host/pickling/reducers_file.hpp"
#include "host/pickling/standard_reducers.hpp"
#include "host/pickling_support.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/document.hpp"

namespace snapshot_test::test {
namespace {

namespace py = pybind11;
namespace pickling = host::pickling;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A file of reducers, and a fresh registry that it is loaded into.
class ReducersFile : public ::testing::Test {
 protected:
  ReducersFile() {
    std::string name = (std::filesystem::temp_directory_path() / "reducers-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ReducersFile() override { std::filesystem::remove_all(folder_); }

  Result<void> load(const std::string& text) {
    std::ofstream(path()) << text;
    return pickling::load_reducers(reducers_, path());
  }
  std::string why_refused(const std::string& text) {
    const auto loaded = load(text);
    return loaded ? "it was not refused" : loaded.error().message;
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "own.py"; }

  struct Written {
    std::string data;
    pickling::PickledInfo info;
    py::object back;
  };
  Written write(const py::object& value) {
    StringSink sink;
    const pickling::Limits limits;
    const auto info = pickling::Pickler(sink, limits, reducers_, drained_).dump(value);
    if (!info) {
      ADD_FAILURE() << info.error().message;
      return {};
    }
    return {sink.data, *info, py::module_::import("pickle").attr("loads")(py::bytes(sink.data))};
  }
  static py::object run(const std::string& definitions, const std::string& expression) {
    py::dict scope = py::module_::import("__main__").attr("__dict__");
    py::exec(definitions, scope);
    return py::eval(expression, scope);
  }

  std::filesystem::path folder_;
  pickling::Reducers reducers_ = pickling::standard_reducers();
  pickling::DrainCache drained_{pickling::pickle_items};
};

constexpr const char* kPoint = R"py(
class Point:
    def __init__(self, x, y): self.x, self.y, self.cache = x, y, object()
    def __eq__(self, other): return (self.x, self.y) == (other.x, other.y)
class Pixel(Point): pass
)py";

TEST_F(ReducersFile, Reducer_DecidesHowAnObjectIsMade) {
  ASSERT_TRUE(load("def point(obj):\n    return type(obj), (obj.x, obj.y)\nREDUCERS = {'__main__.Point': point}\n"));
  const py::object point = run(kPoint, "Point(1, 2)");
  const auto written = write(point);
  EXPECT_TRUE(written.back.equal(point));
  EXPECT_THAT(written.info.notes, IsEmpty());
  EXPECT_EQ(written.data, write(run("", "Point(1, 2)")).data);
  EXPECT_NE(written.data, write(run("", "Point(1, 3)")).data);
}

TEST_F(ReducersFile, SubclassReducer_AppliesToSubclassesAndAReducerDoesNot) {
  ASSERT_TRUE(load("REDUCERS = {'__main__.Point': lambda obj: (type(obj), (7, 7))}\n"));
  const py::object pixel = run(kPoint, "Pixel(1, 2)");
  EXPECT_EQ(write(pixel).back.attr("x").cast<int>(), 1);
  ASSERT_TRUE(load("SUBCLASS_REDUCERS = {'__main__.Point': lambda obj: (type(obj), (8, 8))}\n"));
  EXPECT_EQ(write(pixel).back.attr("x").cast<int>(), 8);
}

TEST_F(ReducersFile, ReducerThatReturnsAValue_StandsForTheObject) {
  ASSERT_TRUE(load("REDUCERS = {'__main__.Point': lambda obj: {'x': obj.x, 'y': obj.y}}\n"));
  const auto written = write(run(kPoint, "Point(1, 2)"));
  EXPECT_TRUE(written.back.equal(
      run("", "{'__snapshot_test__': 'value', 'type': '__main__.Point', 'value': {'x': 1, 'y': 2}}")));
  EXPECT_EQ(written.info.content, pickling::Content::kChecked);
}

TEST_F(ReducersFile, NotImplemented_LeavesTheObjectToItsOwnPickling) {
  ASSERT_TRUE(load("REDUCERS = {'__main__.Plain': lambda obj: NotImplemented}\n"));
  const auto written = write(run("class Plain:\n    def __init__(self): self.v = 5\n", "Plain()"));
  EXPECT_EQ(written.back.attr("v").cast<int>(), 5);
  EXPECT_THAT(written.info.notes, IsEmpty());
}

TEST_F(ReducersFile, FailingReducer_IsNotedAndTheObjectPicklesItself) {
  for (const auto& [body, why] : {std::pair("1 / 0", "ZeroDivisionError"), std::pair("None", "returned None"),
                                  std::pair("(1, 2)", "not callable"), std::pair("(int, 5)", "not a tuple")}) {
    ASSERT_TRUE(load(std::string("REDUCERS = {'__main__.Plain': lambda obj: ") + body + "}\n"));
    const auto written = write(run("class Plain:\n    def __init__(self): self.v = 5\n", "[Plain()]"));
    EXPECT_EQ(written.back.attr("__getitem__")(0).attr("v").cast<int>(), 5) << body;
    EXPECT_THAT(written.info.notes, ElementsAre(AllOf(HasSubstr("__main__.Plain"), HasSubstr(why), HasSubstr("$[0]"))));
  }
}

TEST_F(ReducersFile, NamedModule_IsNotImported) {
  ASSERT_TRUE(load("REDUCERS = {'wave.Error': repr, 'xml.dom.minidom.Node': repr, 'no.such.Thing': repr}\n"));
  write(run(kPoint, "[Point(1, 2), 2 ** 80]").attr("__len__")());
  const py::dict modules = py::module_::import("sys").attr("modules");
  EXPECT_FALSE(modules.contains("wave"));
  EXPECT_FALSE(modules.contains("xml.dom.minidom"));
}

TEST_F(ReducersFile, ModuleImportedLater_HasItsTypeFound) {
  ASSERT_TRUE(load("REDUCERS = {'later.alias.Thing': lambda obj: 'found'}\n"));
  const py::object thing = run("class Thing: pass\n", "Thing()");
  EXPECT_EQ(write(thing).info.content, pickling::Content::kDescribedOnly);
  run("import sys, types\nsys.modules['later.alias'] = "
      "types.ModuleType('later.alias')\nsys.modules['later.alias'].Thing = Thing\n",
      "0");
  EXPECT_EQ(write(thing).back.attr("__getitem__")("value").cast<std::string>(), "found");
  run("del sys.modules['later.alias']\n", "0");
}

TEST_F(ReducersFile, ModuleGetattr_IsNotCalled) {
  run("import sys, types\nlazy = types.ModuleType('lazy_one')\nasked = []\n"
      "lazy.__getattr__ = lambda name: asked.append(name)\nsys.modules['lazy_one'] = lazy\n",
      "0");
  ASSERT_TRUE(load("REDUCERS = {'lazy_one.part.Thing': lambda obj: 'found'}\n"));
  write(run("class Thing: pass\n", "Thing()"));
  EXPECT_TRUE(run("", "asked == []").cast<bool>());
}

TEST_F(ReducersFile, LaterReducer_ReplacesTheEarlier) {
  ASSERT_TRUE(load("REDUCERS = {'__main__.Point': lambda obj: 'first'}\n"));
  ASSERT_TRUE(
      load("class Local: pass\nREDUCERS = {'__main__.Point': lambda obj: 'second', Local: lambda obj: 'local'}\n"));
  EXPECT_EQ(write(run(kPoint, "Point(1, 2)")).back.attr("__getitem__")("value").cast<std::string>(), "second");
}

TEST_F(ReducersFile, InvalidFile_IsAnErrorWithItsLine) {
  EXPECT_THAT(why_refused("import sys\ndef f(:\n"),
              AllOf(HasSubstr("own.py', line 2: SyntaxError"), HasSubstr("own.py")));
  EXPECT_THAT(why_refused("import sys\n\ndef f():\n    return 1 / 0\nf()\n"),
              AllOf(HasSubstr("line 4"), HasSubstr("ZeroDivisionError")));
  EXPECT_THAT(why_refused("import json\njson.loads('{')\n"), AllOf(HasSubstr("line 2"), HasSubstr("JSONDecodeError")));
  EXPECT_THAT(why_refused("import no_such_module\n"), AllOf(HasSubstr("line 1"), HasSubstr("no_such_module")));
  EXPECT_THAT(why_refused("raise SystemExit(3)\n"), AllOf(HasSubstr("line 1"), HasSubstr("SystemExit")));
  EXPECT_THAT(why_refused("reducers = {}\n"), HasSubstr("neither REDUCERS nor SUBCLASS_REDUCERS"));
  EXPECT_THAT(why_refused("REDUCERS = [1]\n"), HasSubstr("REDUCERS is builtins.list"));
  EXPECT_THAT(why_refused("REDUCERS = {'Point': repr}\n"),
              AllOf(HasSubstr("['Point']"), HasSubstr("package.module.Type")));
  EXPECT_THAT(why_refused("REDUCERS = {5: repr}\n"), HasSubstr("[5]"));
  EXPECT_THAT(why_refused("SUBCLASS_REDUCERS = {'a.B': 'repr'}\n"),
              HasSubstr("['a.B'] is builtins.str, not a function"));
  std::filesystem::remove(path());
  const auto missing = pickling::load_reducers(reducers_, path());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("own.py"), HasSubstr("cannot be read")));
}

TEST_F(ReducersFile, RefusedFile_AddsNoReducer) {
  EXPECT_THAT(why_refused("REDUCERS = {'__main__.Point': lambda obj: 'mine', 'Bad': repr}\n"), HasSubstr("Bad"));
  EXPECT_EQ(write(run(kPoint, "Point(1, 2).x")).back.cast<int>(), 1);
  EXPECT_FALSE(py::isinstance<py::dict>(write(run("class Plain:\n    v = 1\n", "Plain()")).back));
}

// A reader that calls nothing must see a state that is set by a function.
TEST_F(ReducersFile, StateSetByAFunction_IsCompared) {
  run(R"py(
import copyreg
class Kept:
    def __init__(self, v): self.v = v
    def __reduce__(self): return Kept.empty, (), {"v": self.v, "self": self}, None, None, restore
    @staticmethod
    def empty(): return Kept(None)
def restore(obj, state): obj.__dict__.update(state)
)py",
      "0");
  const auto one = write(run("", "[Kept(1)]"));
  const auto two = write(run("", "[Kept(2)]"));
  const py::object back = one.back.attr("__getitem__")(0);
  EXPECT_EQ(back.attr("v").cast<int>(), 1);
  EXPECT_EQ(py::object(back.attr("self")).ptr(), back.ptr());
  const auto read = [](const std::string& bytes) { return pickle::read(std::as_bytes(std::span(bytes))); };
  const auto expected = read(one.data);
  const auto actual = read(two.data);
  ASSERT_TRUE(expected && actual);
  EXPECT_EQ(compare::compare(*actual, *expected).outcome, compare::Outcome::kDifferent);
  EXPECT_EQ(compare::compare(*expected, *expected).outcome, compare::Outcome::kIdentical);
}

}  // namespace
}  // namespace snapshot_test::test
