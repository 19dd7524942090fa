// A temporary folder with a benchmark suite in it, and the real program run on it.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/program.hpp"

namespace snapshot_test::support {

/// The interpreter that tests run suites with: $SNAPSHOT_TEST_PYTHON, else the one the program was built for.
[[nodiscard]] std::string test_python();
/// Can that interpreter import the module?
[[nodiscard]] bool python_has(const std::string& module);
/// Set by scripts/test: what a test needs is there, and its lack is a failure instead of a skip.
[[nodiscard]] bool must_not_skip();

/// In a test's body: ends it as skipped, or as failed where nothing may be skipped.
#define ST_SKIP_UNLESS(condition, what)                              \
  do {                                                               \
    if (!(condition)) {                                              \
      if (::snapshot_test::support::must_not_skip()) FAIL() << what; \
      GTEST_SKIP() << what << " (scripts/test provides it)";         \
    }                                                                \
  } while (false)
#define ST_NEEDS_NUMPY() \
  ST_SKIP_UNLESS(::snapshot_test::support::python_has("numpy"), "the test interpreter lacks numpy")

/// A run of capture or verify with what it wrote to --json.
struct Report {
  Run run;
  nlohmann::json json;  ///< null where the program wrote no report

  /// status (capture) or verdict (verify) of each case, by label.
  [[nodiscard]] std::map<std::string, std::string> outcomes() const;
  /// The same of one case; "(not reported)" if it is not there.
  [[nodiscard]] std::string of(const std::string& label) const;
  /// The whole entry of one case; null if it is not there.
  [[nodiscard]] nlohmann::json entry(const std::string& label) const;
  [[nodiscard]] std::string text() const;
};

struct RunOptions {
  std::filesystem::path folder;  ///< relative to the sandbox, where it is not absolute
  std::map<std::string, std::string> environment;
  Privileges privileges = Privileges::kInherited;
  std::chrono::seconds deadline{60};
};

/// Everything is below root(), also the program's home and temporary files. Removed at the end.
class Sandbox {
 public:
  Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox();

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path path(const std::filesystem::path& relative) const { return root_ / relative; }

  /// Writes a file, with the folders above it. Python never sees a stale .pyc of it.
  void write(const std::filesystem::path& relative, std::string_view text) const;
  /// benchmarks/__init__.py (empty) and benchmarks/bench.py: the labels are "bench.<name>".
  void write_suite(std::string_view bench) const;
  /// project/lib.py, which suites import as `lib`: the code that is being optimised.
  void write_library(std::string_view text) const { write("project/lib.py", text); }
  [[nodiscard]] std::string read(const std::filesystem::path& relative) const;
  [[nodiscard]] nlohmann::json read_json(const std::filesystem::path& relative) const;
  /// Every file below a folder with its content; folders end in "/".
  [[nodiscard]] std::map<std::string, std::string> tree(const std::filesystem::path& relative) const;

  /// `snapshot_test ARGUMENTS…`, as they are.
  [[nodiscard]] Run run(const std::vector<std::string>& arguments, const RunOptions& options = {}) const;
  [[nodiscard]] std::unique_ptr<Program> start(const std::vector<std::string>& arguments,
                                               const RunOptions& options = {}) const;
  /// Any program, with the environment that run() gives.
  [[nodiscard]] Run run_command(const std::vector<std::string>& command, const RunOptions& options = {}) const;
  [[nodiscard]] static std::string binary() { return SNAPSHOT_TEST_BINARY; }

  /// capture or verify of benchmarks/ with project/ importable, in .snapshots/, with a report.
  [[nodiscard]] Report capture(const std::vector<std::string>& extra = {}, const RunOptions& options = {}) const;
  [[nodiscard]] Report verify(const std::vector<std::string>& extra = {}, const RunOptions& options = {}) const;
  /// What capture() and verify() pass.
  [[nodiscard]] std::vector<std::string> suite_arguments(const std::string& command) const;

 private:
  [[nodiscard]] Report report(const std::string& command, const std::vector<std::string>& extra,
                              const RunOptions& options) const;
  [[nodiscard]] ProgramOptions program_options(const RunOptions& options) const;

  std::filesystem::path root_;
};

}  // namespace snapshot_test::support
