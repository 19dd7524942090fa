// Several baselines in one store, one for each environment: what the present one's is called, and which is used.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "snapshot_test/model/environment.hpp"
#include "snapshot_test/util/result.hpp"
#include "util/process.hpp"

namespace snapshot_test::session {

/// What a configuration says of variants.
struct VariantOptions {
  std::string name;                   ///< with placeholders: "py{python}-numpy{numpy}"
  std::vector<std::string> fallback;  ///< used in this order where there is no baseline of that name; the same
  std::optional<std::string> python;  ///< whose environment it is: as SuiteOptions::python
  util::BeforeExec before = {};       ///< called in the process that is asked what it has
};

/// In VariantOptions::fallback: the baseline of the store that is no variant.
inline constexpr const char* kNoVariant = "@base";

/// `text` with its placeholders filled: {platform}, {machine}, {python} (X.Y), and the version of an installed package
/// for its name. Starts that Python where there is any. kUsage for what is no placeholder and no installed package,
/// with a suggestion, and for a text that comes to nothing.
[[nodiscard]] Result<std::vector<std::string>> fill_placeholders(const std::vector<std::string>& texts,
                                                                 const std::optional<std::string>& python,
                                                                 const util::BeforeExec& before = nullptr);

/// The baseline that is used.
struct ChosenBaseline {
  std::filesystem::path location;  ///< of its store
  model::UsedVariant variant;
  /// Why there is none, though there is a store: names the variants that are there. Then `location` is that of the
  /// wanted one.
  std::string missing;
};

/// Where a capture writes: always the variant of that name.
[[nodiscard]] Result<ChosenBaseline> variant_to_write(const std::filesystem::path& store,
                                                      const VariantOptions& options);
/// The first that has snapshots, of the variant and its fallbacks. kNoBaseline where there is no store at all.
[[nodiscard]] Result<ChosenBaseline> variant_to_read(const std::filesystem::path& store, const VariantOptions& options);

}  // namespace snapshot_test::session
