// What makes a name a benchmark, and of which type. Needs the GIL.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/discovery/python.hpp"

namespace snapshot_test::host::discovery {

/// ASV's own types by the last dotted part of a name: "mem", "peakmem", "time", "timeraw" or "track".
[[nodiscard]] std::optional<std::string_view> builtin_type(std::string_view name);

/// What a name matched.
struct TypeMatch {
  std::string type;   ///< one of builtin_type's; empty for a plugin's, which says only once it is built
  py::object plugin;  ///< the plugin's class; None for ASV's own types
};

/// ASV's types and those of installed plugins (distributions named asv_bench*).
class BenchmarkTypes {
 public:
  /// Imports the plugins; one that raises ImportError is left out, as ASV does. Any other exception of a plugin is
  /// thrown as py::error_already_set.
  [[nodiscard]] static BenchmarkTypes load();

  [[nodiscard]] std::optional<TypeMatch> match(const std::string& name) const;
  /// Are there types beside ASV's own?
  [[nodiscard]] bool has_plugins() const { return !plugins_.empty(); }

 private:
  std::vector<py::object> plugins_;
};

}  // namespace snapshot_test::host::discovery
