#include "snapshot_test/pickle/document.hpp"

#include <fmt/format.h>

#include "pickle/machine.hpp"

namespace snapshot_test::pickle {

namespace {

Result<Document> run(Machine& machine, std::uint64_t size, std::uint64_t extent, Trailing trailing) {
  auto root = machine.run();
  if (!root) return tl::unexpected(root.error());
  if (trailing == Trailing::kReject && machine.position() != size) {
    return fail(ErrorKind::kCorrupt, fmt::format("not a readable pickle: {} bytes follow its end at byte {}",
                                                 size - machine.position(), machine.position()));
  }
  if (machine.buffers_left() != 0) {
    return fail(ErrorKind::kCorrupt,
                fmt::format("not a readable pickle: it leaves {} of its buffers unused", machine.buffers_left()));
  }
  Builder& builder = machine.builder();
  const std::uint64_t nodes = builder.nodes();
  return Document(builder.take_arena(), **root, nodes, machine.position(), extent);
}

}  // namespace

Result<Document> read(std::span<const std::byte> bytes, Trailing trailing) {
  Machine machine(bytes);
  return run(machine, bytes.size(), bytes.size(), trailing);
}

Result<Document> read(std::span<const std::byte> bytes, std::span<const std::span<const std::byte>> buffers,
                      Trailing trailing) {
  std::uint64_t extent = bytes.size();
  for (const auto& buffer : buffers) extent += buffer.size();
  Machine machine(bytes, buffers);
  return run(machine, bytes.size(), extent, trailing);
}

}  // namespace snapshot_test::pickle
