// A program that a test starts, feeds nothing, and watches.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace snapshot_test::support {

/// How a finished program ended and what it wrote.
struct Run {
  int status = -1;  ///< exit status; 128 + N if signal N killed it
  std::string out;
  std::string err;
  bool killed_at_deadline = false;

  /// All of it, for failure messages: `EXPECT_EQ(run.status, 0) << run.text()`.
  [[nodiscard]] std::string text() const;
};

enum class Privileges {
  kInherited,
  kBoundByPermissions,  ///< even root may not write where the file permissions forbid it
};

struct ProgramOptions {
  std::filesystem::path folder;  ///< working directory
  std::map<std::string, std::string> environment;
  Privileges privileges = Privileges::kInherited;
};

/// The strings as execve wants them; they must outlive the result.
[[nodiscard]] std::vector<char*> pointers(std::vector<std::string>& strings);

/// A running program in a process group of its own, with stdin empty. The destructor kills the group.
class Program {
 public:
  Program(const std::vector<std::string>& command, const ProgramOptions& options);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// To the program alone, as a terminal's Ctrl-C in a script or `kill` would send it.
  void send(int signal) const;
  /// Waits for the end; past the deadline it kills the group and says so in the result. Call once.
  [[nodiscard]] Run wait(std::chrono::seconds deadline);

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
  std::filesystem::path out_;
  std::filesystem::path err_;
};

}  // namespace snapshot_test::support
