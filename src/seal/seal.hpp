// Paths that a process and all that it starts cannot reach, while everything else stays as it is.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "seal/prepared.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::seal {

class Seal {
 public:
  struct Wanted {
    std::vector<std::filesystem::path> hidden;  ///< files and folders
    /// The same of what may be read, and not written: as another user it is not hidden.
    std::vector<std::filesystem::path> kept;
    std::vector<std::filesystem::path> listed;  ///< folders that the sealed process has to list
    std::optional<Method> method;               ///< none: the first that works
  };
  /// Chooses a method and tries it: a process of our own is sealed and looks for what is hidden. kUnsupported, with
  /// what is wrong with each method, where none works. From now on this process cannot be looked into by others of its
  /// user (PR_SET_DUMPABLE).
  [[nodiscard]] static Result<std::shared_ptr<const Seal>> make(Wanted wanted);

  [[nodiscard]] Method method() const { return method_; }
  /// For processes that are started from now on: what is there now can be reached, but for what is hidden.
  [[nodiscard]] Result<std::shared_ptr<const Prepared>> prepare() const;
  /// Whose files sealed processes may write, where they run as somebody else.
  [[nodiscard]] std::optional<uid_t> user() const;

 private:
  Seal(Method method, std::vector<std::filesystem::path> hidden) : method_(method), hidden_(std::move(hidden)) {}

  Method method_;
  std::vector<std::filesystem::path> hidden_;  ///< resolved, with the other places at which they are mounted
};

}  // namespace snapshot_test::seal
