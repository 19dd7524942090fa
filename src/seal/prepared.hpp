// A seal for one process, made ready in the process that starts it.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snapshot_test::seal {

/// In the order in which they are tried.
enum class Method {
  kLandlock,  ///< the kernel refuses what is not allowed (Linux 5.19; its documentation, userspace-api/landlock)
  kMount,     ///< a mount namespace of its own, in which something empty lies over the paths
  kUid,       ///< another user, who may not read them; takes root
};
inline constexpr std::array<std::string_view, 3> kMethodNames = {"landlock", "mount", "uid"};
[[nodiscard]] inline std::string_view name(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

/// The names in a folder, which a sealed process may be refused to list.
struct Listing {
  std::string folder;
  struct Entry {
    std::string name;
    char kind = '?';  ///< 'd' folder, 'f' regular file, 'l' link, '?' anything else
  };
  std::vector<Entry> entries;
};

/// Made ready in the process that starts others.
class Prepared {
 public:
  virtual ~Prepared() = default;
  /// In the child, between fork() and exec: calls nothing but the kernel. 0, or an errno.
  [[nodiscard]] virtual int apply() const noexcept = 0;
  /// Folders that the sealed process can enter, and not list.
  [[nodiscard]] virtual const std::vector<Listing>& listings() const noexcept = 0;
};

}  // namespace snapshot_test::seal
