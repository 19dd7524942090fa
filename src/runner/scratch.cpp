#include "runner/scratch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <system_error>

#include "util/file.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::runner {

namespace fs = std::filesystem;

namespace {

constexpr const char* kLockName = ".lock";
/// Between the making of a folder and its lock.
constexpr std::time_t kMakingSeconds = 10;

std::string prefix() { return fmt::format("snapshot_test-{}-", ::getuid()); }

/// Takes the folder's lock; an invalid Fd if somebody alive holds it.
util::Fd try_lock(const fs::path& folder) {
  util::Fd fd(::open((folder / kLockName).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    fd.reset();
  }
  return fd;
}

/// A folder of ours that nobody alive holds. Without a lock, one is being made, or its removal was killed half-way.
bool is_abandoned(const fs::path& folder) {
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::getuid()) {
    return false;
  }
  std::error_code ignored;
  if (!fs::exists(folder / kLockName, ignored) && std::time(nullptr) - status.st_mtime < kMakingSeconds) {
    return false;
  }
  return try_lock(folder).valid();
}

void remove_abandoned(const fs::path& parent) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, ignored)) {
    if (entry.path().filename().string().rfind(prefix(), 0) == 0 && is_abandoned(entry.path())) {
      remove_folder(entry.path());
    }
  }
}

/// The lock goes last: until then whoever finds the folder knows whose it is.
void remove_locked(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename() != kLockName) {
      remove_folder(entry.path());
    }
  }
  remove_folder(folder);
}

}  // namespace

void remove_folder(const fs::path& folder) {
  if (::rmdir(folder.c_str()) == 0) {  // most are empty
    return;
  }
  std::error_code error;
  fs::remove_all(folder, error);
  if (!error) {
    return;
  }
  for (auto entry = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->is_directory(error) && !entry->is_symlink(error)) {
      fs::permissions(entry->path(), fs::perms::owner_all, fs::perm_options::add, error);
    }
  }
  fs::remove_all(folder, error);
}

Result<Scratch> Scratch::create(For run) {
  const char* configured = std::getenv("TMPDIR");
  const fs::path parent = configured != nullptr && *configured != '\0' ? fs::path(configured) : fs::path("/tmp");
  remove_abandoned(parent);
  std::string name = (fs::absolute(parent) / (prefix() + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) {
    return tl::unexpected(util::io_error("create a temporary folder", name));
  }
  util::Fd lock = try_lock(name);
  if (!lock) {
    return tl::unexpected(util::io_error("lock the temporary folder", name));
  }
  Scratch made(name, name, std::move(lock));
  if (run == For::kSecondRun) {
    auto below = made.make_folder("2");  // short: the path of a socket may have 107 bytes
    if (!below) {
      return tl::unexpected(below.error());
    }
    made.path_ = *below;
  }
  return made;
}

Result<void> Scratch::give_to(uid_t user) {
  user_ = user;
  for (const fs::path& each : {root_, path_}) {
    if (::chown(each.c_str(), user, user) != 0) {
      return tl::unexpected(util::io_error("give away the folder", each));
    }
  }
  return {};
}

Scratch::~Scratch() {
  if (lock_) {
    remove_locked(root_);
  }
}

fs::path Scratch::numbered_folder(const std::string& kind, std::size_t number) const {
  return path_ / fmt::format("{}-{:06}", kind, number);
}

Result<fs::path> Scratch::make_work_folder(const std::string& kind, std::size_t number) const {
  const fs::path folder = numbered_folder(kind, number).lexically_relative(path_);
  TRY(make_folder(folder / "tmp").map([](const auto& /*made*/) {}));
  return make_folder(folder / "work");
}

Result<fs::path> Scratch::make_folder(const std::string& name) const {
  fs::path folder = path_ / name;
  std::error_code error;
  if (!fs::create_directories(folder, error) && error) {
    return tl::unexpected(util::refusal(fmt::format("create the folder '{}'", folder.string()), error.value()));
  }
  for (fs::path at = folder; user_ && at != path_; at = at.parent_path()) {
    if (::chown(at.c_str(), *user_, *user_) != 0) {
      return tl::unexpected(util::io_error("give away the folder", at));
    }
  }
  return folder;
}

}  // namespace snapshot_test::runner
