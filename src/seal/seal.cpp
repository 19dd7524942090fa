#include "seal/seal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
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

struct Identity {
  std::string path;
  dev_t device;
  ino_t inode;
};

/// What a sealed process of our own tries to open, and whether it can look into this one.
class Probe {
 public:
  explicit Probe(const Paths& hidden) {
    for (const fs::path& each : hidden) {
      add(each);
      if (fs::is_directory(each)) {
        add(some_file_in(each));
      }
    }
  }

  /// Empty where nothing can be reached.
  [[nodiscard]] std::string look(const Prepared& prepared) const {
    const pid_t supervisor = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
      return util::refusal("fork", errno).message;
    }
    if (pid == 0) {
      const rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      if (const int error = prepared.apply(); error != 0) {
        ::_exit(error);
      }
      ::_exit(reaches(supervisor) ? kReached : 0);
    }
    const util::KeptChild kept(pid);
    const int status = util::wait_for(pid);
    if (!WIFEXITED(status)) {
      return "a process that tried it was " + util::describe_wait_status(status);
    }
    const int code = WEXITSTATUS(status);
    return code == 0          ? ""
           : code == kReached ? "what is to be hidden can still be reached"
                              : fmt::format("the machine refuses it: {}", std::strerror(code));
  }

 private:
  static constexpr int kReached = 255;

  void add(const fs::path& path) {
    struct stat status {};
    if (!path.empty() && ::stat(path.c_str(), &status) == 0) {
      targets_.push_back({path.string(), status.st_dev, status.st_ino});
    }
  }
  [[nodiscard]] bool reaches(pid_t supervisor) const {
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
      return true;
    }
    return std::any_of(targets_.begin(), targets_.end(), [](const Identity& target) {
      const int fd = ::open(target.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
      struct stat status {};
      return fd >= 0 && ::fstat(fd, &status) == 0 && status.st_dev == target.device && status.st_ino == target.inode;
    });
  }

  std::vector<Identity> targets_;
};

}  // namespace

Result<std::shared_ptr<const Seal>> Seal::make(Wanted wanted) {
  Paths hidden;
  for (const fs::path& each : wanted.hidden) {
    hidden.push_back(resolved(each));
  }
  hidden = with_other_names(hidden);
  ::prctl(PR_SET_DUMPABLE, 0);
  const Probe probe(hidden);
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
