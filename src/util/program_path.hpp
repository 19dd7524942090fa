// Where a program may lie.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace snapshot_test::util {

/// The files that a program of this name may be, in the order in which they are tried: `name` in each folder of `path`,
/// which has the form of $PATH; null stands for the usual folders. A name with a '/' is the only one. Empty entries,
/// which would be the current folder, are left out.
[[nodiscard]] std::vector<std::string> program_candidates(const std::string& name, const char* path);

/// The first of the candidates on $PATH that can be executed.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

}  // namespace snapshot_test::util
