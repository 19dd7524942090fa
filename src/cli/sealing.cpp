#include "cli/sealing.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <utility>

#include "cli/options.hpp"
#include "snapshot_test/store/store.hpp"
#include "util/cache_folder.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace fs = std::filesystem;

namespace {

/// A remote, or part of one, that is a folder of this machine; none where it is a URL of something else.
std::optional<fs::path> folder_of(std::string remote) {
  if (remote.starts_with("file:")) {
    remote.erase(0, remote.starts_with("file://localhost/") ? 16 : remote.starts_with("file://") ? 7 : 5);
  } else if (remote.find("://") != std::string::npos) {
    return std::nullopt;
  }
  std::error_code unknown;
  for (std::size_t at = remote.size(); at != std::string::npos && at > 0; at = remote.rfind('@', at - 1)) {
    if (fs::exists(remote.substr(0, at), unknown)) {
      return remote.substr(0, at);
    }
  }
  return std::nullopt;
}

}  // namespace

void add_seal_options(CLI::App& app, SealArgs& args) {
  CLI::Option* sealed = app.add_flag(
      "--sealed", args.sealed,
      "keep the store from the cases: they say what they have computed, and another process compares it with what they "
      "cannot reach; refused where the system cannot keep it from them");
  add_choice(
      app, "--seal-by", {seal::kMethodNames.begin(), seal::kMethodNames.end()},
      [&args](std::size_t place) { args.by = static_cast<seal::Method>(place); }, "METHOD",
      "beside --sealed: how (default: the first of these that works)")
      ->needs(sealed);
}

Result<std::shared_ptr<const seal::Seal>> make_seal(const SealArgs& args, const config::Config& config,
                                                    const fs::path& benchmark_dir, const ReportFiles& files,
                                                    std::vector<std::optional<std::string>> others) {
  if (!args.sealed) {
    return nullptr;
  }
  if (config.suite.repeat != 0 || config.suite.perturb) {
    return fail(ErrorKind::kUsage, "--sealed calls each case once: leave out --repeat and --perturb, or --sealed");
  }
  seal::Seal::Wanted wanted;
  wanted.method = args.by;
  wanted.hidden.push_back(config.snapshot_dir);
  if (config.pending_dir) {
    wanted.hidden.push_back(*config.pending_dir);
  }
  for (const config::OptionalPath& each : {config.expected, config.file}) {
    if (each) {
      wanted.kept.push_back(*each);
    }
  }
  if (const auto cache = util::cache_folder()) {
    std::error_code refused;
    // Or none of its folders could be made by a case either.
    if (fs::create_directories(*cache, refused)) {
      fs::permissions(*cache, fs::perms::owner_all, refused);
    }
    wanted.hidden.push_back(*cache);
  }
  others.push_back(config.remote);
  for (const std::optional<std::string>& each : others) {
    if (const auto folder = each ? folder_of(*each) : std::nullopt) {
      wanted.hidden.push_back(*folder);
    }
  }
  for (const ReportFile& file : files) {
    std::error_code unknown;
    const fs::file_status status = fs::status(file.path, unknown);
    if (file.path != "-" && (!fs::exists(status) || fs::is_regular_file(status))) {
      wanted.kept.emplace_back(file.path);
    }
  }
  wanted.listed.push_back(benchmark_dir);
  auto made = seal::Seal::make(std::move(wanted));
  if (!made) {
    made.error().message = fmt::format(
        "--sealed: the store cannot be kept from the cases here ({}). Run it on a system that can, or without --sealed",
        made.error().message);
  }
  return made;
}

Result<util::BeforeExec> sealing(const std::shared_ptr<const seal::Seal>& seal) {
  if (seal == nullptr) {
    return util::BeforeExec();
  }
  TRY_ASSIGN(const auto prepared, seal->prepare());
  return util::BeforeExec([prepared] { return prepared->apply(); });
}

}  // namespace snapshot_test::cli
