// Files that hold values and are neither pickles nor .npy files: what they are and what to do with them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace snapshot_test::inspect {

/// "a .npz archive of 2 arrays (a, b): unpack it with …"; nothing for what is not known. `file` is its name, for the
/// command to type.
[[nodiscard]] std::optional<std::string> other_format(std::span<const std::byte> bytes, const std::string& file);

/// joblib's own format: a pickle with the bytes of arrays between its opcodes. Nothing for anything else.
[[nodiscard]] std::optional<std::string> joblib_format(std::span<const std::byte> bytes);

}  // namespace snapshot_test::inspect
