// A file that a report goes to: opened before a run starts, so that a wrong path is known at once and an earlier run's
// report cannot be taken for this one's.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>

#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::report {

/// A regular file that appears whole when written; "-" for `standard_output`; devices and pipes are written to
/// directly.
class OutputFile {
 public:
  /// Removes what is there, after making sure that the folder can be written to. kIo.
  [[nodiscard]] static Result<OutputFile> open(const std::string& path, std::ostream& standard_output);

  /// Writes all of the text, in the place of what was written before; where not is_regular(), call it once. kIo.
  [[nodiscard]] Result<void> write(const std::string& text);

  /// Neither a stream nor a device: what is written may be spread over several files.
  [[nodiscard]] bool is_regular() const { return kind_ == Kind::kFile; }
  /// The number-th of several files; of "junit.xml" the second is "junit.part2.xml". Only where is_regular().
  [[nodiscard]] OutputFile part(std::size_t number) const;
  /// Removes the second file and those after it, which an earlier report may have left.
  void remove_parts() const;
  /// Without its folders.
  [[nodiscard]] std::string name() const { return path_.filename().string(); }

 private:
  enum class Kind { kStream, kDevice, kFile };
  OutputFile(Kind kind, std::filesystem::path path, std::ostream& stream)
      : kind_(kind), path_(std::move(path)), stream_(&stream) {}

  Kind kind_;
  std::filesystem::path path_;
  std::ostream* stream_;
};

/// A file that grows while others read it; "-" for `standard_output`.
class OutputLog {
 public:
  /// Empties a file that is there; waits until somebody reads a named pipe. kIo.
  [[nodiscard]] static Result<OutputLog> open(const std::string& path, std::ostream& standard_output);

  /// Everything is in the file, or with whoever reads the pipe, when it returns. kIo, also where nobody reads it.
  [[nodiscard]] Result<void> write(const std::string& text);

 private:
  OutputLog(util::Fd fd, std::string path, std::ostream& stream)
      : fd_(std::move(fd)), path_(std::move(path)), stream_(&stream) {}

  util::Fd fd_;  ///< none: the stream
  std::string path_;
  std::ostream* stream_;
};

}  // namespace snapshot_test::report
