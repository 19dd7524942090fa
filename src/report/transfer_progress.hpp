// How far a transfer of many bytes has got: one line at the bottom of a terminal, redrawn in place.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

namespace snapshot_test::report {

/// Draws at most ten times a second. Not thread-safe.
class TransferProgress {
 public:
  /// `what`: "pushing". `now` is a monotonic clock in seconds; without it nothing is ever drawn.
  TransferProgress(std::ostream& out, std::string what, std::function<double()> now);
  ~TransferProgress();
  TransferProgress(const TransferProgress&) = delete;
  TransferProgress& operator=(const TransferProgress&) = delete;

  /// So many bytes of all are done.
  void update(std::uint64_t done, std::uint64_t all);
  /// Takes the line away.
  void end();

 private:
  std::ostream& out_;
  std::string what_;
  std::function<double()> now_;
  double began_ = 0;
  double drawn_at_ = 0;
  bool drawn_ = false;
};

}  // namespace snapshot_test::report
