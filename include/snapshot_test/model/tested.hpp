// Which code a run tests: the packages that the suite's benchmarks call, and where they were imported from.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace snapshot_test::model {

struct TestedPackage {
  std::string name;                          ///< as it is imported
  std::string version;                       ///< empty where it names none
  std::string location;                      ///< absolute: the package's folder, or the file of a module
  std::string commit;                        ///< hex, of the repository that it lies in; empty where it lies in none
  std::optional<std::size_t> changed_files;  ///< tracked ones that differ from that commit; none: cannot be told
  /// Where the suite's own repository has another copy of it, whose Python files are not the same; else empty.
  std::string other_copy;
  std::size_t differing_files = 0;  ///< Python files that both copies have and that differ; 0: they have none in common
  bool other_is_pure = false;       ///< the other copy is Python alone: it could be imported as it is
};
void to_json(nlohmann::json& out, const TestedPackage& in);
void from_json(const nlohmann::json& in, TestedPackage& out);

/// The same code, as far as commits and versions say.
[[nodiscard]] bool same_code(const std::vector<TestedPackage>& a, const std::vector<TestedPackage>& b);

/// Where a baseline comes from, as its last capture wrote down.
struct BaselineOrigin {
  std::string time;  ///< ISO 8601, UTC
  std::vector<TestedPackage> tested;
};

}  // namespace snapshot_test::model
