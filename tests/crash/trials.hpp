// A command, and all the moments at which it may be stopped, refused, or lose its disk.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "crash/disk.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::crash {

/// What is tried, on the files of one folder.
struct Subject {
  std::string name;             ///< for the table of figures
  std::filesystem::path world;  ///< an absolute path; all that the command changes is below it
  std::function<void()> prepare;
  std::function<Result<void>()> command;
  /// What a reader makes of it, read with all bytes: the same text for the same baseline, whatever run it is of.
  /// Anything that is damaged, missing or mixed gives a text of its own.
  std::function<std::string()> look;
  /// The next commands, after which nothing may be left of what was stopped; empty, or what is wrong.
  std::function<std::string(const std::string& seen)> next;
  /// Texts that are right, too: of a command that does several things one after the other.
  std::function<bool(const std::string& seen)> also_right{};
  /// Does the error say that the command was done all the same? Then the baseline has to be the new one.
  std::function<bool(const std::string& message)> says_done{};
};

struct Figures {
  std::size_t calls = 0;     ///< that change files, in the run that nothing disturbs
  std::size_t states = 0;    ///< different ones, each looked at
  std::size_t possible = 0;  ///< of them found, where not all were looked at
  std::size_t old_ones = 0;  ///< states with the old baseline
  std::size_t new_ones = 0;
  std::size_t refused = 0;  ///< runs in which a call failed
  std::size_t twice = 0;    ///< states after a stop, a second run, and a crash at its end
};

/// Every state that a crash of the disk may leave (disk.hpp), of which a test looks at some and, with
/// SNAPSHOT_TEST_CRASH_STATES=all, at all. Then every call refused: EIO, ENOSPC, a short write, a full disk from there
/// on, one that can only be read from there on. Then, for a stop at each call, a second run and a crash after it. Fails
/// the test with what led there.
Figures try_all(const Subject& subject);

/// The folder for worlds: in memory where there is such a file system.
[[nodiscard]] std::filesystem::path quick_folder();

}  // namespace snapshot_test::crash
