// Text in which an object's address is not a difference: "<Foo object at 0x7f12…>".
#pragma once

#include <string>
#include <string_view>

namespace snapshot_test::compare {

/// With the digits of every " at 0x…" left out.
[[nodiscard]] std::string without_addresses(std::string_view text);

/// Where two texts part: the line and column (from 1), and an excerpt of both from a little before it.
struct TextDifference {
  std::size_t line = 1;
  std::size_t column = 1;
  std::string actual;
  std::string expected;
};
[[nodiscard]] TextDifference first_difference(std::string_view actual, std::string_view expected);

}  // namespace snapshot_test::compare
