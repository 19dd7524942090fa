// What the tests of the comparison share.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "snapshot_test/compare/compare.hpp"
#include "support/pickles.hpp"

namespace snapshot_test::compare {

inline Comparison compared(const std::string& actual, const std::string& expected, const Options& options = {}) {
  const std::string a = testing::pickle_of(actual);
  const std::string b = testing::pickle_of(expected);
  const auto x = pickle::read(testing::as_span(a));
  const auto y = pickle::read(testing::as_span(b));
  EXPECT_TRUE(x) << x.error().message;
  EXPECT_TRUE(y) << y.error().message;
  return compare(*x, *y, options);
}

inline Outcome outcome(const std::string& actual, const std::string& expected, const Options& options = {}) {
  return compared(actual, expected, options).outcome;
}

inline Options ignoring(std::vector<std::string> paths) {
  Options options;
  options.ignored_paths = std::move(paths);
  return options;
}

inline Options without_equal_nan() {
  Options options;
  options.equal_nan = false;
  return options;
}

}  // namespace snapshot_test::compare
