// expected.toml, as a run takes it.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "snapshot_test/model/expectation.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::cli {

struct KnownFailures {
  std::vector<model::Expectation> entries;
  std::string today;  ///< the day for which they are asked: "2026-11-28", where the user is
};

/// What the file says that the configuration names; empty where it names none. kConfig.
[[nodiscard]] Result<KnownFailures> known_failures(const config::Config& config);

}  // namespace snapshot_test::cli
