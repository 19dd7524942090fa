// Reads numpy's .npy files (format 1.0 to 3.0) as value trees, without numpy and without calling anything.
// Source of the format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstddef>
#include <span>

#include "snapshot_test/pickle/document.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::pickle {

/// Do the bytes begin as an .npy file does?
[[nodiscard]] bool is_npy(std::span<const std::byte> bytes) noexcept;

/// The array, a view of `bytes`, which must outlive the document; arrays of objects are a pickle inside the file.
/// kCorrupt where header and data contradict each other, kUnsupported for a newer format.
[[nodiscard]] Result<Document> read_npy(std::span<const std::byte> bytes);

}  // namespace snapshot_test::pickle
