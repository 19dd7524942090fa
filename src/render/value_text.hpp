// A value as lines for people.
#pragma once

#include <cstddef>
#include <string>

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::render {

struct TextLimits {
  std::size_t items = 8;    ///< of each container and array; the rest is counted
  std::size_t lines = 100;  ///< of the whole text
  std::size_t depth = 12;
  std::size_t width = 100;  ///< bytes of one leaf
};

/// Lines that end in '\n', each behind `indent`; bounded whatever the value's size, depth, sharing or cycles. Control
/// characters are escaped.
[[nodiscard]] std::string value_text(const pickle::Value& value, const TextLimits& limits, const std::string& indent);

}  // namespace snapshot_test::render
