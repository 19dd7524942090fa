#include "snapshot_test/model/environment.hpp"

namespace snapshot_test::model {

std::string text_of(const EnvironmentChange& change) {
  const auto shown = [](const std::string& value) { return value.empty() ? std::string("none") : value; };
  return (change.part == "cpu" ? "" : change.part + " ") + shown(change.before) + " -> " + shown(change.now);
}

}  // namespace snapshot_test::model
