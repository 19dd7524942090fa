// --dask: cases run on the workers of a Dask cluster.
#pragma once

#include <optional>
#include <string>

#include "cli/options.hpp"
#include "cluster/hosts.hpp"
#include "config/config.hpp"
#include "report/report.hpp"

namespace snapshot_test::cli {

/// `address` outlives the parsing. Goes with no --shard, where that is an option.
void add_dask_option(CLI::App& app, std::optional<std::string>& address);

/// What opens the hosts of a run. `reports` hear of workers that do not fit, and outlive it.
[[nodiscard]] runner::OpenHosts dask_hosts(const std::string& address, const config::Config& config,
                                           report::Reports& reports);

}  // namespace snapshot_test::cli
