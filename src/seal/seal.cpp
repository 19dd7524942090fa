#include "seal/seal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "seal/methods.hpp"
#include "util/fd.hpp"
#include "util/process.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::seal {

namespace fs = std::filesystem;

namespace {

/// Where there is no user "nobody".
constexpr uid_t kNobody = 65534;

uid_t nobody() {
  const passwd* entry = ::getpwnam("nobody");  // NOLINT(concurrency-mt-unsafe): no other thread asks
  return entry != nullptr && entry->pw_uid != 0 ? entry->pw_uid : kNobody;
}

class AnotherUser final : public Prepared {
 public:
  explicit AnotherUser(uid_t user) : user_(user) {}
  int apply() const noexcept override {
    const bool changed = ::setgroups(0, nullptr) == 0 && ::setresgid(user_, user_, user_) == 0 &&
                         ::setresuid(user_, user_, user_) == 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    return changed ? 0 : errno;
  }
  const std::vector<Listing>& listings() const noexcept override { return listings_; }

 private:
  uid_t user_;
  std::vector<Listing> listings_;
};

Result<std::shared_ptr<const Prepared>> prepare_by(Method method, const Paths& hidden) {
  switch (method) {
    case Method::kLandlock: return prepare_landlock(hidden);
    case Method::kMount: return prepare_mounts(hidden);
    case Method::kUid: break;
  }
  if (::geteuid() != 0) {
    return fail(ErrorKind::kUnsupported, "only root can start processes of another user");
  }
  return std::make_shared<AnotherUser>(nobody());
}

/// One that is not there: the first of its folders that is not there either, so that it cannot be made.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path known = fs::absolute(path).lexically_normal();
  for (fs::path missing; known.has_relative_path(); known = known.parent_path()) {
    if (fs::exists(known, error)) {
      const fs::path real = fs::canonical(known, error);
      return missing.empty() || error ? real : real / missing;
    }
    if (const fs::path name = known.filename(); !name.empty()) {
      missing = name;
    }
  }
  return fs::absolute(path).lexically_normal();
}

/// One line of /proc/self/mountinfo (proc(5)).
struct Mount {
  std::string device;
  fs::path root;   ///< in the file system
  fs::path point;  ///< where it is mounted
};

std::string without_escapes(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::vector<Mount> mounts() {
  std::vector<Mount> found;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string id;
    std::string parent;
    Mount mount;
    std::string root;
    std::string point;
    if (words >> id >> parent >> mount.device >> root >> point) {
      mount.root = without_escapes(root);
      mount.point = without_escapes(point);
      found.push_back(std::move(mount));
    }
  }
  return found;
}

/// Is it the folder, or below it?
bool is_within(const fs::path& path, const fs::path& folder) {
  const auto [in_folder, in_path] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return in_folder == folder.end() || (*in_folder).empty();
}

/// The same files under other names: what is mounted twice.
Paths with_other_names(const Paths& hidden) {
  const std::vector<Mount> all = mounts();
  std::set<fs::path> names(hidden.begin(), hidden.end());
  for (const fs::path& path : hidden) {
    const Mount* holder = nullptr;
    for (const Mount& mount : all) {  // the last one at a place hides those before it
      if (is_within(path, mount.point) &&
          (holder == nullptr || mount.point.string().size() >= holder->point.string().size())) {
        holder = &mount;
      }
    }
    if (holder == nullptr) {
      continue;
    }
    const fs::path inside = (holder->root / path.lexically_relative(holder->point)).lexically_normal();
    for (const Mount& mount : all) {
      if (&mount == holder || mount.device != holder->device) {
        continue;
      }
      if (is_within(inside, mount.root)) {
        const fs::path rest = inside.lexically_relative(mount.root);
        names.insert(rest == "." ? mount.point : (mount.point / rest).lexically_normal());
      } else if (is_within(mount.root, inside)) {
        names.insert(mount.point);
      }
    }
  }
  return {names.begin(), names.end()};
}

/// A file in a folder, if there is one within reach.
fs::path some_file_in(const fs::path& folder) {
  std::error_code error;
  std::size_t looked_at = 0;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end && looked_at < 10'000;
       at.increment(error), ++looked_at) {
    if (at->is_regular_file(error)) {
      return at->path();
    }
  }
  return {};
}

enum class Access { kRead, kWrite };

/// What a sealed process of our own tries to open, and whether it can look into this one.
class Probe {
 public:
  void add(const fs::path& path, Access access) {
    add_one(path, access);
    if (access == Access::kRead && fs::is_directory(path)) {
      add_one(some_file_in(path), access);
    }
  }

  /// Empty where nothing can be reached.
  [[nodiscard]] std::string look(const Prepared& prepared) const {
    Finding* finding = static_cast<Finding*>(
        ::mmap(nullptr, sizeof(Finding), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    if (finding == MAP_FAILED) {
      return util::refusal("map a page", errno).message;
    }
    *finding = Finding{0, kNotDone};
    const pid_t supervisor = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
      const rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      finding->error = prepared.apply();
      if (finding->error == 0) {
        finding->reached = first_within_reach(supervisor);
      }
      ::_exit(0);
    }
    if (pid > 0) {
      const util::KeptChild kept(pid);
      (void)util::wait_for(pid);
    }
    const Finding found = *finding;
    ::munmap(finding, sizeof(Finding));
    if (found.error != 0) {
      return fmt::format("the machine refuses it: {}", std::strerror(found.error));
    }
    switch (found.reached) {
      case kNothing: return "";
      case kNotDone: return "a process that was to try it has not come to its end";
      case kMemory: return "the memory of the process that compares can be read";
      default: break;
    }
    const Target& target = targets_[static_cast<std::size_t>(found.reached)];
    return fmt::format("'{}' can still be {}", target.path, target.access == Access::kRead ? "read" : "written");
  }

 private:
  static constexpr int kNothing = -1;
  static constexpr int kNotDone = -2;
  static constexpr int kMemory = -3;
  struct Finding {
    int error;    ///< of apply()
    int reached;  ///< place among the targets, or one of the above
  };
  struct Target {
    std::string path;
    Access access;
    dev_t device;
    ino_t inode;
  };

  void add_one(const fs::path& path, Access access) {
    struct stat status {};
    if (!path.empty() && ::stat(path.c_str(), &status) == 0) {
      targets_.push_back({path.string(), access, status.st_dev, status.st_ino});
    }
  }
  [[nodiscard]] int first_within_reach(pid_t supervisor) const {
    char memory[64] = "/proc/";
    char* at = memory + std::strlen(memory);
    char digits[16];
    int count = 0;
    for (long left = supervisor; left > 0; left /= 10) {
      digits[count++] = static_cast<char>('0' + left % 10);
    }
    while (count > 0) {
      *at++ = digits[--count];
    }
    std::memcpy(at, "/mem", 5);
    if (::open(memory, O_RDONLY | O_CLOEXEC) >= 0) {
      return kMemory;
    }
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const Target& target = targets_[i];
      const int mode = target.access == Access::kRead ? O_RDONLY : O_WRONLY;
      const int fd = ::open(target.path.c_str(), mode | O_CLOEXEC | O_NONBLOCK);
      struct stat status {};
      if (fd >= 0 && ::fstat(fd, &status) == 0 && status.st_dev == target.device && status.st_ino == target.inode) {
        return static_cast<int>(i);
      }
    }
    return kNothing;
  }

  std::vector<Target> targets_;
};

}  // namespace

Result<std::shared_ptr<const Seal>> Seal::make(Wanted wanted) {
  const auto all_names = [](const Paths& paths) {
    Paths names;
    std::transform(paths.begin(), paths.end(), std::back_inserter(names), resolved);
    return with_other_names(names);
  };
  Probe probe;
  Paths hidden = all_names(wanted.hidden);
  for (const fs::path& each : hidden) {
    probe.add(each, Access::kRead);
  }
  for (const fs::path& each : all_names(wanted.kept)) {
    probe.add(each, Access::kWrite);
    hidden.push_back(each);
  }
  ::prctl(PR_SET_DUMPABLE, 0);
  std::string why;
  const auto wrong = [&](Method method, const std::string& what) {
    why += fmt::format("{}{}: {}", why.empty() ? "" : "; ", name(method), what);
  };
  for (const Method method : {Method::kLandlock, Method::kMount, Method::kUid}) {
    if (wanted.method && *wanted.method != method) {
      continue;
    }
    if (method == Method::kLandlock) {
      const std::vector<fs::path> above = folders_above(hidden);
      const auto listed = std::find_if(wanted.listed.begin(), wanted.listed.end(), [&](const fs::path& each) {
        return std::find(above.begin(), above.end(), resolved(each)) != above.end();
      });
      if (listed != wanted.listed.end()) {
        wrong(method, fmt::format("what is to be hidden is in '{}', whose files have to be listed", listed->string()));
        continue;
      }
    }
    const auto prepared = prepare_by(method, hidden);
    if (!prepared) {
      wrong(method, prepared.error().message);
      continue;
    }
    if (std::string reached = probe.look(**prepared); !reached.empty()) {
      wrong(method, reached);
      continue;
    }
    return std::shared_ptr<const Seal>(new Seal(method, std::move(hidden)));
  }
  return fail(ErrorKind::kUnsupported, why);
}

Result<std::shared_ptr<const Prepared>> Seal::prepare() const { return prepare_by(method_, hidden_); }

std::optional<uid_t> Seal::user() const { return method_ == Method::kUid ? std::optional(nobody()) : std::nullopt; }

}  // namespace snapshot_test::seal
