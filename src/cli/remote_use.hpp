// What the subcommands that use a remote have in common.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/outcome.hpp"
#include "config/config.hpp"
#include "remote/open_storage.hpp"
#include "remote/reference.hpp"
#include "remote/transfers.hpp"
#include "report/case_json.hpp"
#include "report/run_record.hpp"
#include "report/transfer_progress.hpp"
#include "session/session.hpp"

namespace snapshot_test::cli {

/// The remote that is meant: the one that is named, else the setting. kUsage where there is neither.
[[nodiscard]] Result<std::string> remote_url(const config::Config& config, const std::optional<std::string>& named);

/// A line on standard error, where that is a terminal and `--quiet` is not given.
[[nodiscard]] std::unique_ptr<report::TransferProgress> transfer_line(const std::string& what,
                                                                      const config::Config& config,
                                                                      const Streams& streams);
[[nodiscard]] remote::OnProgress shown_in(report::TransferProgress& line);

/// "12 requests, 3.4 MB sent, 120 bytes received"
[[nodiscard]] std::string traffic_text(const remote::Traffic& traffic);
[[nodiscard]] report::Json traffic_json(const remote::Traffic& traffic);

/// A baseline in a remote, as verify needs it.
class BaselineInRemote : public session::ValueSource {
 public:
  virtual std::filesystem::path location() const = 0;
  /// Without credentials.
  virtual std::string name() const = 0;
  virtual report::RemoteUse use() const = 0;
};

/// How the helper is started where a remote is no folder.
[[nodiscard]] remote::HelperOptions helper_options(const config::Config& config);

/// `text`: URL[@ref|@sha256:…]. `ended` is called once, when nothing more will be fetched.
[[nodiscard]] Result<std::unique_ptr<BaselineInRemote>> open_baseline_in_remote(const std::string& text,
                                                                                const config::Config& config,
                                                                                const Streams& streams,
                                                                                std::function<void()> ended);

/// "file remote/x@main, baseline sha256:12ab…: 3 values fetched, 2 from the cache; 5 requests, …"
[[nodiscard]] std::string use_text(const report::RemoteUse& use);

}  // namespace snapshot_test::cli
