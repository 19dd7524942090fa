#include "snapshot_test/pickle/document.hpp"

#include <fmt/format.h>

#include <utility>

#include "pickle/machine.hpp"

namespace snapshot_test::pickle {

Document::Document(std::unique_ptr<Arena> arena, const Value& root, std::uint64_t nodes, std::uint64_t consumed)
    : arena_(std::move(arena)), root_(&root), nodes_(nodes), consumed_(consumed) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Result<Document> read(std::span<const std::byte> bytes, Trailing trailing) {
  Machine machine(bytes);
  auto root = machine.run();
  if (!root) return tl::unexpected(root.error());
  if (trailing == Trailing::kReject && machine.position() != bytes.size()) {
    return fail(ErrorKind::kCorrupt, fmt::format("not a readable pickle: {} bytes follow its end at byte {}",
                                                 bytes.size() - machine.position(), machine.position()));
  }
  Builder& builder = machine.builder();
  const std::uint64_t nodes = builder.nodes();
  return Document(builder.take_arena(), **root, nodes, machine.position());
}

}  // namespace snapshot_test::pickle
