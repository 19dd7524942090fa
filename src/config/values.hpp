// The values of settings as JSON: which ones a setting takes, and how they are written. The JSON comes from a file or
// from the command line; what is wrong with it is said in one sentence that follows the key.
#pragma once

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace snapshot_test::config {

using Json = nlohmann::ordered_json;

enum class Bound { kIncluded, kExcluded };

/// Which numbers a setting takes; ignored for all other types.
struct Range {
  double low = 0;
  Bound low_bound = Bound::kIncluded;
  double high = std::numeric_limits<double>::infinity();
};

/// A setting's value, or what is wrong with it: "must be true or false, not 1".
template <class T>
using Read = tl::expected<T, std::string>;

// read(): `now` is the present value; it says the type, and what the file adds to it. May be null for scalars.
[[nodiscard]] Read<bool> read(const Json& value, const Range& range, const bool* now);
[[nodiscard]] Read<double> read(const Json& value, const Range& range, const double* now);
[[nodiscard]] Read<std::uint64_t> read(const Json& value, const Range& range, const std::uint64_t* now);
[[nodiscard]] Read<std::string> read(const Json& value, const Range& range, const std::string* now);
[[nodiscard]] Read<std::filesystem::path> read(const Json& value, const Range& range, const std::filesystem::path* now);
[[nodiscard]] Read<std::vector<std::string>> read(const Json& value, const Range& range,
                                                  const std::vector<std::string>* now);
[[nodiscard]] Read<std::vector<std::filesystem::path>> read(const Json& value, const Range& range,
                                                            const std::vector<std::filesystem::path>* now);
[[nodiscard]] Read<Compression> read(const Json& value, const Range& range, const Compression* now);
[[nodiscard]] Read<Mode> read(const Json& value, const Range& range, const Mode* now);
[[nodiscard]] Read<Isolation> read(const Json& value, const Range& range, const Isolation* now);
[[nodiscard]] Read<model::Counted> read(const Json& value, const Range& range, const model::Counted* now);
/// Entries are added to `now`; null takes one out.
[[nodiscard]] Read<model::DtypeTolerances> read(const Json& value, const Range& range,
                                                const model::DtypeTolerances* now);
[[nodiscard]] Read<std::vector<model::RuleChange>> read(const Json& value, const Range& range,
                                                        const std::vector<model::RuleChange>* now);

template <class T>
[[nodiscard]] Read<std::optional<T>> read(const Json& value, const Range& range, const std::optional<T>*) {
  if (value.is_null()) {
    return std::optional<T>();
  }
  return read(value, range, static_cast<const T*>(nullptr)).map([](T read_value) {
    return std::optional<T>(std::move(read_value));
  });
}

// write(): the other way; what it gives, read() takes.
template <class T>
[[nodiscard]] Json write(const T& value) {
  return value;
}
[[nodiscard]] Json write(const std::filesystem::path& value);
[[nodiscard]] Json write(const std::vector<std::filesystem::path>& value);
[[nodiscard]] Json write(const Compression& value);
[[nodiscard]] Json write(const Mode& value);
[[nodiscard]] Json write(const Isolation& value);
[[nodiscard]] Json write(const model::Counted& value);
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
