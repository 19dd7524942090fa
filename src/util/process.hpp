// Child processes: short ones that this program starts and waits for, and the list of all that this process has.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "snapshot_test/util/result.hpp"
#include "util/fd.hpp"

namespace snapshot_test::util {

/// Runs argv[0] (a path) to its end with empty stdin and returns its stdout. kIo if the machine refuses
/// what that takes; kPython if it cannot be executed, does not exit with 0, or takes longer than `seconds`: the message
/// ends with what it wrote to stderr.
[[nodiscard]] Result<std::string> run_and_read(std::vector<std::string> argv, double seconds = 30);

/// Called in a new process before it executes anything; 0, or an errno that says why it must not. Calls nothing but the
/// kernel.
using BeforeExec = std::function<int()>;

/// The same of a process that something is done in before it executes `argv`; its current folder is "/".
[[nodiscard]] Result<std::string> run_and_read(std::vector<std::string> argv, const BeforeExec& before,
                                               double seconds = 30);

/// A process that is forked and executes `argv` (argv[0] is a path) with `environment`. Of its descriptors it has these
/// (ours, theirs) and no other; no signal is blocked, none ignored that only this process ignores.
struct ForkedStart {
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  std::vector<std::pair<int, int>> descriptors;
  bool own_group = false;
  BeforeExec before;
};
/// kIo where the machine refuses it; kPython where `argv` cannot be executed.
[[nodiscard]] Result<pid_t> fork_and_execute(ForkedStart start);

/// Starts argv[0] (a path) with these as its standard streams, in a process group of its own, so that Ctrl-C reaches
/// this program alone, which then says what is to end; no signal is blocked. `what` names it in the error: kIo where
/// the machine refuses what that takes, else `other`.
[[nodiscard]] Result<pid_t> spawn_in_own_group(std::vector<std::string> argv, std::string_view what, ErrorKind other,
                                               const Fd& input, const Fd& output, const Fd& errors);

/// What execve() and posix_spawn() take: pointers into `words`, which must outlive them, and a null behind the last.
[[nodiscard]] std::vector<char*> c_strings(std::vector<std::string>& words);

/// Both ends close-on-exec.
struct Pipe {
  Fd read;
  Fd write;
};
/// kIo where the machine refuses one.
[[nodiscard]] Result<Pipe> make_pipe();

/// Waits until a child has ended, and reaps it: its wait status, 0 for no child of ours.
int wait_for(pid_t pid);

/// Kills what is left of the process group of a child that has ended, or is to, and reaps the child: until then its pid
/// cannot have been given to anybody else. As wait_for().
int kill_group_and_reap(pid_t pid);

/// "killed by SIGSEGV", "exit status 3": what waitpid() reported.
[[nodiscard]] std::string describe_wait_status(int status);

/// The children of this process, adopted ones and zombies among them, but none that is kept (KeptChild). Reads /proc;
/// empty where that is not mounted.
[[nodiscard]] std::vector<pid_t> child_processes();

/// The threads of this process. Reads /proc; empty where that is not mounted.
[[nodiscard]] std::vector<pid_t> threads();

/// "sleep 1000": the words a process was started with, or its name where it has none (yet), at most `length` bytes of
/// them; empty if it has gone.
[[nodiscard]] std::string command_line(pid_t pid, std::size_t length);

/// Has it ended, and nobody taken note?
[[nodiscard]] bool is_zombie(pid_t pid);

/// How long the process's first thread has waited for a processor that others had, since it began. Reads
/// /proc/PID/schedstat (the kernel's Documentation/scheduler/sched-stats); zero where there is none.
[[nodiscard]] std::chrono::nanoseconds waited_for_processor(pid_t pid);

/// Kills all children of this process, and what becomes its child by that (PR_SET_CHILD_SUBREAPER), until none is left
/// but those that are kept. Does nothing where /proc is not mounted.
void kill_children();

/// A child that belongs to no run of benchmarks: as long as this lives, nobody who cleans up after one takes it for
/// what a benchmark has left behind.
class KeptChild {
 public:
  explicit KeptChild(pid_t pid);
  KeptChild(const KeptChild&) = delete;
  KeptChild& operator=(const KeptChild&) = delete;
  ~KeptChild();

 private:
  pid_t pid_;
};

}  // namespace snapshot_test::util
