// The Python client of a cluster as part of the program (embed_modules.cmake writes the definition).
#pragma once

#include <span>
#include <string_view>

namespace snapshot_test::cluster {

struct DriverModule {
  std::string_view name;  ///< "snapshot_test_dask.driver"; the package itself is "snapshot_test_dask"
  std::string_view text;
};

/// A module comes behind those that it imports; the last one runs.
extern const std::span<const DriverModule> kDriverModules;

}  // namespace snapshot_test::cluster
