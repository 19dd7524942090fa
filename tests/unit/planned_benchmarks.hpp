// Benchmarks whose cases are to be planned, and a scratch folder for it.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "runner/scratch.hpp"
#include "snapshot_test/model/benchmark.hpp"

namespace snapshot_test::runner {

/// Each benchmark's own, told apart by the tolerance.
inline model::Rules rules_of(const model::Benchmark& benchmark) {
  model::Rules rules;
  rules.tolerance.atol = static_cast<double>(benchmark.name.back());
  return rules;
}

class PlannedBenchmarks : public testing::Test {
 protected:
  void SetUp() override {
    auto made = Scratch::create();
    ASSERT_TRUE(made) << made.error().message;
    scratch_.emplace(std::move(*made));
  }

  model::Benchmark& benchmark(const std::string& name, const std::string& module = "bench") {
    model::Benchmark& made = benchmarks_.emplace_back();
    made.name = module + "." + name;
    made.module = module;
    made.function = name;
    return made;
  }

  std::optional<Scratch> scratch_;

 private:
  std::deque<model::Benchmark> benchmarks_;
};

}  // namespace snapshot_test::runner
