// What a case leaves running.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace snapshot_test::host::execution {

/// Watches from its construction on, in the process of a case: that process becomes the parent of what its children
/// leave behind, so that a daemon is found too.
class Leftovers {
 public:
  Leftovers();

  /// Kills the processes that still run, and says what they were: "left 1 process running: sleep 1000". Threads that
  /// were not there before are named; they end with the process. GIL held; never throws.
  [[nodiscard]] std::vector<std::string> clear() const;

 private:
  [[nodiscard]] std::vector<pid_t> new_threads() const;

  std::vector<pid_t> threads_;  ///< those of this process when it began
};

}  // namespace snapshot_test::host::execution
