// The Python helper as part of the program (embed_modules.cmake writes the definition).
#pragma once

#include <span>
#include <string_view>

namespace snapshot_test::remote {

struct HelperModule {
  std::string_view name;  ///< "snapshot_test_remote.frames"; the package itself is "snapshot_test_remote"
  std::string_view text;
};

/// A module comes behind those that it imports; the last one runs.
extern const std::span<const HelperModule> kHelperModules;

}  // namespace snapshot_test::remote
