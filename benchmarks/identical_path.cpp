// How fast a live value is found identical to its snapshot: memcmp and zstd alone are the peers.
//
//   identical_path [MEGABYTES] [ROUNDS]
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <vector>

#include "store/compare_sink.hpp"
#include "store/file_objects.hpp"
#include "util/file.hpp"

namespace {

using snapshot_test::store::CompareSink;
using snapshot_test::store::Compression;
using snapshot_test::store::FileObjectReader;
using snapshot_test::store::Sha256;
namespace fs = std::filesystem;

constexpr std::size_t kChunk = 256 * 1024;

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

template <class T>
T must(snapshot_test::Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}\n", result.error().message);
  std::exit(1);
}

/// Numbers that zstd makes nothing of, or (with few bits) much.
std::vector<std::uint64_t> numbers(std::size_t count, unsigned bits) {
  std::vector<std::uint64_t> out(count);
  std::uint64_t state = 88172645463325252U;
  for (std::uint64_t& number : out) {
    state ^= state << 13;  // xorshift64
    state ^= state >> 7;
    state ^= state << 17;
    number = state >> (64 - bits);
  }
  return out;
}

struct Case {
  const char* name;
  unsigned bits;
  Compression compression;
};

void measure(const Case& each, std::size_t megabytes, int rounds, const fs::path& folder) {
  const std::vector<std::uint64_t> live = numbers((megabytes << 20) / 8, each.bits);
  const auto bytes = std::as_bytes(std::span(live));
  auto writer = must(snapshot_test::store::create_object_file(folder, folder / "known", each.compression));
  if (auto written = writer->write(bytes); !written) std::exit(1);
  const auto object = must(writer->finish());
  const std::vector<fs::path> folders = {folder};
  const auto open = [&] { return must(FileObjectReader::open(folders, object.sha256, object.plain_bytes)); };

  double ours = std::numeric_limits<double>::infinity();
  double peer = ours;
  const bool plain = open().mapped().has_value();
  for (int round = 0; round < rounds; ++round) {
    auto again = open();
    peer = std::min(peer, seconds([&] {
                      auto alone = open();
                      if (plain) {
                        if (std::memcmp(alone.mapped()->data(), bytes.data(), bytes.size()) != 0) std::exit(1);
                        return;
                      }
                      std::vector<std::byte> room(kChunk);
                      while (must(alone.read(room)) != 0) {
                      }
                    }));
    ours = std::min(ours, seconds([&] {
                      auto snapshot = open();
                      CompareSink sink(snapshot, again, must(Sha256::create()), folder);
                      if (!sink.write(bytes) || !must(sink.finish())) std::exit(1);
                    }));
  }
  const double size = static_cast<double>(bytes.size()) / 1e9;
  fmt::print("{:<12} {:>6} MB stored as {:>6} MB: {} {:.2f} GB/s, identical path {:.2f} GB/s, {:.0f} %\n", each.name,
             megabytes, object.stored_bytes >> 20, plain ? "memcmp" : "zstd", size / peer, size / ours,
             100 * peer / ours);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t megabytes = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 512;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
  std::string name = (fs::temp_directory_path() / "identical-path-XXXXXX").string();
  const fs::path folder = ::mkdtemp(name.data());
  measure({"plain", 64, Compression::kAuto}, megabytes, rounds, folder);
  measure({"compressed", 12, Compression::kAuto}, megabytes, rounds, folder);
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("peak resident size: {} MB\n", usage.ru_maxrss >> 10);
  fs::remove_all(folder);
}
