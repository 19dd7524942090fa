// Sketches of numbers that are no array's elements.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "compare/numbers.hpp"
#include "compare/sketching.hpp"

namespace snapshot_test::compare {

/// Numbers of one sort: floats and complex numbers, or integers.
class LooseNumbers {
 public:
  LooseNumbers(const char* sort, const Applied& how);
  /// True if the element is among the worst so far: then name() has to follow.
  [[nodiscard]] bool add(const Number& actual, const Number& expected);
  void name(std::string path, std::string actual, std::string expected);
  [[nodiscard]] Sketch finish();

 private:
  std::unique_ptr<Sketch> sketch_;  // the builder refers to it
  SketchBuilder builder_;
  std::uint64_t count_ = 0;
  std::map<std::uint64_t, WorstElement> named_;
};

}  // namespace snapshot_test::compare
