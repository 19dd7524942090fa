// Which types are written in a form of our choosing, instead of by their own __reduce_ex__.
#pragma once

#include <pybind11/pybind11.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/pickling/drain_cache.hpp"
#include "host/pickling/limits.hpp"
#include "host/pickling/reduction.hpp"

namespace snapshot_test::host::pickling {

class Reducers;

struct ReducerContext {
  const Limits& limits;
  DrainCache& drained;
  const Reducers& reducers;
  std::function<void(std::string)> note;  ///< reported with the pickle's path, as PickledInfo::notes
};

/// The canonical form of an object, or nothing where its own reduction will do. A Python exception from it makes the
/// object fall back to being described.
using Reducer = std::function<std::optional<Canonical>(pybind11::handle, const ReducerContext&)>;

enum class Match { kExactType, kSubclasses };

/// The registry. Entries name a type by where its library publishes it, and are looked up only if that library is in
/// sys.modules already: registering never imports. A later entry goes before an earlier one; all of them go before
/// those of libraries. Needs the GIL in every call and when destroyed; must not outlive the interpreter.
class Reducers {
 public:
  /// Adds a library's entries; called when the first of its types is met. May throw error_already_set.
  using Loader = std::function<void(Reducers&)>;

  /// `module` and `attribute` as in `from module import attribute`; "Outer.Inner" for a nested type.
  void add(std::string module, std::string attribute, Match match, Reducer reducer);

  /// By a type's dotted name, "package.module.Type": where it is published, or what it says of itself.
  void add(std::string name, Match match, Reducer reducer);

  /// For a type at hand.
  void add(pybind11::object type, Match match, Reducer reducer);

  /// `loader` runs once, when find() first meets a type of the top-level package `package` or one derived from it.
  void add_library(std::string package, Loader loader);

  /// The reducer for a type, or null; valid as long as the registry. What was found for a type is remembered; that
  /// nothing was, until sys.modules changes its size.
  [[nodiscard]] const Reducer* find(pybind11::handle type) const;

  /// A loader's exceptions so far, one line each.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Entry {
    pybind11::object type;  ///< null: to be looked up by its names
    std::string module;     ///< empty: `attribute` is a dotted name
    std::string attribute;
    Match match;
    Reducer reducer;
  };
  struct Library {
    std::string package;
    Loader loader;
    bool loaded = false;
  };
  struct Found {
    pybind11::object type;  ///< kept alive, so that its address stays its identity
    const Reducer* reducer = nullptr;
    Py_ssize_t modules = 0;  ///< how many were in sys.modules
  };

  void append(Entry entry);
  void load_libraries_of(pybind11::handle type) const;
  [[nodiscard]] const Reducer* search(pybind11::handle type) const;

  std::deque<Entry> entries_;  ///< a deque: addresses stay
  // What lookups find out; the GIL guards it.
  mutable std::deque<Library> libraries_;
  mutable std::deque<Entry> library_entries_;  ///< tried last
  mutable std::vector<std::string> problems_;
  mutable std::unordered_map<PyObject*, Found> found_;
};

}  // namespace snapshot_test::host::pickling
