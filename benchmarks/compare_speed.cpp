// compare_speed: times comparisons, for compare_speed.py, which asks in lines of "WHAT REPETITIONS ACTUAL EXPECTED" and
// gets the least nanoseconds that one took. WHAT is "compare", "sketch" (compare, with sketches of what is not identical),
// "explain" (compare, and say what differs), "memcmp" or
// "read" (both files' bytes, read once). One pair of files is kept loaded.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "snapshot_test/compare/explain.hpp"

namespace {

using namespace snapshot_test;

struct Side {
  std::string path;
  std::string bytes;
  std::optional<pickle::Document> document;

  void load(const std::string& from) {
    if (from == path) return;
    document.reset();
    std::ifstream file(from, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    auto read = pickle::read(std::as_bytes(std::span(bytes)));
    if (!read) {
      std::cerr << from << ": " << read.error().message << "\n";
      std::exit(1);
    }
    document.emplace(std::move(*read));
    path = from;
  }
};

volatile std::uint64_t sink = 0;

// As fast as one thread reads: four sums, so that none waits for another, in the widest registers there are.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
std::uint64_t
sum_of(const std::string& bytes) {
  std::uint64_t sums[4] = {};
  for (std::size_t i = 0; i + 32 <= bytes.size(); i += 32) {
    std::uint64_t words[4];
    std::memcpy(words, bytes.data() + i, sizeof words);
    for (int k = 0; k < 4; ++k) sums[k] += words[k];
  }
  return sums[0] + sums[1] + sums[2] + sums[3];
}

std::function<void()> task_of(const std::string& what, const Side& actual, const Side& expected) {
  if (what == "read") return [&] { sink = sum_of(actual.bytes) + sum_of(expected.bytes); };
  if (what == "memcmp") {
    return [&] {
      sink = static_cast<std::uint64_t>(std::memcmp(actual.bytes.data(), expected.bytes.data(),
                                                    std::min(actual.bytes.size(), expected.bytes.size())));
    };
  }
  if (what == "explain") {
    return [&] {
      const auto comparison = compare::compare(*actual.document, *expected.document);
      sink = compare::explain(comparison).size();
    };
  }
  if (what == "sketch") {
    return [&] {
      compare::Options options;
      options.sketches = true;
      sink = static_cast<std::uint64_t>(compare::compare(*actual.document, *expected.document, options).outcome);
    };
  }
  return [&] { sink = static_cast<std::uint64_t>(compare::compare(*actual.document, *expected.document).outcome); };
}

}  // namespace

int main() {
  std::string what;
  int repetitions = 0;
  std::string actual_path;
  std::string expected_path;
  Side actual;
  Side expected;
  while (std::cin >> what >> repetitions >> actual_path >> expected_path) {
    actual.load(actual_path);
    expected.load(expected_path);
    const auto task = task_of(what, actual, expected);
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (int i = 0; i < repetitions; ++i) {
      const auto start = std::chrono::steady_clock::now();
      task();
      const auto took = std::chrono::steady_clock::now() - start;
      least = std::min<std::int64_t>(least, std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
    }
    std::cout << least << std::endl;
  }
  return 0;
}
