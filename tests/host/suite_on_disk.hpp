// A benchmark suite in a temporary directory, and an interpreter that discovers it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pybind11/embed.h>
#include <pybind11/stl.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "host/discovery/discovery.hpp"
#include "host/discovery/live_benchmark.hpp"

namespace snapshot_test::testing {

namespace fs = std::filesystem;
namespace py = pybind11;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (fs::temp_directory_path() / "snapshot_test_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() {
    std::error_code code;
    fs::remove_all(path_, code);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// One interpreter a test: a module that one test has imported cannot serve another.
class SuiteTest : public ::testing::Test {
 protected:
  /// Writes a file below the temporary directory, with the folders above it.
  void write(const std::string& path, const std::string& text) {
    const fs::path file = directory_.path() / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  /// Writes a suite called "suite"; an __init__.py is added to its root.
  void suite(const std::map<std::string, std::string>& files) {
    write("suite/__init__.py", "");
    for (const auto& [path, text] : files) {
      write("suite/" + path, text);
    }
  }

  [[nodiscard]] fs::path path(const std::string& below = "suite") const { return directory_.path() / below; }

  [[nodiscard]] model::Suite discover(const std::string& root = "suite") const {
    Result<model::Suite> found = host::discovery::discover(path(root));
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return found ? *found : model::Suite{};
  }

  /// Discovers the suite, of which nothing may fail.
  [[nodiscard]] model::Suite discover_all() const {
    model::Suite found = discover();
    for (const model::DiscoveryFailure& failure : found.failures) {
      ADD_FAILURE() << failure.where << ": " << failure.traceback;
    }
    return found;
  }

  [[nodiscard]] host::discovery::LiveBenchmark resolve(const std::string& name) const {
    Result<host::discovery::LiveBenchmark> found = host::discovery::LiveBenchmark::resolve(path(), name);
    if (!found) {
      throw std::runtime_error(found.error().message);
    }
    return *std::move(found);
  }

 private:
  TemporaryDirectory directory_;
  py::scoped_interpreter interpreter_;
};

inline std::vector<std::string> names(const model::Suite& suite) {
  std::vector<std::string> all;
  for (const model::Benchmark& benchmark : suite.benchmarks) {
    all.push_back(benchmark.name);
  }
  return all;
}

inline const model::Benchmark& named(const model::Suite& suite, const std::string& name) {
  for (const model::Benchmark& benchmark : suite.benchmarks) {
    if (benchmark.name == name) {
      return benchmark;
    }
  }
  throw std::out_of_range("the suite has no benchmark " + name);
}

/// The parameter ids of each axis.
inline std::vector<std::vector<std::string>> ids(const model::Benchmark& benchmark) {
  std::vector<std::vector<std::string>> axes;
  for (const model::ParamAxis& axis : benchmark.params) {
    axes.push_back(axis.ids);
  }
  return axes;
}

}  // namespace snapshot_test::testing
