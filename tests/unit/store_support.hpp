// What the tests of the store share: folders that go away, values to store, and a capture of three benchmarks as one.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "snapshot_test/store/transaction.hpp"
#include "store/folder_store.hpp"
#include "util/file.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

class TemporaryFolder {
 public:
  explicit TemporaryFolder(const fs::path& base = fs::temp_directory_path()) {
    std::string name = (base / "store-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("no temporary folder in " + base.string());
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The value, or the end of the test with the error's message.
template <class T>
T must(Result<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}
inline void must(Result<void> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string text_of(const util::MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

inline std::string noise(std::size_t size, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; i += 8) {
    const std::uint64_t word = engine();
    std::memcpy(text.data() + i, &word, std::min<std::size_t>(8, size - i));
  }
  return text;
}

/// Compresses to a few percent, and differs from seed to seed.
inline std::string lines(std::size_t size, unsigned seed) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) {
    text += "line " + std::to_string(i / 10) + " of " + std::to_string(seed) + "\n";
  }
  text.resize(size);
  return text;
}

inline void write_file(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
inline std::string read_text(const fs::path& path) { return must(util::read_file(path)); }

/// Files below `folder`, relative to it, sorted.
inline std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> names;
  if (fs::exists(folder)) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_directory()) {
        names.push_back(entry.path().lexically_relative(folder).string());
      }
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline Result<ObjectInfo> put_object(const fs::path& staging, const fs::path& known, std::string_view value,
                                     Compression compression = Compression::kAuto, std::size_t chunk = 1 << 16) {
  auto writer = create_object_file(staging, known, compression);
  if (!writer) {
    return tl::unexpected(writer.error());
  }
  for (std::size_t at = 0; at < value.size(); at += chunk) {
    if (auto wrote = (*writer)->write(bytes_of(value.substr(at, chunk))); !wrote) {
      return tl::unexpected(wrote.error());
    }
  }
  return (*writer)->finish();
}

inline Result<ObjectInfo> put_object(const CaptureTransaction& capture, std::string_view value,
                                     Compression compression = Compression::kAuto) {
  const model::Locator where = capture.locator();
  return put_object(where.staging, where.places.back(), value, compression);
}

inline model::SiteValue site_of(const ObjectInfo& info) {
  model::SiteValue site;
  site.type = "bytes";
  site.meaningful = true;
  site.object = info.sha256;
  site.bytes = info.plain_bytes;
  return site;
}

inline Manifest simple_manifest(const std::string& name, const std::string& run, std::vector<model::SiteValue> sites) {
  Manifest manifest;
  manifest.benchmark = name;
  manifest.type = "time";
  manifest.version = "v";
  manifest.module = "bench";
  manifest.function = "f";
  CaseRecord record;
  record.status = model::CaptureStatus::kOuter;
  record.run = run;
  record.ending = model::Ending::kReturned;
  record.sites = std::move(sites);
  manifest.cases.push_back(std::move(record));
  return manifest;
}

inline const std::vector<std::string>& benchmark_names_of_a_generation() {
  static const std::vector<std::string> names{"bench.time_a", "bench.Suite.time_b", "other.time_c"};
  return names;
}

/// Three values of one generation: small, large and compressible, large and not.
inline std::vector<std::string> values_of(unsigned generation) {
  return {"small " + std::to_string(generation), lines(300'000, generation), noise(20'000, generation)};
}

/// One capture: every benchmark gets the values of this generation.
inline Result<void> capture_generation(const fs::path& root, unsigned generation) {
  auto store = FolderStore::open_or_create(root);
  if (!store) {
    return tl::unexpected(store.error());
  }
  const std::string run = "run-" + std::to_string(generation);
  auto capture = store->begin_capture(run);
  if (!capture) {
    return tl::unexpected(capture.error());
  }
  std::vector<model::SiteValue> sites;
  for (const std::string& value : values_of(generation)) {
    const auto info = put_object(**capture, value);
    if (!info) {
      return tl::unexpected(info.error());
    }
    sites.push_back(site_of(*info));
  }
  for (const std::string& name : benchmark_names_of_a_generation()) {
    if (auto put = (*capture)->put_manifest(simple_manifest(name, run, sites)); !put) {
      return put;
    }
  }
  RunInfo info;
  info.id = run;
  if (auto put = (*capture)->put_run(info); !put) {
    return put;
  }
  (*capture)->keep_replaced();
  return (*capture)->commit();
}

/// "generation N" where everything that the store holds is whole and of one generation; else what is wrong.
inline std::string baseline_of(const fs::path& root, const fs::path& scratch) {
  const auto store = FolderStore::open(root);
  if (!store) {
    return store.error().message;
  }
  const auto names = store->benchmark_names();
  if (!names || *names != std::vector<std::string>{"bench.Suite.time_b", "bench.time_a", "other.time_c"}) {
    return "benchmarks are missing";
  }
  std::string run;
  for (const std::string& name : *names) {
    const auto manifest = store->load_manifest(name);
    if (!manifest || !*manifest) {
      return manifest ? "no manifest" : manifest.error().message;
    }
    const CaseRecord& record = (*manifest)->cases.at(0);
    if (!run.empty() && run != record.run) {
      return "mixed: " + run + " and " + record.run;
    }
    run = record.run;
    const auto values = values_of(static_cast<unsigned>(std::stoul(run.substr(4))));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto object = store->read_object(record.sites.at(i).object, record.sites[i].bytes);
      if (!object) {
        return object.error().message;
      }
      const auto value = object->load_verified(scratch);
      if (!value || text_of(*value) != values[i]) {
        return value ? "another value" : value.error().message;
      }
    }
  }
  const auto info = store->load_run(run);
  return info && *info ? "generation " + run.substr(4) : "the run's facts are missing";
}

/// Runs `body` in a forked child; its exit status, or 1000 + the signal that killed it.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      status = body();
    } catch (...) {
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace snapshot_test::store
