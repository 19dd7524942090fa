// Which modules need not be imported to find what a filter matches.
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace snapshot_test::host::discovery {

/// Full names of modules, and of packages with all below them, that hold no benchmark which `regex` can match: by their
/// source alone, nothing is imported. Rather too few than too many: what is not plainly written out is not among them.
/// `wanted`: modules, named without the root package, that are not among them whatever they hold. A valid regex. Needs
/// the GIL; never throws.
[[nodiscard]] std::set<std::string> modules_to_skip(const std::filesystem::path& benchmark_dir,
                                                    const std::string& regex, const std::set<std::string>& wanted);

}  // namespace snapshot_test::host::discovery
