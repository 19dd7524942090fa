#include "pickle/date_text.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace snapshot_test::pickle {
namespace {

class State {
 public:
  explicit State(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] unsigned at(std::size_t i) const { return std::to_integer<unsigned>(bytes_[i]); }

  /// The highest bit of the month says which of two equal local times is meant.
  [[nodiscard]] std::string date() const {
    return fmt::format("{:04}-{:02}-{:02}", at(0) << 8 | at(1), at(2) & 0x7fU, at(3));
  }
  [[nodiscard]] std::string time(std::size_t from) const {
    const unsigned micros = at(from + 3) << 16 | at(from + 4) << 8 | at(from + 5);
    std::string text = fmt::format("{:02}:{:02}:{:02}", at(from) & 0x7fU, at(from + 1), at(from + 2));
    return micros == 0 ? text : text + fmt::format(".{:06}", micros);
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace

std::optional<std::string> date_text(const Value& value) {
  if (value.kind() != Kind::kObject) return std::nullopt;
  const Object& object = value.object();
  if (object.callable == nullptr || object.callable->kind() != Kind::kGlobal) return std::nullopt;
  const Global& global = object.callable->global();
  if (global.module != "datetime" || object.args == nullptr || object.args->items().empty()) return std::nullopt;
  const Value& first = *object.args->items().front();
  if (first.kind() != Kind::kBytes) return std::nullopt;
  const State state(first.bytes());
  const std::string_view name = global.name;
  const std::size_t size = first.bytes().size();
  if (name == "datetime" && size == 10) return state.date() + "T" + state.time(4);
  if (name == "date" && size == 4) return state.date();
  if (name == "time" && size == 6) return state.time(0);
  return std::nullopt;
}

}  // namespace snapshot_test::pickle
