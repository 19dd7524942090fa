// A remote helper as a process: starting it, one answer for each request, and its end. What the requests mean is not
// its concern (helper_storage.hpp).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "remote/helper_frames.hpp"
#include "remote/redaction.hpp"
#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"
#include "util/process.hpp"

namespace snapshot_test::remote {

/// What is started, and what it is sent before the first frame.
struct HelperCommand {
  std::vector<std::string> argv;  ///< argv[0] is a path
  std::string preamble;
};

/// One process, used by any number of threads. Nothing is written to a terminal: what it says on standard error is
/// kept, and its end is part of the message where it fails.
class HelperProcess {
 public:
  struct Settings {
    std::string subject;  ///< "the remote helper of s3://bucket": what messages start with
    /// How long a request may be without any frame before the helper is taken for dead, and killed.
    std::chrono::milliseconds silence{70'000};
    /// Does the user want to stop? Asked several times a second by whoever waits. Null: nobody does.
    std::function<bool()> interrupted;
  };

  /// kUnavailable where it cannot be executed, kIo where the machine refuses what that takes.
  [[nodiscard]] static Result<std::unique_ptr<HelperProcess>> start(HelperCommand command, Settings settings,
                                                                    std::shared_ptr<const Redaction> redaction);
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;
  /// Closes its standard input, which tells it to end, and kills it where it does not within two seconds. No call may
  /// be under way.
  ~HelperProcess();

  /// Takes the pieces of a body; a failure cancels the request and is returned from call().
  using Pieces = std::function<Result<void>(std::string_view)>;

  /// Sends a request and the bytes that belong to it, and waits for its answer. kUnavailable where the helper has
  /// ended, says what is no protocol, or is silent for too long: from then on no call is answered. kInterrupted. What
  /// is received is called by the thread that waits. The answer is an object; what is in it has not been looked at.
  [[nodiscard]] Result<nlohmann::json> call(const nlohmann::json& request, std::string_view upload,
                                            const Pieces& received);

 private:
  /// Frames of one request that nobody has looked at yet.
  struct Exchange {
    std::deque<HelperFrame> frames;
    std::condition_variable arrived;
  };

  HelperProcess(pid_t pid, util::Fd input, util::Fd output, util::Fd errors, Settings settings,
                std::shared_ptr<const Redaction> redaction);

  [[nodiscard]] Result<nlohmann::json> wait_for_answer(std::uint32_t id, Exchange& exchange, const Pieces& received);
  [[nodiscard]] Result<HelperFrame> next_frame(Exchange& exchange);
  [[nodiscard]] Result<void> send(HelperFrameKind kind, std::uint32_t id, std::string_view payload);
  [[nodiscard]] Result<void> write_all(std::string_view bytes);

  void read_until_it_ends();
  /// False when that descriptor has no more.
  bool read_output();
  bool read_errors();
  void deliver(HelperFrame frame);
  /// Kills it because of that; the first reason counts.
  void give_up(std::string reason);
  /// Of the end: why nothing is answered any more, with what it said last. Requires mutex_.
  [[nodiscard]] Error end_error() const;

  const pid_t pid_;
  const util::KeptChild kept_;
  const Settings settings_;
  const std::shared_ptr<const Redaction> redaction_;

  std::mutex write_mutex_;
  util::Fd input_;

  util::Fd output_;  ///< this and what follows: the reading thread's
  util::Fd errors_;
  HelperFrameDecoder decoder_;

  mutable std::mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<Exchange>> exchanges_;
  std::uint32_t next_id_ = 0;
  std::string last_words_;  ///< the end of what it wrote to standard error
  std::string reason_;      ///< why it was given up; empty: it was not
  bool ended_ = false;
  int status_ = 0;  ///< its wait status, once it has ended
  std::condition_variable end_;
  std::thread reader_;
};

}  // namespace snapshot_test::remote
