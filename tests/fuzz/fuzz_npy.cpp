#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  snapshot_test::fuzz::read_npy_file(std::as_bytes(std::span(data, size)));
  return 0;
}
