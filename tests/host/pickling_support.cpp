#include "host/pickling_support.hpp"
#include "host/pickling/standard_reducers.hpp"

#include <memory>
#include <optional>

namespace snapshot_test::test {

namespace py = pybind11;
namespace pickling = host::pickling;

namespace {

/// One interpreter for the program: numpy cannot be initialised twice in a process.
class Interpreter : public ::testing::Environment {
 public:
  void SetUp() override { guard_ = std::make_unique<py::scoped_interpreter>(); }
  void TearDown() override { guard_.reset(); }

 private:
  std::unique_ptr<py::scoped_interpreter> guard_;
};
const auto* const kInterpreter = ::testing::AddGlobalTestEnvironment(new Interpreter);

struct Run {
  pickling::Reducers reducers = pickling::standard_reducers();
  std::unique_ptr<pickling::DrainCache> drained = std::make_unique<pickling::DrainCache>(pickling::pickle_items);
};

py::object dump(Run& run, const py::object& value, const py::kwargs& options) {
  pickling::Limits limits;
  if (options.contains("max_items")) {
    limits.max_items = options["max_items"].cast<std::size_t>();
  }
  if (options.contains("max_bytes")) {
    limits.max_bytes = options["max_bytes"].cast<std::uint64_t>();
  }
  if (options.contains("max_depth")) {
    limits.max_depth = options["max_depth"].cast<std::size_t>();
  }
  StringSink sink;
  const auto info = pickling::Pickler(sink, limits, run.reducers, *run.drained).dump(value);
  const py::object out = py::module_::import("types").attr("SimpleNamespace")();
  out.attr("data") = py::bytes(sink.data);
  out.attr("error") = py::none();
  out.attr("kind") = "";
  if (!info) {
    out.attr("error") = info.error().message;
    out.attr("kind") = info.error().kind == ErrorKind::kPython ? "python" : "io";
    return out;
  }
  out.attr("content") = info->content == pickling::Content::kChecked ? "checked" : "described";
  out.attr("described") = info->described;
  out.attr("bytes") = info->bytes;
  py::list notes;
  for (const std::string& note : info->notes) {
    notes.append(note);
  }
  out.attr("notes") = notes;
  out.attr("partly") = info->partly;
  return out;
}

constexpr const char* kPrelude = R"py(
import copy, io, pickle, pickletools, sys, types

def data(value, **limits):
    result = dump(value, **limits)
    assert result.error is None, result.error
    assert result.bytes == len(result.data)
    return result.data

def back(value, **limits):
    pickled = data(value, **limits)
    pickletools.dis(pickled, out=io.StringIO())   # checks the stack and the memo
    return pickle.loads(pickled)
)py";

}  // namespace

void run_python(const std::string& code) {
  try {
    Run run;
    // Classes that the code defines must be found again: it runs as a module.
    const py::module_ module = py::module_::import("__main__");
    py::dict scope = module.attr("__dict__");
    const py::object before = scope.attr("copy")();
    scope["dump"] = py::cpp_function(
        [&run](const py::object& value, const py::kwargs& options) { return dump(run, value, options); });
    scope["has_reducer"] =
        py::cpp_function([&run](const py::type& type) { return run.reducers.find(type) != nullptr; });
    scope["new_run"] =
        py::cpp_function([&run] { run.drained = std::make_unique<pickling::DrainCache>(pickling::pickle_items); });
    py::exec(kPrelude, scope);
    py::exec(code, scope);
    scope.attr("clear")();
    scope.attr("update")(before);
  } catch (const py::error_already_set& error) {
    FAIL() << error.what();
  }
}

bool can_import(const char* module) {
  try {
    py::module_::import(module);
    return true;
  } catch (const py::error_already_set&) {
    return false;
  }
}

}  // namespace snapshot_test::test
