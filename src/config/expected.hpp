// expected.toml: cases that are known not to pass, and why.
//
//   [[expected]]
//   case = "bench.Suite.time_f(256, *)"    # glob pattern, as of exclude_benchmarks, also with parameters
//   verdict = "different"
//   reason = "numpy 2 rounds otherwise"
//   issue = "https://example.org/issues/7" # the rest may be left out
//   until = 2026-12-31
//   max_elements = 3
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "snapshot_test/model/expectation.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::config {

inline constexpr const char* kExpectedFileName = "expected.toml";

/// The entries in their order. kConfig with "FILE:LINE:COLUMN: KEY: what is wrong" (from 1); `file` is for messages,
/// and stands in the entries.
[[nodiscard]] Result<std::vector<model::Expectation>> parse_expected(std::string_view text,
                                                                     const std::filesystem::path& file);

/// Reads and parses; kConfig where the file cannot be read.
[[nodiscard]] Result<std::vector<model::Expectation>> read_expected(const std::filesystem::path& file);

}  // namespace snapshot_test::config
