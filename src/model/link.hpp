// One end of a connection between two processes of a run: a channel that carries messages of the protocol and nothing
// else, each in its direction.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "model/message.hpp"
#include "util/channel.hpp"
#include "util/try.hpp"

namespace snapshot_test::model {

/// Blocking unless said otherwise; not thread-safe. Errors are util::Channel's, and kCorrupt where something else than
/// a message came.
template <class Sent, class Received>
class Link {
 public:
  struct Message {
    Received body;
    std::vector<util::Fd> fds;  ///< descriptors that came with it, close-on-exec
  };

  explicit Link(util::Channel channel) : channel_(std::move(channel)) {}

  [[nodiscard]] int fd() const { return channel_.fd(); }
  /// The other end sees that nothing more will come.
  void close() { (void)channel_.take_fd(); }

  /// Sends one message and copies of `fds`. kIo if the other end is gone.
  [[nodiscard]] Result<void> send(const Sent& message, std::span<const int> fds = {}) {
    return channel_.send(encode(message), fds);
  }
  /// Waits for one message; nothing when the other end has closed.
  [[nodiscard]] Result<std::optional<Message>> receive() {
    TRY_ASSIGN(std::optional<util::Message> got, channel_.receive());
    if (!got) {
      return std::nullopt;
    }
    TRY_ASSIGN(Received body, decode<Received>(got->body));
    return Message{std::move(body), std::move(got->fds)};
  }

  /// Has something arrived that receive() has not handed out yet? poll() does not see it.
  [[nodiscard]] bool pending() const { return channel_.pending(); }
  /// Reads what is there without waiting, for next() to hand out; descriptors are closed.
  [[nodiscard]] Result<util::Channel::Progress> read_available() { return channel_.read_available(); }
  [[nodiscard]] Result<std::optional<Received>> next() {
    TRY_ASSIGN(const std::optional<nlohmann::json> body, channel_.next());
    if (!body) {
      return std::nullopt;
    }
    return decode<Received>(*body).map([](Received&& message) { return std::optional(std::move(message)); });
  }

 private:
  util::Channel channel_;
};

using HostLink = Link<Command, Report>;        ///< the supervisor's end
using SupervisorLink = Link<Report, Command>;  ///< a process's own end

}  // namespace snapshot_test::model
