// Reads a pickle (protocols 0-5) into a value tree, without Python and without calling anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "snapshot_test/pickle/value.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::pickle {

/// One value tree. Owns the nodes, and shares them with its copies; the bytes it was read from must outlive it. Reading
/// it is thread safe.
class Document {
 public:
  /// `nodes_owner` keeps the nodes, `root` among them. `extent`: bytes that the nodes may refer to.
  Document(std::shared_ptr<const void> nodes_owner, const Value& root, std::uint64_t nodes, std::uint64_t consumed,
           std::uint64_t extent)
      : nodes_owner_(std::move(nodes_owner)), root_(&root), nodes_(nodes), consumed_(consumed), extent_(extent) {}

  [[nodiscard]] const Value& root() const noexcept { return *root_; }
  /// Nodes allocated; never more than three for each byte of the pickle, and four.
  [[nodiscard]] std::uint64_t nodes() const noexcept { return nodes_; }
  /// Length of the pickle, up to and including its STOP.
  [[nodiscard]] std::uint64_t consumed() const noexcept { return consumed_; }
  /// Length of the pickle and of its buffers; of a value that was never pickled, the size of its memory.
  [[nodiscard]] std::uint64_t extent() const noexcept { return extent_; }

 private:
  std::shared_ptr<const void> nodes_owner_;
  const Value* root_;
  std::uint64_t nodes_;
  std::uint64_t consumed_;
  std::uint64_t extent_;
};

/// What to do with bytes after the pickle's STOP.
enum class Trailing { kReject, kAllow };

/// kCorrupt where the bytes are not a pickle, kUnsupported for a newer protocol or out-of-band buffers. Time and memory
/// are linear in the number of bytes, whatever they are; array data, strings and bytes are not copied.
[[nodiscard]] Result<Document> read(std::span<const std::byte> bytes, Trailing trailing = Trailing::kReject);

/// A pickle of this process whose large parts are elsewhere: protocol 5's out-of-band buffers, in the order of their
/// opcodes. They must outlive the document, too; nothing of them is copied. kCorrupt unless each is used exactly once.
[[nodiscard]] Result<Document> read(std::span<const std::byte> bytes,
                                    std::span<const std::span<const std::byte>> buffers,
                                    Trailing trailing = Trailing::kReject);

}  // namespace snapshot_test::pickle
