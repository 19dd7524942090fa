// The types that settings have, as JSON: which values each takes, and how they are written. The JSON comes from a file
// or from the command line.
#pragma once

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "model/settings.hpp"

namespace snapshot_test::config {

using Json = nlohmann::ordered_json;

enum class Bound { kIncluded, kExcluded };

/// Which numbers a setting takes; ignored for all other types.
struct Range {
  double low = 0;
  Bound low_bound = Bound::kIncluded;
  double high = std::numeric_limits<double>::infinity();
};

/// What is wrong with a value, in words that follow its key: "must be true or false, not 1". None: nothing.
using Wrong = std::optional<std::string>;

// read(): sets `target`, unless something is wrong.
[[nodiscard]] Wrong read(const Json& value, const Range& range, bool& target);
[[nodiscard]] Wrong read(const Json& value, const Range& range, double& target);
[[nodiscard]] Wrong read(const Json& value, const Range& range, std::uint64_t& target);
[[nodiscard]] Wrong read(const Json& value, const Range& range, std::string& target);
[[nodiscard]] Wrong read(const Json& value, const Range& range, std::filesystem::path& target);
[[nodiscard]] Wrong read(const Json& value, const Range& range, std::vector<std::string>& target);
[[nodiscard]] Wrong read(const Json& value, const Range& range, std::vector<std::filesystem::path>& target);
/// Entries are added to those of `target`; null takes one out.
[[nodiscard]] Wrong read(const Json& value, const Range& range, model::DtypeTolerances& target);
[[nodiscard]] Wrong read(const Json& value, const Range& range, std::vector<model::RuleChange>& target);
/// `case` was `fork` before there were series; both are taken.
[[nodiscard]] Wrong read(const Json& value, const Range& range, model::Isolation& target);

/// An absolute tolerance: a number, or "auto" for model::kAutoAtol.
[[nodiscard]] Wrong read_atol(const Json& value, double& target);
[[nodiscard]] Json write_atol(double value);

/// The words of an enum, in the order of its enumerators, which count from 0.
[[nodiscard]] std::vector<std::string> words(model::Isolation);
[[nodiscard]] std::vector<std::string> words(model::Mode);
[[nodiscard]] std::vector<std::string> words(model::Compression);
[[nodiscard]] std::vector<std::string> words(model::Counted);
[[nodiscard]] std::vector<std::string> words(model::Missing);
[[nodiscard]] std::vector<std::string> words(model::Pending);
[[nodiscard]] std::vector<std::string> words(model::Obsolete);
/// The place of `value` among `words`, which are all that it may be.
[[nodiscard]] Wrong read_word(const Json& value, const std::vector<std::string>& words, std::size_t& place);

template <class Enum>
requires std::is_enum_v<Enum>
[[nodiscard]] Wrong read(const Json& value, const Range&, Enum& target) {
  auto place = static_cast<std::size_t>(target);
  Wrong wrong = read_word(value, words(target), place);
  target = static_cast<Enum>(place);
  return wrong;
}

template <class T>
[[nodiscard]] Wrong read(const Json& value, const Range& range, std::optional<T>& target) {
  if (value.is_null()) {
    target.reset();
    return std::nullopt;
  }
  T present{};
  Wrong wrong = read(value, range, present);
  if (!wrong) {
    target = std::move(present);
  }
  return wrong;
}

// write(): the other way; what it gives, read() takes.
template <class T>
[[nodiscard]] Json write(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return words(value)[static_cast<std::size_t>(value)];
  } else {
    return value;
  }
}
[[nodiscard]] Json write(const std::filesystem::path& value);
[[nodiscard]] Json write(const std::vector<std::filesystem::path>& value);
[[nodiscard]] Json write(const model::DtypeTolerances& value);
[[nodiscard]] Json write(const std::vector<model::RuleChange>& value);
template <class T>
[[nodiscard]] Json write(const std::optional<T>& value) {
  return value ? write(*value) : Json(nullptr);
}

/// "must be WHAT, not VALUE"; long values are cut.
[[nodiscard]] std::string must_be(std::string_view what, const Json& value);
/// "unknown key; did you mean 'rtol'?"
[[nodiscard]] std::string unknown_key(const std::string& key, const std::vector<std::string>& known);

}  // namespace snapshot_test::config
