// What this program needs of a case's process to look at what the case computed, and what a case may have changed.
#pragma once

#include <pybind11/pybind11.h>
#include <sys/resource.h>

#include <array>
#include <optional>
#include <string>

namespace snapshot_test::host::execution {

/// $TMPDIR, from now on; the names that tempfile makes up start anew. GIL held.
void set_temporary_folder(const std::string& folder);

/// Remembers limits and builtins, and puts them back.
class Surroundings {
 public:
  /// `builtins` is a copy of the builtins module's names, made before any benchmark ran.
  explicit Surroundings(pybind11::dict builtins);

  /// After the call, also after one that raised: open files, file size and memory as before, as far as this process may
  /// raise them again; room for a few more open files than the case has left; builtins as they were. GIL held; never
  /// throws.
  void restore();
  /// Which limit the case has lowered for good, or used up: why its values may not be kept. Nothing if all is well.
  [[nodiscard]] std::optional<std::string> lowered() const;

 private:
  static constexpr std::array kLimits{RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_DATA};

  std::array<rlimit, kLimits.size()> before_{};
  pybind11::dict builtins_;
};

}  // namespace snapshot_test::host::execution
