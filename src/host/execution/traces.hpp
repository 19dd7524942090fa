// What a case leaves behind in its process, for one that runs there after it.
#pragma once

#include <pybind11/pybind11.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace snapshot_test::host::execution {

/// Takes stock of a process when it is made: its folder, descriptors, threads, signals, limits and memory, and of the
/// interpreter what is not an object that a module holds (shared_objects.hpp). Needs the GIL.
class Traces {
 public:
  /// The current directory and $TMPDIR are those that cases find.
  Traces();

  /// Once a case has ended. Puts back what suites change for themselves and what can be put back as it was: the current
  /// directory, $TMPDIR, the filters of warnings, and what numpy does about floating-point errors. Says what else is
  /// not what it was, or that the process has grown by too much; empty where nothing is. Never throws.
  [[nodiscard]] std::string left() noexcept;

 private:
  struct Python {
    pybind11::object environment;  ///< os.environ's own dict, copied
    pybind11::object filters;      ///< of warnings
    pybind11::object errors;       ///< what numpy does about them; null without numpy
    pybind11::object handlers;     ///< of signals
    pybind11::object settings;     ///< a tuple of numbers, compared as a whole
  };
  struct File {
    int descriptor;
    std::uint64_t device;
    std::uint64_t node;
    friend bool operator==(const File&, const File&) = default;
  };
  struct Process {
    std::string status;  ///< of the kernel's account of it the lines that count
    std::vector<File> files;
    std::array<rlimit, RLIM_NLIMITS> limits;
    std::uint64_t environment = 0;
    std::string language;
    std::uint64_t others = 0;
  };

  void put_back() const;
  [[nodiscard]] std::string python_left() const;
  [[nodiscard]] std::string process_left() const;
  [[nodiscard]] static pybind11::object python_settings();
  [[nodiscard]] static pybind11::object handlers_now();
  [[nodiscard]] static Process process_now(std::uint64_t& resident);

  std::string folder_;
  std::string temporary_;
  Python python_;
  Process process_;
  std::uint64_t resident_ = 0;  ///< bytes of its own memory
};

}  // namespace snapshot_test::host::execution
