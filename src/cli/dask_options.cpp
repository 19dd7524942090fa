#include "cli/dask_options.hpp"

#include <CLI/CLI.hpp>
#include <utility>

#include "session/environment.hpp"

namespace snapshot_test::cli {

void add_dask_option(CLI::App& app, std::optional<std::string>& address) {
  CLI::Option* dask =
      add_text(app, "--dask", address, "ADDRESS",
               "run the cases on the workers of a Dask cluster: tcp://HOST:PORT of its scheduler, a scheduler file, or "
               "local:N for N workers on this machine (default: no cluster)",
               Offer::Kind::kFiles);
  dask->group("Shards");
  if (CLI::Option* shard = app.get_option_no_throw("--shard")) {
    dask->excludes(shard);
  }
}

runner::OpenHosts dask_hosts(const std::string& address, const config::Config& config, report::Reports& reports) {
  cluster::ClusterOptions options;
  options.address = address;
  options.python = config.dask_python.value_or("");
  options.worker_python = config.dask_worker_python.value_or("");
  options.patience = config.dask_timeout;
  options.variables = session::all_numeric_variables();
  options.remark = [&reports](const std::string& text) { reports.remark(text); };
  return cluster::open_hosts(std::move(options));
}

}  // namespace snapshot_test::cli
