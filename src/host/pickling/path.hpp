// Where in the value the walk is, for messages.
#pragma once

#include <Python.h>

#include <span>
#include <string>
#include <vector>

namespace snapshot_test::host::pickling {

struct PathStep {
  enum class Kind { kIndex, kKey, kField };
  Kind kind = Kind::kIndex;
  Py_ssize_t index = 0;
  PyObject* key = nullptr;      ///< borrowed; kKey
  const char* field = nullptr;  ///< borrowed; kField: "state", "args"
};

/// "$[3]['x'].state", from the outermost step in: bounded in length, runs no Python code. "$" for the value itself.
/// Needs the GIL.
[[nodiscard]] std::string path_text(std::span<const PathStep> path);

/// The same for people: ".fn[3]", without what only the pickle has; "the value itself" for the value itself.
[[nodiscard]] std::string place_text(std::span<const PathStep> path);

/// Goes one level down for its lifetime; the owner sets the step's index, key or field as it goes.
class PathScope {
 public:
  PathScope(std::vector<PathStep>& path, PathStep::Kind kind, const char* field = nullptr) : path_(path) {
    path_.push_back({kind, 0, nullptr, field});
  }
  PathScope(const PathScope&) = delete;
  PathScope& operator=(const PathScope&) = delete;
  ~PathScope() { path_.pop_back(); }

  void set_index(Py_ssize_t index) { path_.back().index = index; }
  void set_key(PyObject* key) { path_.back().key = key; }
  void set_field(const char* field) { path_.back().field = field; }

 private:
  std::vector<PathStep>& path_;
};

}  // namespace snapshot_test::host::pickling
