// A mount namespace of a process's own, in which something empty lies over what is hidden. The process is in a user
// namespace of its own, too. Root's mounts are made before that, by root, so that nobody in there can take them away;
// another user's are made in there, by a process that then gives up what that takes. A namespace that somebody makes
// below begins with mounts that are locked, and nobody in a user namespace can look into processes outside of it.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "seal/methods.hpp"

namespace snapshot_test::seal {

namespace fs = std::filesystem;

namespace {

int write_whole(const char* path, const std::string& text) noexcept {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    return errno;
  }
  const ssize_t written = ::write(fd, text.data(), text.size());
  const int error = written == static_cast<ssize_t>(text.size()) ? 0 : errno;
  ::close(fd);
  return error;
}

class Covered final : public Prepared {
 public:
  explicit Covered(const Paths& hidden) {
    for (const fs::path& each : hidden) {
      cover(each);
    }
    for (const fs::path& each : raw_devices()) {
      cover(each);
    }
    users_ = std::to_string(::geteuid()) + " " + std::to_string(::geteuid()) + " 1";
    groups_ = std::to_string(::getegid()) + " " + std::to_string(::getegid()) + " 1";
  }

  int apply() const noexcept override {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
      return errno;
    }
    const bool as_root = ::unshare(CLONE_NEWNS) == 0;
    if (!as_root) {
      if (const int error = own_user_namespace(); error != 0) {
        return error;
      }
    }
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      return errno;
    }
    for (const std::string& each : folders_) {
      constexpr unsigned long kFlags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
      if (::mount("tmpfs", each.c_str(), "tmpfs", kFlags, "size=4k,nr_inodes=2,mode=0") != 0) {
        return errno;
      }
    }
    for (const std::string& each : files_) {
      if (::mount("/dev/null", each.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        return errno;
      }
    }
    if (as_root) {
      if (const int error = user_namespace_of_root(); error != 0) {
        return error;
      }
    }
    return drop_capabilities();
  }
  const std::vector<Listing>& listings() const noexcept override { return listings_; }

 private:
  void cover(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
      (S_ISDIR(status.st_mode) ? folders_ : files_).push_back(path.string());
    }
  }
  /// In which there is one user, this one.
  int own_user_namespace() const noexcept {
    // The maps of a process that cannot be looked into are root's. Until exec nothing that is sealed can look into it
    // anyway: that is in namespaces of its own.
    ::prctl(PR_SET_DUMPABLE, 1);
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
      return errno;
    }
    int error = write_whole("/proc/self/setgroups", "deny");
    error = error == 0 ? write_whole("/proc/self/uid_map", users_) : error;
    error = error == 0 ? write_whole("/proc/self/gid_map", groups_) : error;
    ::prctl(PR_SET_DUMPABLE, 0);
    return error;
  }
  /// In which there are all users, as they are. A map of more than one has to be written from outside.
  int user_namespace_of_root() const noexcept {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) {
      return errno;
    }
    char users[32];
    char groups[32];
    name_map(users, "/uid_map");
    name_map(groups, "/gid_map");
    const pid_t writer = ::fork();
    if (writer < 0) {
      return errno;
    }
    if (writer == 0) {
      char go = 0;
      ::close(ready[1]);
      const bool told = ::read(ready[0], &go, 1) == 1;
      const int error = told ? write_whole(users, everybody_) : EPERM;
      ::_exit(error == 0 ? write_whole(groups, everybody_) : error);
    }
    const int unshared = ::unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
    if (unshared == 0) {
      (void)!::write(ready[1], "g", 1);
    }
    ::close(ready[0]);
    ::close(ready[1]);
    int status = 0;
    while (::waitpid(writer, &status, 0) < 0 && errno == EINTR) {
    }
    return unshared != 0 ? unshared : WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
  }
  /// "/proc/PID" and `name`.
  static void name_map(char (&path)[32], const char* name) noexcept {
    char digits[16];
    int count = 0;
    for (long left = ::getpid(); left > 0; left /= 10) {
      digits[count++] = static_cast<char>('0' + left % 10);
    }
    char* at = path;
    std::memcpy(at, "/proc/", 6);
    at += 6;
    while (count > 0) {
      *at++ = digits[--count];
    }
    std::memcpy(at, name, std::strlen(name) + 1);
  }

  std::vector<std::string> folders_;
  std::vector<std::string> files_;
  std::string users_;
  std::string groups_;
  std::string everybody_ = "0 0 4294967295";
  std::vector<Listing> listings_;
};

}  // namespace

Result<std::shared_ptr<const Prepared>> prepare_mounts(const Paths& hidden) {
  return std::make_shared<Covered>(hidden);
}

}  // namespace snapshot_test::seal
