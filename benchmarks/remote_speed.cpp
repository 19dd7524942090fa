// How fast a baseline goes into a remote, and comes back: remote_speed FOLDER SMALL LARGE LARGE_BYTES [URL]. Without a
// URL the remote is a folder; for others $SNAPSHOT_TEST_REMOTE_PYTHON runs the helper. Makes (or finds) a store of SMALL
// values of some 300 bytes and LARGE ones that do not compress, pushes it, pushes it again,
// opens it as verify does, and pulls it. A line each: requests, bytes, seconds.
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "remote/baseline.hpp"
#include "remote/open_storage.hpp"
#include "remote/pull.hpp"
#include "remote/push.hpp"
#include "snapshot_test/store/transaction.hpp"

namespace {

using namespace snapshot_test;
namespace fs = std::filesystem;

template <class T>
T must(Result<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}
void must(Result<void> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
}

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

void say(const char* what, const remote::Traffic& traffic, double seconds) {
  fmt::print("{:<28} {:>8} requests {:>14} bytes sent {:>14} received {:>9.2f} s\n", what, traffic.requests,
             traffic.sent, traffic.received, seconds);
  std::fflush(stdout);
}

/// Random bytes, in pieces.
model::SiteValue write_value(const model::Locator& where, std::uint64_t bytes, std::mt19937_64& random) {
  const auto writer = must(store::create_object(where, model::Compression::kAuto));
  std::vector<std::uint64_t> piece((std::min<std::uint64_t>(bytes, 1 << 20) + 7) / 8);
  for (std::uint64_t left = bytes; left > 0;) {
    for (auto& word : piece) {
      word = random();
    }
    const auto now = std::min<std::uint64_t>(left, piece.size() * 8);
    must(writer->write(std::as_bytes(std::span(piece)).first(now)));
    left -= now;
  }
  const auto info = must(writer->finish());
  model::SiteValue site;
  site.meaningful = true;
  site.object = info.sha256;
  site.bytes = info.plain_bytes;
  site.fingerprint = info.sha256.substr(0, 32);
  return site;
}

void make_store(const fs::path& root, std::uint64_t small, std::uint64_t large, std::uint64_t large_bytes) {
  constexpr std::uint64_t kSmallBytes = 300;
  constexpr std::uint64_t kCases = 100;  // of a benchmark
  const auto store = must(store::Store::open_or_create(root));
  const auto capture = must(store->begin_capture("run-1"));
  const model::Locator where = capture->locator();
  std::mt19937_64 random(1);
  const auto record = [](std::size_t index, model::SiteValue site) {
    store::CaseRecord made;
    made.index = index;
    made.ids = {std::to_string(index)};
    made.status = model::CaptureStatus::kOuter;
    made.run = "run-1";
    made.ending = model::Ending::kReturned;
    made.sites.push_back(std::move(site));
    return made;
  };
  for (std::uint64_t made = 0; made < small + large;) {
    store::Manifest manifest;
    manifest.benchmark = fmt::format("bench.time_{}", made);
    manifest.type = "time";
    manifest.module = "bench";
    manifest.function = fmt::format("time_{}", made);
    manifest.params.push_back({"n", {}});
    for (std::uint64_t i = 0; i < kCases && made < small + large; ++i, ++made) {
      manifest.params[0].ids.push_back(std::to_string(i));
      manifest.cases.push_back(record(i, write_value(where, made < small ? kSmallBytes : large_bytes, random)));
    }
    must(capture->put_manifest(manifest));
  }
  store::RunInfo info;
  info.id = "run-1";
  must(capture->put_run(info));
  must(capture->commit());
}

void measure(const fs::path& folder, std::uint64_t small, std::uint64_t large, std::uint64_t large_bytes,
             const std::string& url) {
  Stopwatch making;
  if (!fs::exists(folder / "store")) {
    make_store(folder / "store", small, large, large_bytes);
  }
  fmt::print("{} values of 300 bytes, {} of {} bytes: made in {:.1f} s\n", small, large, large_bytes, making.seconds());
  remote::HelperOptions helper;
  if (const char* python = std::getenv("SNAPSHOT_TEST_REMOTE_PYTHON"); python != nullptr) {
    helper.python = python;
  }
  const auto storage = must(remote::open_storage(url, remote::Use::kWrite, helper));
  const auto store = must(store::Store::open(folder / "store"));
  for (const char* what : {"push", "push again"}) {
    Stopwatch watch;
    const auto report = must(remote::push(*store, *storage, {}));
    say(what, report.traffic, watch.seconds());
  }
  for (const char* what : {"verify, manifests", "verify, manifests in cache"}) {
    Stopwatch watch;
    const auto baseline = must(remote::RemoteBaseline::open(*storage, {}, folder / "cache"));
    say(what, baseline->traffic(), watch.seconds());
  }
  remote::PullOptions options;
  options.cache_folder = folder / "cache";
  for (const char* what : {"pull", "pull again"}) {
    Stopwatch watch;
    const auto report = must(remote::pull(*storage, folder / "pulled", options));
    say(what, report.traffic, watch.seconds());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    fmt::print(stderr, "usage: remote_speed FOLDER SMALL LARGE LARGE_BYTES [URL]\n");
    return 2;
  }
  try {
    const fs::path folder = argv[1];
    fs::create_directories(folder);
    measure(folder, std::stoull(argv[2]), std::stoull(argv[3]), std::stoull(argv[4]),
            argc == 6 ? argv[5] : (folder / "remote").string());
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "remote_speed: {}\n", error.what());
    return 1;
  }
}
