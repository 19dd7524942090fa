// What of a recorded run a disk may have after a crash.
//
// The model is that of ALICE (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014), weaker than any file
// system that is in use, bounded as in CrashMonkey's B3 (Mohan et al., OSDI 2018):
//
// - A call is taken apart into updates: bytes of a file, its size, an entry of a folder. A rename is one update of both
//   entries, and happens or does not.
// - An update that no sync has made durable may be lost or be there, whatever has become of the others; but an entry's
//   updates happen in their order, and nothing moves into a folder that is not there.
// - Bytes may also be there in part (the first half), or as zeros with the right size.
// - fsync() of a file makes its bytes and its size durable, and not its entry; of a folder its entries; syncfs() all.
// - A sync that fails may have made anything durable or nothing. Bytes that it was for are not written again: a later
//   sync succeeds without them (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "crash/file_calls.hpp"

namespace snapshot_test::crash {

enum class Fate : std::uint8_t { kLost, kKept, kTorn, kZeros };

/// One fate for each update of a recording.
using Fates = std::vector<Fate>;

/// A crash after the first `calls` calls, with what then has become of each update.
struct CrashState {
  std::size_t calls = 0;
  Fates fates;
  std::string how;  ///< for messages
};

class Disk final : public Watcher {
 public:
  /// What is below `root` now is durable.
  explicit Disk(std::filesystem::path root);

  /// Asked before each call that may fail, with its number; none: always yes.
  std::function<Answer(const FileCall& call, std::size_t number)> answer{};

  [[nodiscard]] Answer before(const FileCall& call) override;
  void after(const FileCall& call) override;

  [[nodiscard]] std::size_t calls() const { return calls_; }
  /// "rename a/b c/d": the calls, with paths below the root.
  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }
  [[nodiscard]] FileCall::Kind kind_of(std::size_t call) const { return kinds_[call]; }
  [[nodiscard]] std::size_t updates() const { return updates_.size(); }

  /// All happened: what a killed process leaves.
  [[nodiscard]] CrashState killed_after(std::size_t calls) const;
  /// Nothing that was not durable.
  [[nodiscard]] CrashState bare_after(std::size_t calls) const;
  /// The states that a crash after `calls` may leave: none of what is not durable, all of it, each update alone, all
  /// but each, all up to each, without bytes, with torn bytes, with zeros for bytes, and `random` others.
  [[nodiscard]] std::vector<CrashState> states_after(std::size_t calls, std::size_t random, std::mt19937& engine) const;
  /// Equal for states in which the same files are there.
  [[nodiscard]] std::uint64_t signature(const CrashState& state) const;

  /// Makes the files below the root those of the state.
  void materialize(const CrashState& state) const;
  /// A recording that goes on from what materialize(killed_after(calls)) has made.
  [[nodiscard]] std::unique_ptr<Disk> go_on_after(std::size_t calls) const;
  /// "path = bytes" of all files, for a comparison with what is really there.
  [[nodiscard]] std::map<std::string, std::string> files(const CrashState& state) const;

 private:
  using Node = std::size_t;
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
  static constexpr Node kRoot = 0;
  static constexpr Node kNone = kNever;

  struct Inode {
    bool folder = false;
    std::string bytes{};                    ///< of a file, at the beginning
    std::map<std::string, Node> entries{};  ///< of a folder, at the beginning
    std::int64_t seconds = 0;               ///< its time of change, when last seen
    std::int64_t nanoseconds = 0;
    std::uint64_t shown = 0;  ///< its number when it was made
  };
  struct Update {
    enum class Kind : std::uint8_t { kBytes, kSize, kAdd, kRemove, kMove };
    Kind kind = Kind::kBytes;
    std::size_t call = 0;
    std::size_t durable = kNever;  ///< by which call
    bool doubtful = false;         ///< a sync has failed: no other makes it durable
    Node node = kNone;
    Node folder = kNone;
    std::string name{};
    Node to_folder = kNone;
    std::string to_name{};
    std::uint64_t offset = 0;  ///< of bytes; the new size
    std::string bytes{};
    std::vector<std::size_t> needs{};  ///< updates without which it does not happen
  };
  struct Applied {
    std::uint32_t update = 0;
    Fate fate = Fate::kKept;
  };
  /// A state, put together.
  struct Built {
    std::vector<std::map<std::string, Node>> entries;  ///< by node
    std::vector<std::vector<Applied>> changes;         ///< of files, by node
  };

  struct Place {
    Node folder = kNone;
    std::string name{};
  };

  void scan(const std::filesystem::path& path, Node node);
  [[nodiscard]] Place place_of(const std::string& path) const;
  [[nodiscard]] Node node_at(const std::string& path) const;
  void add(Update update);
  void sync(Node node, bool failed);
  void sync_all(bool failed);
  void make_durable(std::size_t update);
  void note_time(const FileCall& call, Node node);
  [[nodiscard]] std::vector<std::size_t> pending_after(std::size_t calls) const;
  void keep_with_needs(std::size_t update, Fates& fates) const;
  void lose_with_dependents(std::size_t update, Fates& fates) const;
  [[nodiscard]] Built build(const CrashState& state) const;
  [[nodiscard]] std::string bytes_of(const Built& built, Node node) const;
  void write_tree(const Built& built, Node folder, const std::filesystem::path& path,
                  std::map<Node, std::filesystem::path>& written) const;

  std::filesystem::path root_;
  std::vector<Inode> nodes_;
  std::vector<Update> updates_;
  std::vector<std::map<std::string, Node>> now_;  ///< entries as a process sees them, by node
  std::map<int, Node> open_;                      ///< descriptors
  std::vector<std::string> log_;
  std::vector<FileCall::Kind> kinds_;
  std::size_t calls_ = 0;
};

}  // namespace snapshot_test::crash
