#include "config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "snapshot_test/model/auto_atol.hpp"
#include "util/json_text.hpp"
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

/// `wrong` with the place that it is about.
Wrong about(const std::string& key, Wrong wrong) {
  if (wrong) {
    wrong->insert(0, key + ": ");
  }
  return wrong;
}

/// The names that by_dtype knows; dates may have a unit.
const std::vector<std::string>& dtype_names() {
  static const std::vector<std::string> names = {"bool",      "int",        "int8",       "int16",      "int32",
                                                 "int64",     "uint8",      "uint16",     "uint32",     "uint64",
                                                 "float16",   "bfloat16",   "float32",    "float64",    "float128",
                                                 "complex64", "complex128", "complex256", "datetime64", "timedelta64"};
  return names;
}

Wrong unknown_dtype(const std::string& name) {
  const bool dated = (name.starts_with("datetime64[") || name.starts_with("timedelta64[")) && name.back() == ']';
  if (dated || std::find(dtype_names().begin(), dtype_names().end(), name) != dtype_names().end()) {
    return std::nullopt;
  }
  const auto meant = util::nearest(name, dtype_names());
  return meant ? fmt::format("unknown dtype; did you mean '{}'?", *meant)
               : fmt::format("unknown dtype; known are {}, and dates with a unit such as datetime64[ns]",
                             fmt::join(dtype_names(), ", "));
}

template <class Rule>
Wrong read_rule(std::string_view name, const Json& value, Rule& rule) {
  if constexpr (std::is_same_v<Rule, double>) {
    if (name == "atol") {
      return read_atol(value, rule);
    }
  }
  return read(value, Range{}, rule);
}

template <class Rule>
Json write_rule(std::string_view name, const Rule& rule) {
  if constexpr (std::is_same_v<Rule, double>) {
    if (name == "atol") {
      return write_atol(rule);
    }
  }
  return write(rule);
}

Wrong read_tolerance(const Json& value, model::Tolerance& tolerance) {
  if (!value.is_object()) {
    return must_be(kToleranceForm, value);
  }
  tolerance = {0, 0};
  for (const auto& [key, item] : value.items()) {
    Wrong wrong = key == "rtol"   ? read(item, Range{}, tolerance.rtol)
                  : key == "atol" ? read_atol(item, tolerance.atol)
                                  : Wrong(unknown_key(key, {"rtol", "atol"}));
    if (wrong) {
      return about(key, std::move(wrong));
    }
  }
  return std::nullopt;
}

/// The `tolerance` of one override.
Wrong read_rules(RuleChange& change, const Json& value) {
  if (!value.is_object() || value.empty()) {
    return must_be(kToleranceForm, value);
  }
  for (const auto& [key, item] : value.items()) {
    std::vector<std::string> known;
    Wrong wrong;
    model::for_each_rule(
        [&, &key = key, &item = item](const char* name, auto& rule) {
          known.emplace_back(name);
          if (key == name) {
            wrong = read_rule(name, item, rule);
            change.given.insert(key);
          }
        },
        change.rules);
    if (!change.given.contains(key)) {
      wrong = unknown_key(key, known);
    }
    if (wrong) {
      return about(key, std::move(wrong));
    }
  }
  return std::nullopt;
}

Wrong read_change(RuleChange& change, const Json& value) {
  if (!value.is_object()) {
    return must_be("an object such as {\"benchmarks\": [\"Suite.time_*\"], \"tolerance\": {\"rtol\": 1e-3}}", value);
  }
  for (const auto& [key, item] : value.items()) {
    Wrong wrong;
    if (key == "benchmarks") {
      wrong = about(key, read(item.is_string() ? Json::array({item}) : item, Range{}, change.benchmarks));
    } else if (key == "tolerance") {
      wrong = read_rules(change, item);
      wrong = wrong ? "tolerance." + *wrong : wrong;
    } else {
      wrong = about(key, unknown_key(key, {"benchmarks", "tolerance"}));
    }
    if (wrong) {
      return wrong;
    }
  }
  if (change.benchmarks.empty()) {
    return "benchmarks: says which benchmarks are meant, and is missing or empty";
  }
  if (change.given.empty()) {
    return "tolerance: says what is different for them, and is missing";
  }
  return std::nullopt;
}

Json write_change(const RuleChange& change) {
  Json rules = Json::object();
  model::for_each_rule(
      [&](const char* name, const auto& rule) {
        if (change.given.contains(name)) {
          rules[name] = write_rule(name, rule);
        }
      },
      change.rules);
  return {{"benchmarks", change.benchmarks}, {"tolerance", std::move(rules)}};
}

}  // namespace

std::string must_be(std::string_view what, const Json& value) {
  std::string text = util::json_text(value);
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

Wrong read(const Json& value, const Range&, bool& target) {
  if (!value.is_boolean()) {
    return must_be("true or false", value);
  }
  target = value.get<bool>();
  return std::nullopt;
}

Wrong read(const Json& value, const Range& range, double& target) {
  if (!value.is_number() || !inside(value.get<double>(), range)) {
    return must_be(numbers("a number", range), value);
  }
  target = value.get<double>();
  return std::nullopt;
}

Wrong read_atol(const Json& value, double& target) {
  if (value == "auto") {
    target = model::kAutoAtol;
    return std::nullopt;
  }
  return value.is_number() && inside(value.get<double>(), Range{})
             ? read(value, Range{}, target)
             : Wrong(must_be(numbers("a number", Range{}) + " or \"auto\"", value));
}

Json write_atol(double value) { return value == model::kAutoAtol ? Json("auto") : Json(value); }

Wrong read(const Json& value, const Range& range, std::uint64_t& target) {
  if (!value.is_number_unsigned() || !inside(value.get<double>(), range)) {
    return must_be(numbers("a whole number", range), value);
  }
  target = value.get<std::uint64_t>();
  return std::nullopt;
}

Wrong read(const Json& value, const Range&, std::string& target) {
  if (!value.is_string() || value.get<std::string>().empty()) {
    return must_be("a text that is not empty", value);
  }
  target = value.get<std::string>();
  return std::nullopt;
}

Wrong read(const Json& value, const Range&, fs::path& target) {
  if (!value.is_string() || value.get<std::string>().empty()) {
    return must_be("a path", value);
  }
  target = value.get<std::string>();
  return std::nullopt;
}

Wrong read(const Json& value, const Range&, std::vector<std::string>& target) {
  if (!value.is_array() ||
      !std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_string(); })) {
    return must_be(kGlobs, value);
  }
  target = value.get<std::vector<std::string>>();
  return std::nullopt;
}

Wrong read(const Json& value, const Range& range, std::vector<fs::path>& target) {
  std::vector<fs::path> paths;
  for (const Json& item : value.is_array() ? value : Json::array({value})) {
    if (read(item, range, paths.emplace_back())) {
      return must_be("a path or a list of paths", value);
    }
  }
  target = std::move(paths);
  return std::nullopt;
}

Wrong read(const Json& value, const Range&, DtypeTolerances& target) {
  if (!value.is_object()) {
    return must_be("an object such as {\"float32\": {\"rtol\": 1e-4, \"atol\": 1e-6}}", value);
  }
  DtypeTolerances entries = target;
  for (const auto& [name, item] : value.items()) {
    Wrong wrong = unknown_dtype(name);
    if (!wrong && item.is_null()) {
      entries.erase(name);
    } else if (!wrong) {
      wrong = read_tolerance(item, entries[name]);
    }
    if (wrong) {
      return about(name, std::move(wrong));
    }
  }
  target = std::move(entries);
  return std::nullopt;
}

Wrong read(const Json& value, const Range&, std::vector<RuleChange>& target) {
  if (!value.is_array()) {
    return must_be("a list of objects", value);
  }
  std::vector<RuleChange> changes;
  for (const Json& item : value) {
    if (Wrong wrong = read_change(changes.emplace_back(), item)) {
      return about(fmt::format("entry {}", changes.size()), std::move(wrong));
    }
  }
  target = std::move(changes);
  return std::nullopt;
}

Wrong read(const Json& value, const Range&, model::Isolation& target) {
  if (value == "fork") {
    target = model::Isolation::kFork;
    return std::nullopt;
  }
  auto place = static_cast<std::size_t>(target);
  Wrong wrong = read_word(value, words(target), place);
  target = static_cast<model::Isolation>(place);
  return wrong;
}

std::vector<std::string> words(model::Isolation) { return {"auto", "case", "spawn"}; }
std::vector<std::string> words(model::Mode) { return {"full", "deepest"}; }
std::vector<std::string> words(model::Compression) { return {"auto", "none"}; }
std::vector<std::string> words(model::Counted) {
  std::vector<std::string> names;
  for (const auto counted : {model::Counted::kResult, model::Counted::kPart, model::Counted::kAny}) {
    names.emplace_back(model::name(counted));
  }
  return names;
}

std::vector<std::string> words(model::Pending) { return {"auto", "always", "never"}; }
std::vector<std::string> words(model::Missing) { return {model::kMissingNames.begin(), model::kMissingNames.end()}; }
std::vector<std::string> words(model::Obsolete) { return {model::kObsoleteNames.begin(), model::kObsoleteNames.end()}; }

Wrong read_word(const Json& value, const std::vector<std::string>& words, std::size_t& place) {
  const auto* const word = value.get_ptr<const Json::string_t*>();
  const auto found = word == nullptr ? words.end() : std::find(words.begin(), words.end(), *word);
  if (found == words.end()) {
    std::string all = fmt::format("\"{}\"", fmt::join(words, "\", \""));
    return must_be(all.replace(all.rfind(", "), 2, " or "), value);
  }
  place = static_cast<std::size_t>(found - words.begin());
  return std::nullopt;
}

Json write(const fs::path& value) { return value.string(); }

Json write(const std::vector<fs::path>& value) {
  Json list = Json::array();
  for (const fs::path& path : value) {
    list.push_back(path.string());
  }
  return list;
}

Json write(const DtypeTolerances& value) {
  Json entries = Json::object();
  for (const auto& [name, tolerance] : value) {
    entries[name] = {{"rtol", tolerance.rtol}, {"atol", write_atol(tolerance.atol)}};
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
