// Any bytes, read as a pickle; what was read is walked and described.
#include "fuzz/walk.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace snapshot_test;
  const auto document = pickle::read(std::as_bytes(std::span(data, size)), pickle::Trailing::kAllow);
  if (!document) return 0;
  fuzz::require(document->nodes() <= 3 * size + 4);
  fuzz::require(document->consumed() <= size);
  fuzz::Walk().over(document->root());
  return 0;
}
