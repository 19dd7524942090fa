// Which types are written in a form of our choosing, instead of by their own __reduce_ex__.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "host/pickling/drain_cache.hpp"
#include "host/pickling/limits.hpp"

namespace snapshot_test::host::pickling {

/// Does comparing this say anything about what was computed? A function, a lock, a module do not.
enum class Content { kChecked, kDescribedOnly };

/// What __reduce_ex__ returns, as a value. Absent parts are null objects. See the library reference, object.__reduce__.
struct Reduction {
  pybind11::object callable;
  pybind11::tuple args{0};
  pybind11::object state;
  pybind11::object list_items;  ///< an iterator
  pybind11::object dict_items;  ///< an iterator of pairs
  pybind11::object state_setter;
};

/// What stands in the pickle for something that cannot be pickled: a dict of `kDescriptionKey: kind` and the fields,
/// in their order. pickle.load gives that dict. A field named "state" holds attributes: their names are labels.
struct Description {
  struct Field {
    std::string name;
    pybind11::object value;
    Content content = Content::kChecked;
  };
  std::string kind;
  std::vector<Field> fields;
};
inline constexpr const char* kDescriptionKey = "__snapshot_test__";

using Canonical = std::variant<Reduction, Description>;

struct ReducerContext {
  const Limits& limits;
  DrainCache& drained;
  std::function<void(std::string)> note;  ///< reported with the pickle's path, as PickledInfo::notes
};

/// The canonical form of an object, or nothing where its own reduction will do. A Python exception from it makes the
/// object fall back to being described.
using Reducer = std::function<std::optional<Canonical>(pybind11::handle, const ReducerContext&)>;

enum class Match { kExactType, kSubclasses };

/// The registry. Entries name a type by where its library publishes it, and are looked up only if that library is in
/// sys.modules already: registering never imports. A later entry goes before an earlier one. Needs the GIL in every
/// call and when destroyed; must not outlive the interpreter.
class Reducers {
 public:
  /// Those that this program brings: iterators, functions, modules, views and the like are described.
  [[nodiscard]] static Reducers standard();

  /// `module` and `attribute` as in `from module import attribute`; "Outer.Inner" for a nested type.
  void add(std::string module, std::string attribute, Match match, Reducer reducer);

  /// For a type at hand.
  void add(pybind11::object type, Match match, Reducer reducer);

  /// The reducer for a type, or null. Valid until the next add().
  [[nodiscard]] const Reducer* find(pybind11::handle type) const;

 private:
  struct Entry {
    pybind11::object type;  ///< null: to be looked up by its names
    std::string module;
    std::string attribute;
    Match match;
    Reducer reducer;
  };
  std::vector<Entry> entries_;
};

/// "module.qualname" of a type, "list" for builtins' own as "builtins.list". Never raises.
[[nodiscard]] std::string type_name(pybind11::handle type);

/// sys.modules[module], then the dotted `attribute`, without importing anything; null where it isn't there.
[[nodiscard]] pybind11::object find_loaded(const std::string& module, const std::string& attribute);

}  // namespace snapshot_test::host::pickling
