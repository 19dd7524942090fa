// A server of tests/remote/servers.py, as long as this lives.
#pragma once

#include <memory>
#include <string>

#include "remote/helper_storage.hpp"

namespace snapshot_test::remote {

/// The Python of the environment that has the servers and what the helper needs ($SNAPSHOT_TEST_REMOTE_PYTHON); empty
/// where the test is to be skipped.
std::string remote_python();

/// Sets the variables by which the server is reached; they are put back in the end.
class RealServer {
 public:
  explicit RealServer(const std::string& kind);
  RealServer(const RealServer&) = delete;
  RealServer& operator=(const RealServer&) = delete;
  ~RealServer();

  [[nodiscard]] const std::string& url() const { return url_; }
  /// For files of the test; removed in the end. What the server shows is in its "server/data".
  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// A storage on it, opened by the helper that is part of the program.
  [[nodiscard]] std::unique_ptr<HelperStorage> open(std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
  /// What the proxy is to do wrong with the next so many requests that fit; regular expressions.
  void fault(const std::string& name, int times = 1'000'000, const std::string& method = ".*",
             const std::string& path = "") const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  std::string folder_;
  std::string url_;
};

}  // namespace snapshot_test::remote
