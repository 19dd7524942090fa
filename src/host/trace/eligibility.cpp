#include "host/trace/eligibility.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "util/text.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

constexpr int kSuspendable = CO_GENERATOR | CO_COROUTINE | CO_ITERABLE_COROUTINE | CO_ASYNC_GENERATOR;

void add_folder(std::vector<std::string>& folders, std::string folder) {
  while (!folder.empty() && folder.back() == '/') folder.pop_back();
  if (folder.empty()) return;
  folder += '/';
  if (std::find(folders.begin(), folders.end(), folder) == folders.end()) folders.push_back(std::move(folder));
}

// Empty where the text is not valid UTF-8, which no folder of ours matches.
std::string_view text_of(PyObject* unicode) noexcept {
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(unicode, &size);
  if (!data) {
    PyErr_Clear();
    return {};
  }
  return {data, static_cast<std::size_t>(size)};
}

bool has_unlisted_name(std::string_view name) noexcept { return name.starts_with('<') || util::is_dunder(name); }

bool is_import_machinery(std::string_view file) noexcept {
  return file.starts_with("<frozen importlib") || file.starts_with("<frozen zipimport");
}

// NEP 18's dispatch: up to numpy 1.24 every public function is called through one and the same wrapper, and what the
// dispatchers return are the arguments that are looked at, not results.
bool is_array_function_dispatch(std::string_view file, std::string_view name) noexcept {
  if (file.ends_with("/numpy/core/overrides.py") || file.ends_with("/numpy/_core/overrides.py")) return true;
  return name.ends_with("_dispatcher") && file.find("/numpy/") != std::string_view::npos;
}

}  // namespace

Folders Folders::of_interpreter() {
  Folders folders;
  const py::object get_path = py::module_::import("sysconfig").attr("get_path");
  const py::object realpath = py::module_::import("os.path").attr("realpath");
  const auto add = [&](const py::object& path) {
    if (path.is_none()) return;
    add_folder(folders.standard_library, path.cast<std::string>());
    add_folder(folders.standard_library, realpath(path).cast<std::string>());
  };
  add(get_path("stdlib"));
  add(get_path("platstdlib"));
  // As it stands in co_filename, which is what counts: in an environment it need not be what sysconfig says.
  const py::object os_file = py::module_::import("os").attr("__file__");
  add(py::module_::import("os.path").attr("dirname")(os_file));
  // The standard library may be zipped (an entry of sys.path that need not exist).
  const py::object version = py::module_::import("sys").attr("version_info");
  const std::string zip = "python" + std::to_string(version[py::int_(0)].cast<int>()) +
                          std::to_string(version[py::int_(1)].cast<int>()) + ".zip";
  for (const py::handle entry : py::module_::import("sys").attr("path")) {
    if (!py::isinstance<py::str>(entry)) continue;
    if (const auto text = entry.cast<std::string>(); text.ends_with("/" + zip)) {
      add_folder(folders.standard_library, text);
    }
  }
  return folders;
}

Eligibility::Eligibility(Folders folders)
    : folders_(std::move(folders)), code_extra_index_(st_hook_request_code_extra()) {
  // Where CPython has no slot left we decide again at every call: slower, and right.
  PyErr_Clear();
}

st_frame_kind Eligibility::classify(PyCodeObject* code) const noexcept {
  const std::string_view file = text_of(code->co_filename);
  if (is_import_machinery(file)) return ST_FRAME_HIDDEN;
  // Modules, class bodies and exec'd strings keep their locals in a dictionary; functions do not.
  if (!(code->co_flags & CO_OPTIMIZED) || (code->co_flags & kSuspendable)) return ST_FRAME_SKIPPED;
  if (has_unlisted_name(text_of(code->co_name))) return ST_FRAME_SKIPPED;
  if (file.starts_with("<frozen ")) return ST_FRAME_SKIPPED;
  if (is_array_function_dispatch(file, text_of(code->co_name))) return ST_FRAME_SKIPPED;
  for (const std::string& folder : folders_.ignored) {
    if (file.starts_with(folder)) return ST_FRAME_SKIPPED;
  }
  for (const std::string& folder : folders_.standard_library) {
    if (!file.starts_with(folder)) continue;
    const std::string_view below = file.substr(folder.size());
    const bool installed = below.starts_with("site-packages/") || below.starts_with("dist-packages/");
    if (!installed) return ST_FRAME_SKIPPED;
  }
  return ST_FRAME_ELIGIBLE;
}

}  // namespace snapshot_test::host::trace
