// What is read from a store, as it is printed.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace snapshot_test::render {

/// What is to be printed, and how many of its manifests and values could not be read: missing, truncated,
/// altered.
template <class Content>
struct Shown {
  Content content;
  std::size_t unreadable = 0;
};
using ShownText = Shown<std::string>;
using ShownJson = Shown<nlohmann::ordered_json>;

}  // namespace snapshot_test::render
