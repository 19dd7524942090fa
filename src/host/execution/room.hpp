// Has the machine what this program needs to run a case? What it lacks says nothing about the case.
#pragma once

#include <pybind11/pybind11.h>

#include <filesystem>
#include <optional>
#include <string>

namespace snapshot_test::host::execution {

/// What this process has too little of before any code of a benchmark runs: open files, memory, or space in `folder`,
/// where it writes. One line that says what to do; nothing if all is well. A case that uses up what there was then has
/// itself to blame.
[[nodiscard]] std::optional<std::string> missing_room(const std::filesystem::path& folder);

/// Was code whose exception has this errno refused something that the machine still refuses (a process, space in
/// `folder`, a large file)? To be asked once what the code has left behind is gone, and where it has not lowered its
/// own limits. What lies below `own` the code has written itself.
[[nodiscard]] bool is_refused_still(int error, const std::filesystem::path& folder,
                                    const std::filesystem::path& own = {});

/// Is it what lies below `own` that leaves no space in `folder`?
[[nodiscard]] bool has_filled(const std::filesystem::path& own, const std::filesystem::path& folder);

/// The errno that an exception stands for: of an OSError, or EAGAIN where no thread could be started; 0 for others. GIL
/// held; never throws.
[[nodiscard]] int errno_of(const pybind11::error_already_set& error);

}  // namespace snapshot_test::host::execution
