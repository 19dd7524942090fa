// Landlock: a process that has given itself a rule set is refused what no rule allows. Rules allow, for all that is
// below a file or folder; none takes away. So what is hidden gets no rule, and neither do the folders above it, all of
// whose other entries get one.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <set>
#include <utility>

#include "seal/methods.hpp"
#include "util/fd.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::seal {

namespace fs = std::filesystem;

namespace {

// include/uapi/linux/landlock.h of Linux 6.15; the headers here may be older.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr unsigned kVersion = 1;
constexpr int kPathBeneath = 1;

struct RulesetAttr {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};
struct [[gnu::packed]] PathBeneathAttr {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};

constexpr std::uint64_t bit(unsigned number) { return std::uint64_t{1} << number; }
constexpr std::uint64_t kExecute = bit(0);
constexpr std::uint64_t kWriteFile = bit(1);
constexpr std::uint64_t kReadFile = bit(2);
constexpr std::uint64_t kMakeChar = bit(6);
constexpr std::uint64_t kMakeBlock = bit(11);
constexpr std::uint64_t kFirstVersion = bit(13) - 1;
constexpr std::uint64_t kRefer = bit(13);           // version 2
constexpr std::uint64_t kTruncate = bit(14);        // version 3
constexpr std::uint64_t kIoctlDev = bit(15);        // version 5
constexpr std::uint64_t kScopes = bit(0) | bit(1);  // version 6: abstract UNIX sockets, signals

/// Without kRefer, files cannot be renamed or linked from folder to folder at all.
constexpr int kLeastVersion = 2;
/// A folder with more names than this is not listed for those that cannot list it themselves.
constexpr std::size_t kMostListed = 20'000;

std::uint64_t handled_by(int version) {
  return kFirstVersion | kRefer | (version >= 3 ? kTruncate : 0) | (version >= 5 ? kIoctlDev : 0);
}

class Landlocked final : public Prepared {
 public:
  Landlocked(util::Fd rules, std::vector<Listing> listings)
      : rules_(std::move(rules)), listings_(std::move(listings)) {}

  int apply() const noexcept override {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
      return errno;
    }
    // Before the capabilities go: both work without them, and neither undoes the other.
    if (::syscall(kRestrictSelf, rules_.get(), 0) != 0) {
      return errno;
    }
    return drop_capabilities();
  }
  const std::vector<Listing>& listings() const noexcept override { return listings_; }

 private:
  util::Fd rules_;
  std::vector<Listing> listings_;
};

class RuleSet {
 public:
  static Result<RuleSet> create(int version) {
    RulesetAttr attributes{handled_by(version), 0, version >= 6 ? kScopes : 0};
    const std::size_t size = version >= 6 ? sizeof attributes : version >= 4 ? 16 : 8;
    util::Fd fd(static_cast<int>(::syscall(kCreateRuleset, &attributes, size, 0)));
    if (!fd) {
      return fail(ErrorKind::kUnsupported, fmt::format("the kernel refuses a rule set: {}", std::strerror(errno)));
    }
    return RuleSet(std::move(fd), attributes.handled_access_fs);
  }

  /// Of something that has gone meanwhile, or is no file with rules (a link), nothing.
  [[nodiscard]] Result<void> allow(const fs::path& path) {
    const util::Fd fd(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || S_ISLNK(status.st_mode)) {
      return {};
    }
    const std::uint64_t of_files = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDev;
    const std::uint64_t wanted = S_ISDIR(status.st_mode) ? handled_ & ~(kMakeBlock | kMakeChar) : handled_ & of_files;
    PathBeneathAttr rule{wanted, fd.get()};
    if (::syscall(kAddRule, fd_.get(), kPathBeneath, &rule, 0) != 0 && errno != EBADFD) {
      return tl::unexpected(util::refusal(fmt::format("allow '{}' to sealed processes", path.string()), errno));
    }
    return {};
  }
  util::Fd take() { return std::move(fd_); }

 private:
  RuleSet(util::Fd fd, std::uint64_t handled) : fd_(std::move(fd)), handled_(handled) {}

  util::Fd fd_;
  std::uint64_t handled_;
};

char kind_of(const fs::directory_entry& entry) {
  std::error_code unknown;
  switch (entry.symlink_status(unknown).type()) {
    case fs::file_type::directory: return 'd';
    case fs::file_type::regular: return 'f';
    case fs::file_type::symlink: return 'l';
    default: return '?';
  }
}

}  // namespace

Result<std::shared_ptr<const Prepared>> prepare_landlock(const Paths& hidden) {
  const auto version = static_cast<int>(::syscall(kCreateRuleset, nullptr, 0, kVersion));
  if (version < 0) {
    return fail(ErrorKind::kUnsupported,
                errno == EOPNOTSUPP ? "Landlock is switched off in this kernel (its parameter lsm= may name it)"
                                    : "the kernel has no Landlock, or does not let it be used here");
  }
  if (version < kLeastVersion) {
    return fail(ErrorKind::kUnsupported,
                "the kernel's Landlock is of version 1, with which files cannot be moved between folders");
  }
  TRY_ASSIGN(RuleSet rules, RuleSet::create(version));
  Paths without_rule = hidden;
  const Paths devices = raw_devices();
  without_rule.insert(without_rule.end(), devices.begin(), devices.end());
  const std::vector<fs::path> above = folders_above(without_rule);
  const std::set<fs::path> skipped = [&] {
    std::set<fs::path> all(without_rule.begin(), without_rule.end());
    all.insert(above.begin(), above.end());
    return all;
  }();
  std::vector<Listing> listings;
  for (const fs::path& folder : above) {
    Listing& listing = listings.emplace_back(Listing{folder.string(), {}});
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      if (listing.entries.size() < kMostListed) {
        listing.entries.push_back({at->path().filename().string(), kind_of(*at)});
      }
      if (!skipped.contains(at->path())) {
        TRY(rules.allow(at->path()));
      }
    }
    if (listing.entries.size() >= kMostListed) {
      listings.pop_back();
    }
  }
  return std::make_shared<Landlocked>(rules.take(), std::move(listings));
}

}  // namespace snapshot_test::seal
