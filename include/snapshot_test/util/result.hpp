// Expected failures are values: a function that can fail returns Result<T>. "Absent" is not a failure; where a thing
// may be absent the type is Result<std::optional<T>>.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace snapshot_test {

/// What went wrong, for code that has to choose (the exit status, a retry). People read `Error::message`.
enum class ErrorKind {
  kUsage,        ///< the command line asks for something impossible
  kConfig,       ///< a configuration file is malformed or holds a wrong value
  kNoBaseline,   ///< there is no snapshot to read where one is needed
  kUnavailable,  ///< a remote cannot be reached or does not let us in: what it holds is not known
  kIo,           ///< the operating system refused: missing, unwritable, full
  kCorrupt,      ///< a file is truncated, altered or not of this format
  kUnsupported,  ///< a known format or interpreter that this build cannot handle
  kPython,       ///< Python raised
  kInterrupted,  ///< the user asked to stop
  kInternal,     ///< a defect of this program
};

/// One failure. The message names the thing, the cause, and what to do next; it has no trailing newline.
struct Error {
  ErrorKind kind;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorKind::kIo, "…");` in any function that returns a Result.
inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}

}  // namespace snapshot_test
