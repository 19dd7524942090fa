// The process that compares what a sealed case sends with what is stored: none of the suite's code runs in it, and what
// it reads of a case is read by our own reader, which calls nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inspect/stored_comparison.hpp"
#include "snapshot_test/model/observation.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/model/rules.hpp"
#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"
#include "util/process.hpp"

namespace snapshot_test::session {

/// One value that is to be sent.
struct AwaitedValue {
  const model::SiteValue* baseline = nullptr;
  inspect::NewValue now;
  /// What its pickle has to be, since the case has learned that this is not what is stored; none: anything.
  struct Promised {
    std::uint64_t bytes = 0;
    std::string fingerprint;
  };
  std::optional<Promised> promised;
};

/// A child of this process, forked and not executed: it has the store's descriptors, and cannot be looked into by
/// others of the same user (PR_SET_DUMPABLE is inherited). Destroying it ends it.
class Comparer {
 public:
  struct Places {
    model::Locator store;
    std::span<const int> descriptors;  ///< that the locator is about
    std::filesystem::path scratch;     ///< where files without a name can be made; empty: in memory
  };
  /// Awaits these values, in this order. kIo where the machine refuses what that takes.
  [[nodiscard]] static Result<std::unique_ptr<Comparer>> start(const Places& places, const model::Rules& rules,
                                                               const std::vector<AwaitedValue>& awaited);
  Comparer(const Comparer&) = delete;
  Comparer& operator=(const Comparer&) = delete;
  ~Comparer();

  /// Where the values are to be sent. It is closed once all of them have been compared. Once.
  [[nodiscard]] util::Fd take_socket() { return std::move(socket_); }
  /// One for each that was awaited, once the socket has been closed. Waits for nothing: kCorrupt where not all have
  /// been compared. kIo where the machine refused what that took.
  [[nodiscard]] Result<std::vector<model::SiteComparison>> results();

 private:
  Comparer(pid_t pid, util::Fd socket, util::Fd answers)
      : pid_(pid), kept_(pid), socket_(std::move(socket)), answers_(std::move(answers)) {}

  pid_t pid_;
  util::KeptChild kept_;
  util::Fd socket_;
  util::Fd answers_;
};

}  // namespace snapshot_test::session
