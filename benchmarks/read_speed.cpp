// read_speed: times reading pickles, for read_speed.py, which asks in lines of "REPETITIONS PATH" and gets the least
// nanoseconds that one reading took, the freeing of what was read included.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <span>
#include <string>

#include "snapshot_test/pickle/document.hpp"

namespace {

using namespace snapshot_test;

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::int64_t nanoseconds_of_one(const std::string& pickle) {
  const auto start = std::chrono::steady_clock::now();
  {
    const auto document = pickle::read(std::as_bytes(std::span(pickle)));
    if (!document) {
      std::cerr << document.error().message << "\n";
      std::exit(1);
    }
  }
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main() {
  std::string pickle;
  std::string loaded;
  std::string path;
  int repetitions = 0;
  while (std::cin >> repetitions >> path) {
    if (path != loaded) {
      pickle = slurp(path);
      loaded = path;
    }
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (int i = 0; i < repetitions; ++i) least = std::min(least, nanoseconds_of_one(pickle));
    std::cout << least << std::endl;
  }
  return 0;
}
