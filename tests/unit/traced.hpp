// Runs a function in a child process that can be killed before any of its changes of files.
#pragma once

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// <linux/ptrace.h> and <sys/ptrace.h> cannot be included together everywhere; this is the former's structure.
struct SyscallInfo {
  std::uint8_t op;
  std::uint8_t pad[3];
  std::uint32_t arch;
  std::uint64_t instruction_pointer;
  std::uint64_t stack_pointer;
  struct {
    std::uint64_t number;
    std::uint64_t arguments[6];
  } entry;
  std::uint64_t rest[2];
};

namespace snapshot_test::store {
/// The system calls that can change a file system, with the argument that names the path (-1: a descriptor or none).
inline const std::map<std::uint64_t, std::pair<std::string, int>>& changing_calls() {
  static const std::map<std::uint64_t, std::pair<std::string, int>> calls{
#ifdef SYS_rename
      {SYS_rename, {"rename", 1}},        {SYS_mkdir, {"mkdir", 0}},     {SYS_unlink, {"unlink", 0}},
      {SYS_rmdir, {"rmdir", 0}},          {SYS_open, {"open", 0}},       {SYS_link, {"link", 1}},
#endif
      {SYS_linkat, {"link", 3}},          {SYS_renameat, {"rename", 3}}, {SYS_renameat2, {"rename", 3}},
      {SYS_mkdirat, {"mkdir", 1}},        {SYS_unlinkat, {"unlink", 1}}, {SYS_openat, {"open", 1}},
      {SYS_write, {"write", -1}},         {SYS_fsync, {"fsync", -1}},    {SYS_syncfs, {"syncfs", -1}},
      {SYS_ftruncate, {"ftruncate", -1}},
  };
  return calls;
}

/// Read a page at a time: the one after the string's end need not be there.
inline std::string string_at(pid_t child, std::uint64_t address) {
  std::string text;
  for (;;) {
    char page[4096];
    const iovec local{page, sizeof page - address % sizeof page};
    const iovec remote{reinterpret_cast<void*>(address), local.iov_len};
    const ssize_t got = ::process_vm_readv(child, &local, 1, &remote, 1, 0);
    const std::string_view part(page, got > 0 ? static_cast<std::size_t>(got) : 0);
    text += part.substr(0, part.find('\0'));
    if (part.empty() || part.find('\0') != std::string_view::npos) {
      return text;
    }
    address += part.size();
  }
}

struct Call {
  std::string name;
  std::string path;
};

/// Runs `body` in a child and tells `before` of each call that may change files, before it happens; where that says
/// no, the child is killed at once. Its exit status; none where it was killed.
inline std::optional<int> traced(const std::function<int()>& body, const std::function<bool(const Call&)>& before) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  for (;;) {
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) {
      return WEXITSTATUS(status);
    }
    if (!WIFSTOPPED(status)) {
      return std::nullopt;
    }
    SyscallInfo info{};
    constexpr std::uint8_t kEntry = 1;
    if (WSTOPSIG(status) != (SIGTRAP | 0x80) ||
        ::ptrace(static_cast<__ptrace_request>(0x420e), child, sizeof info, &info) <= 0 || info.op != kEntry) {
      continue;
    }
    const auto found = changing_calls().find(info.entry.number);
    if (found == changing_calls().end()) {
      continue;
    }
    const auto& [name, argument] = found->second;
    const Call call{name, argument < 0 ? "" : string_at(child, info.entry.arguments[argument])};
    if (!before(call)) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return std::nullopt;
    }
  }
}

}  // namespace snapshot_test::store
