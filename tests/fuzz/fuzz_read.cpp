#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  snapshot_test::fuzz::read_one(std::as_bytes(std::span(data, size)));
  snapshot_test::fuzz::reduce_one(std::as_bytes(std::span(data, size)));
  return 0;
}
