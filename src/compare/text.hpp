// Where two texts part.
#pragma once

#include <string>
#include <string_view>

namespace snapshot_test::compare {

/// Where two texts part: the line and column (from 1), and an excerpt of both from a little before it.
struct TextDifference {
  std::size_t line = 1;
  std::size_t column = 1;
  std::string actual;
  std::string expected;
};
[[nodiscard]] TextDifference first_difference(std::string_view actual, std::string_view expected);

}  // namespace snapshot_test::compare
