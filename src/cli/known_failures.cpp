#include "cli/known_failures.hpp"

#include <fmt/chrono.h>

#include <ctime>
#include <filesystem>

#include "config/expected.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

/// "2026-11-28", where the user is.
std::string local_date() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  return fmt::format("{:%Y-%m-%d}", local);
}

/// As short as it can be: relative to the current folder, where it is below.
std::filesystem::path shortened(const std::filesystem::path& file) {
  std::error_code ignored;
  const std::filesystem::path relative = std::filesystem::relative(file, ignored);
  return relative.empty() || *relative.begin() == ".." ? file : relative;
}

}  // namespace

Result<KnownFailures> known_failures(const config::Config& config) {
  KnownFailures known;
  if (config.expected) {
    TRY_ASSIGN(known.entries, config::read_expected(shortened(*config.expected)));
    known.today = local_date();
  }
  return known;
}

}  // namespace snapshot_test::cli
