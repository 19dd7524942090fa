// --sealed: what the cases of a run cannot reach.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "config/config.hpp"
#include "seal/seal.hpp"
#include "snapshot_test/util/result.hpp"
#include "util/process.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours to name
class App;
}  // namespace CLI

namespace snapshot_test::cli {

struct SealArgs {
  bool sealed = false;
  std::optional<seal::Method> by;
};

/// --sealed and --seal-by; `args` outlive the parsing.
void add_seal_options(CLI::App& app, SealArgs& args);

/// Null where nothing is to be sealed. What is hidden: the store with all its variants, pending values, the cache, a
/// remote that is a folder, the configuration and what it names as known failures, the report files, and `others`.
/// kUsage for settings that call a case more than once; kUnsupported where no method works.
[[nodiscard]] Result<std::shared_ptr<const seal::Seal>> make_seal(const SealArgs& args, const config::Config& config,
                                                                  const std::filesystem::path& benchmark_dir,
                                                                  const ReportFiles& files,
                                                                  std::vector<std::optional<std::string>> others);

/// For VariantOptions::before.
[[nodiscard]] Result<util::BeforeExec> sealing(const std::shared_ptr<const seal::Seal>& seal);

}  // namespace snapshot_test::cli
