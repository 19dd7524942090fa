#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "util/text.hpp"

namespace snapshot_test::config {

namespace fs = std::filesystem;
using model::DtypeTolerances;
using model::RuleChange;

namespace {

constexpr const char* kGlobs = "a list of glob patterns such as [\"timeraw_*\"]";
constexpr const char* kToleranceForm = "an object such as {\"rtol\": 1e-3, \"atol\": 1e-5}";

std::string numbers(std::string_view noun, const Range& range) {
  std::string text =
      fmt::format("{} {} {}", noun, range.low_bound == Bound::kExcluded ? "greater than" : "of at least", range.low);
  if (std::isfinite(range.high)) {
    text += fmt::format(" and at most {}", range.high);
  }
  return text;
}

bool inside(double number, const Range& range) {
  const bool low = range.low_bound == Bound::kExcluded ? number > range.low : number >= range.low;
  return low && number <= range.high && std::isfinite(number);
}

std::string about(const std::string& key, const std::string& wrong) { return key + ": " + wrong; }

/// The names that by_dtype knows; dates may have a unit.
const std::vector<std::string>& dtype_names() {
  static const std::vector<std::string> names = {"bool",      "int",        "int8",       "int16",      "int32",
                                                 "int64",     "uint8",      "uint16",     "uint32",     "uint64",
                                                 "float16",   "bfloat16",   "float32",    "float64",    "float128",
                                                 "complex64", "complex128", "complex256", "datetime64", "timedelta64"};
  return names;
}

bool is_dtype(const std::string& name) {
  const bool dated = (name.starts_with("datetime64[") || name.starts_with("timedelta64[")) && name.back() == ']';
  return dated || std::find(dtype_names().begin(), dtype_names().end(), name) != dtype_names().end();
}

Read<model::Tolerance> read_tolerance(const Json& value) {
  if (!value.is_object()) {
    return tl::unexpected(must_be(kToleranceForm, value));
  }
  model::Tolerance tolerance{0, 0};
  for (const auto& [key, item] : value.items()) {
    if (key != "rtol" && key != "atol") {
      return tl::unexpected(about(key, unknown_key(key, {"rtol", "atol"})));
    }
    const Read<double> number = read(item, Range{}, static_cast<const double*>(nullptr));
    if (!number) {
      return tl::unexpected(about(key, number.error()));
    }
    (key == "rtol" ? tolerance.rtol : tolerance.atol) = *number;
  }
  return tolerance;
}

/// What is wrong with the `tolerance` of one override, if anything.
std::optional<std::string> read_rules(RuleChange& change, const Json& value) {
  if (!value.is_object() || value.empty()) {
    return must_be(kToleranceForm, value);
  }
  for (const auto& [key, item] : value.items()) {
    std::vector<std::string> known;
    std::optional<std::string> wrong;
    model::for_each_rule(
        [&, &key = key, &item = item](const char* name, auto& rule) {
          known.emplace_back(name);
          if (key != name) {
            return;
          }
          change.given.insert(key);
          auto parsed = read(item, Range{}, &rule);
          if (parsed) {
            rule = std::move(*parsed);
          } else {
            wrong = parsed.error();
          }
        },
        change.rules);
    if (!change.given.contains(key)) {
      wrong = unknown_key(key, known);
    }
    if (wrong) {
      return about(key, *wrong);
    }
  }
  return std::nullopt;
}

template <class Enum>
Read<Enum> read_choice(const Json& value, std::pair<const char*, Enum> one, std::pair<const char*, Enum> other) {
  for (const auto& [word, meaning] : {one, other}) {
    if (value == word) {
      return meaning;
    }
  }
  return tl::unexpected(must_be(fmt::format("\"{}\" or \"{}\"", one.first, other.first), value));
}

Read<RuleChange> read_change(const Json& value) {
  if (!value.is_object()) {
    return tl::unexpected(
        must_be("an object such as {\"benchmarks\": [\"Suite.time_*\"], \"tolerance\": {\"rtol\": 1e-3}}", value));
  }
  RuleChange change;
  for (const auto& [key, item] : value.items()) {
    if (key == "benchmarks") {
      const Json list = item.is_string() ? Json::array({item}) : item;
      auto patterns = read(list, Range{}, &change.benchmarks);
      if (!patterns) {
        return tl::unexpected(about(key, patterns.error()));
      }
      change.benchmarks = std::move(*patterns);
    } else if (key == "tolerance") {
      if (const auto wrong = read_rules(change, item)) {
        return tl::unexpected("tolerance." + *wrong);
      }
    } else {
      return tl::unexpected(about(key, unknown_key(key, {"benchmarks", "tolerance"})));
    }
  }
  if (change.benchmarks.empty()) {
    return tl::unexpected(std::string("benchmarks: says which benchmarks are meant, and is missing or empty"));
  }
  if (!value.contains("tolerance")) {
    return tl::unexpected(std::string("tolerance: says what is different for them, and is missing"));
  }
  return change;
}

Json write_change(const RuleChange& change) {
  Json rules = Json::object();
  model::for_each_rule(
      [&](const char* name, const auto& rule) {
        if (change.given.contains(name)) {
          rules[name] = write(rule);
        }
      },
      change.rules);
  return {{"benchmarks", change.benchmarks}, {"tolerance", std::move(rules)}};
}

}  // namespace

std::string must_be(std::string_view what, const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) {
    text = text.substr(0, 57) + "...";
  }
  return fmt::format("must be {}, not {}", what, text);
}

std::string unknown_key(const std::string& key, const std::vector<std::string>& known) {
  const auto meant = util::nearest(key, known);
  return meant ? fmt::format("unknown key; did you mean '{}'?", *meant)
               : fmt::format("unknown key; known here are {}", fmt::join(known, ", "));
}

Read<bool> read(const Json& value, const Range&, const bool*) {
  if (!value.is_boolean()) {
    return tl::unexpected(must_be("true or false", value));
  }
  return value.get<bool>();
}

Read<double> read(const Json& value, const Range& range, const double*) {
  if (!value.is_number() || !inside(value.get<double>(), range)) {
    return tl::unexpected(must_be(numbers("a number", range), value));
  }
  return value.get<double>();
}

Read<std::uint64_t> read(const Json& value, const Range& range, const std::uint64_t*) {
  if (!value.is_number_unsigned() || !inside(value.get<double>(), range)) {
    return tl::unexpected(must_be(numbers("a whole number", range), value));
  }
  return value.get<std::uint64_t>();
}

Read<std::string> read(const Json& value, const Range&, const std::string*) {
  if (!value.is_string() || value.get<std::string>().empty()) {
    return tl::unexpected(must_be("a text that is not empty", value));
  }
  return value.get<std::string>();
}

Read<fs::path> read(const Json& value, const Range&, const fs::path*) {
  if (!value.is_string() || value.get<std::string>().empty()) {
    return tl::unexpected(must_be("a path", value));
  }
  return fs::path(value.get<std::string>());
}

Read<std::vector<std::string>> read(const Json& value, const Range&, const std::vector<std::string>*) {
  std::vector<std::string> patterns;
  for (const Json& item : value.is_array() ? value : Json::array({nullptr})) {
    if (!item.is_string()) {
      return tl::unexpected(must_be(kGlobs, value));
    }
    patterns.push_back(item.get<std::string>());
  }
  return patterns;
}

Read<std::vector<fs::path>> read(const Json& value, const Range&, const std::vector<fs::path>*) {
  std::vector<fs::path> paths;
  for (const Json& item : value.is_array() ? value : Json::array({value})) {
    if (!item.is_string() || item.get<std::string>().empty()) {
      return tl::unexpected(must_be("a path or a list of paths", value));
    }
    paths.emplace_back(item.get<std::string>());
  }
  return paths;
}

Read<Compression> read(const Json& value, const Range&, const Compression*) {
  return read_choice<Compression>(value, {"auto", Compression::kAuto}, {"none", Compression::kNone});
}

Read<Mode> read(const Json& value, const Range&, const Mode*) {
  return read_choice<Mode>(value, {"full", Mode::kFull}, {"deepest", Mode::kDeepest});
}

Read<Isolation> read(const Json& value, const Range&, const Isolation*) {
  return read_choice<Isolation>(value, {"fork", Isolation::kFork}, {"spawn", Isolation::kSpawn});
}

Read<model::Counted> read(const Json& value, const Range&, const model::Counted*) {
  for (const auto counted : {model::Counted::kResult, model::Counted::kPart, model::Counted::kAny}) {
    if (value == model::name(counted)) {
      return counted;
    }
  }
  return tl::unexpected(must_be("\"result\", \"part\" or \"any\"", value));
}

Read<DtypeTolerances> read(const Json& value, const Range&, const DtypeTolerances* now) {
  if (!value.is_object()) {
    return tl::unexpected(must_be("an object such as {\"float32\": {\"rtol\": 1e-4, \"atol\": 1e-6}}", value));
  }
  DtypeTolerances entries = *now;
  for (const auto& [name, item] : value.items()) {
    if (!is_dtype(name)) {
      const auto meant = util::nearest(name, dtype_names());
      return tl::unexpected(about(name, meant ? fmt::format("unknown dtype; did you mean '{}'?", *meant)
                                              : fmt::format("unknown dtype; known are {}, and dates with a unit such "
                                                            "as datetime64[ns]",
                                                            fmt::join(dtype_names(), ", "))));
    }
    if (item.is_null()) {
      entries.erase(name);
      continue;
    }
    const auto tolerance = read_tolerance(item);
    if (!tolerance) {
      return tl::unexpected(about(name, tolerance.error()));
    }
    entries[name] = *tolerance;
  }
  return entries;
}

Read<std::vector<RuleChange>> read(const Json& value, const Range&, const std::vector<RuleChange>*) {
  if (!value.is_array()) {
    return tl::unexpected(must_be("a list of objects", value));
  }
  std::vector<RuleChange> changes;
  for (const Json& item : value) {
    auto change = read_change(item);
    if (!change) {
      return tl::unexpected(fmt::format("entry {}: {}", changes.size() + 1, change.error()));
    }
    changes.push_back(std::move(*change));
  }
  return changes;
}

Json write(const fs::path& value) { return value.string(); }

Json write(const std::vector<fs::path>& value) {
  Json list = Json::array();
  for (const fs::path& path : value) {
    list.push_back(path.string());
  }
  return list;
}

Json write(const Mode& value) { return value == Mode::kFull ? "full" : "deepest"; }

Json write(const model::Counted& value) { return model::name(value); }

Json write(const Isolation& value) { return value == Isolation::kFork ? "fork" : "spawn"; }

Json write(const Compression& value) { return value == Compression::kAuto ? "auto" : "none"; }

Json write(const DtypeTolerances& value) {
  Json entries = Json::object();
  for (const auto& [name, tolerance] : value) {
    entries[name] = {{"rtol", tolerance.rtol}, {"atol", tolerance.atol}};
  }
  return entries;
}

Json write(const std::vector<RuleChange>& value) {
  Json list = Json::array();
  for (const RuleChange& change : value) {
    list.push_back(write_change(change));
  }
  return list;
}

}  // namespace snapshot_test::config
