#include "snapshot_test/compare/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <span>

#include "compare/stored_sketch.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "util/json_text.hpp"
#include "util/text.hpp"

namespace snapshot_test::compare {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostPartLines = 5;

/// The path as it is told: "(0)", what an object is made from, reads like a call there.
std::string place(const std::string& path) {
  std::string text;
  char quote = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char letter = path[i];
    if (quote != 0) {
      if (letter == '\\' && i + 1 < path.size()) text += path[i++];
      quote = path[i] == quote ? 0 : quote;
    } else if (letter == '\'' || letter == '"') {
      quote = letter;
    } else if (const std::size_t end = path.find_first_not_of("0123456789", i + 1);
               letter == '(' && end != std::string::npos && end > i + 1 && path[end] == ')') {
      text += fmt::format("{}argument {}", text.empty() ? "" : ", ", path.substr(i + 1, end - i - 1));
      i = end;
      continue;
    }
    text += path[i];
  }
  return text.empty() ? "the value itself" : text;
}

std::string index_text(const Element& element) {
  if (element.index.empty()) return "";
  return fmt::format(" at [{}]", fmt::join(element.index, ", "));
}

std::string worst(std::string_view what, double amount, const Element& element) {
  return fmt::format("\n    largest {} difference {:.6g}{}: actual {}, expected {}", what, amount, index_text(element),
                     element.actual, element.expected);
}

// Rounded up, so that what is shown does pass.
std::string rounded_up(double amount) {
  const std::string text = fmt::format("{:.2e}", amount);
  const double shown = std::strtod(text.c_str(), nullptr);
  if (shown >= amount) return text;
  const double step = std::pow(10.0, std::floor(std::log10(amount)) - 2);
  return fmt::format("{:.2e}", amount + step);
}

// Which options would let it pass. Nothing that would not, and no tolerance for what says which thing it is.
std::string passing(const Numbers& numbers) {
  if (numbers.only_integers) return "\n    would pass with --no-exact-integers";
  const bool by_rtol = std::isfinite(numbers.passing_rtol);
  const bool by_atol = std::isfinite(numbers.passing_atol);
  if (numbers.exact || !numbers.measurable || (!by_rtol && !by_atol)) return "";
  std::string text = "\n    would pass with ";
  if (by_rtol) text += fmt::format("rtol {}", rounded_up(numbers.passing_rtol));
  if (by_rtol && by_atol) text += " or ";
  if (by_atol) text += fmt::format("atol {}", rounded_up(numbers.passing_atol));
  if (!numbers.by_dtype.empty()) text += fmt::format(" in tolerance.by_dtype of {}", numbers.by_dtype);
  return text;
}

std::string applied_text(const Numbers& numbers) {
  if (numbers.exact) return "exact";
  return fmt::format("rtol {:g}, atol {:g}{}", numbers.tolerance.rtol, numbers.tolerance.atol,
                     numbers.auto_atol ? " (auto)" : "");
}

std::string share(const Numbers& numbers) {
  const double percent = 100.0 * static_cast<double>(numbers.mismatched) / static_cast<double>(numbers.total);
  return fmt::format("{} of {} elements ({:.3g} %)", numbers.mismatched, numbers.total, percent);
}

std::string special_values(const Numbers& numbers) {
  std::string text;
  if (numbers.actual_nans + numbers.expected_nans > 0) {
    text += fmt::format("\n    NaN: {} actual, {} expected", numbers.actual_nans, numbers.expected_nans);
  }
  if (numbers.actual_infs + numbers.expected_infs > 0) {
    text += fmt::format("\n    infinite: {} actual, {} expected", numbers.actual_infs, numbers.expected_infs);
  }
  if (numbers.only_nans) {
    text += "\n    NaNs at the same places are all that separates them: --equal-nan would let them pass";
  }
  return text;
}

std::string numbers_text(const Difference& difference) {
  const Numbers& numbers = difference.numbers;
  std::string text;
  if (numbers.samples.empty()) {
    text = fmt::format("actual {}, expected {} ({})", difference.actual, difference.expected, applied_text(numbers));
    if (numbers.measurable) {
      text +=
          fmt::format("\n    absolute difference {:.6g}, relative {:.6g}", numbers.max_absolute, numbers.max_relative);
    }
  } else {
    text = fmt::format("{} differ ({})", share(numbers), applied_text(numbers));
    if (numbers.measurable) {
      text += worst("absolute", numbers.max_absolute, numbers.at_max_absolute);
      text += worst("relative", numbers.max_relative, numbers.at_max_relative);
    }
    for (const Element& sample : numbers.samples) {
      if (numbers.total == 1) break;  // the largest difference is it
      text += fmt::format("\n   {}: actual {}, expected {}", index_text(sample), sample.actual, sample.expected);
    }
  }
  return text + special_values(numbers) + passing(numbers);
}

std::string indented(std::string text) {
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    text.replace(at, 1, "\n    ");
  }
  return text;
}

std::string difference_text(const Difference& difference) {
  switch (difference.what) {
    case What::kMissing: return fmt::format("missing: {} was expected", difference.expected);
    case What::kUnexpected: return fmt::format("unexpected: {}", difference.actual);
    case What::kTooComplex: return difference.note;
    case What::kMask: return fmt::format("mask: {}", difference.note);
    case What::kValue:
      if (difference.numeric) return numbers_text(difference);
      break;
    default: break;
  }
  std::string text =
      fmt::format("{}: actual {}, expected {}", name(difference.what), difference.actual, difference.expected);
  if (!difference.note.empty()) text += fmt::format("\n    {}", difference.note);
  if (!difference.diff.empty()) text += "\n    " + indented(difference.diff);
  return text;
}

// Text from a value may hold what is not UTF-8.
std::string clean(const std::string& text) { return Json::parse(util::json_text(Json(text))).get<std::string>(); }

Json number_json(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  return number;
}

Json element_json(const Element& element) {
  return {{"index", element.index}, {"actual", clean(element.actual)}, {"expected", clean(element.expected)}};
}

Json numbers_json(const Numbers& numbers) {
  Json out = {{"mismatched", numbers.mismatched},
              {"total", numbers.total},
              {"exact", numbers.exact},
              {"rtol", numbers.tolerance.rtol},
              {"atol", numbers.tolerance.atol},
              {"nan", {{"actual", numbers.actual_nans}, {"expected", numbers.expected_nans}}},
              {"inf", {{"actual", numbers.actual_infs}, {"expected", numbers.expected_infs}}},
              {"only_nans", numbers.only_nans},
              {"only_integers", numbers.only_integers}};
  if (numbers.auto_atol) out["auto_atol"] = true;
  if (!numbers.by_dtype.empty()) out["by_dtype"] = clean(numbers.by_dtype);
  if (numbers.measurable) {
    out["max_absolute"] = element_json(numbers.at_max_absolute);
    out["max_absolute"]["difference"] = number_json(numbers.max_absolute);
    out["max_relative"] = element_json(numbers.at_max_relative);
    out["max_relative"]["difference"] = number_json(numbers.max_relative);
    out["passing_rtol"] = number_json(numbers.passing_rtol);
    out["passing_atol"] = number_json(numbers.passing_atol);
  }
  out["samples"] = Json::array();
  for (const Element& sample : numbers.samples) out["samples"].push_back(element_json(sample));
  return out;
}

Json histogram_json(std::span<const std::uint64_t> counts) {
  std::size_t size = counts.size();
  while (size > 0 && counts[size - 1] == 0) --size;
  return Json(std::vector<std::uint64_t>(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(size)));
}

// A cell is a letter: how many octaves below the largest of all its largest difference is, '0' for none to 'o' for 63
// and more; '.' where nothing differs, '!' where something is not finite on one side.
Json map_json(const SketchMap& map) {
  double largest = 0;
  for (const double cell : map.largest) {
    if (std::isfinite(cell)) largest = std::max(largest, cell);
  }
  const int top = largest > 0 ? std::ilogb(largest) : 0;
  std::string cells;
  for (const double cell : map.largest) {
    cells += cell == 0              ? '.'
             : !std::isfinite(cell) ? '!'
                                    : static_cast<char>('0' + std::min(63, top - std::ilogb(cell)));
  }
  return {{"axes", map.axes},       {"extents", map.extents}, {"rows", map.rows},
          {"columns", map.columns}, {"log2_largest", top},    {"cells", cells}};
}

Json sketch_json(const Sketch& sketch) {
  Json out = {
      {"path", clean(sketch.path)},
      {"dtype", clean(sketch.dtype)},
      {"total", sketch.total},
      {"differing", sketch.differing},
      {"measured", sketch.measured},
      {"ulps", histogram_json(sketch.ulps)},
      {"mean_difference", number_json(sketch.mean_difference)},
      {"mean_ulps", number_json(sketch.mean_ulps)},
      {"max_difference", number_json(sketch.max_difference)},
      {"max_ulps", sketch.max_ulps},
      {"rtol", sketch.rtol},
      {"atol", sketch.atol},
      {"passing_rtol", number_json(sketch.passing_rtol)},
      {"passing_rtol_alone", number_json(sketch.passing_rtol_alone)},
      {"nan", {{"appeared", sketch.nan_appeared}, {"vanished", sketch.nan_vanished}, {"stayed", sketch.nan_stayed}}},
      {"inf_changed", sketch.inf_changed},
      {"sign_changed", sketch.sign_changed},
      {"became_zero", sketch.became_zero},
      {"was_zero", sketch.was_zero},
      {"reading", clean(reading(sketch))}};
  if (sketch.has_tolerance) out["tolerances"] = histogram_json(sketch.tolerances);
  if (!sketch.shape.empty()) out["shape"] = sketch.shape;
  if (sketch.map.rows > 0) out["map"] = map_json(sketch.map);
  for (const WorstElement& each : sketch.worst) {
    Json element = {{"actual", clean(each.actual)},
                    {"expected", clean(each.expected)},
                    {"difference", number_json(each.difference)},
                    {"ulps", each.ulps}};
    if (each.path.empty()) element["index"] = each.index;
    if (!each.path.empty()) element["path"] = clean(each.path);
    out["worst"].push_back(std::move(element));
  }
  return out;
}

// "keys: 1 added: 'w'; 2 of 20 changed: 'x', 'y'"
std::string parts_text(const PartChanges& parts) {
  std::string text = fmt::format("{}:", name(parts.kind));
  const auto add = [&](const NamedParts& some, std::uint64_t whole, std::string_view what) {
    if (some.count == 0) return;
    text += text.ends_with(':') ? " " : "; ";
    text += whole > 0 ? fmt::format("{} of {} {}", some.count, whole, what) : fmt::format("{} {}", some.count, what);
    if (some.names.empty()) return;
    text += fmt::format(": {}", fmt::join(some.names, ", "));
    if (some.names.size() < some.count) text += ", …";
  };
  add(parts.added, 0, "added");
  add(parts.removed, 0, "removed");
  add(parts.changed, parts.expected, "changed");
  return text;
}

// Where every difference is told, it says which key or item it is of; of lines, the diff does. No difference says which
// rows and columns changed, or where in a sequence items were added.
bool is_worth_telling(const PartChanges& parts, const Comparison& comparison) {
  if (parts.count() < 2 || parts.kind == PartKind::kLines) return false;
  const bool table = parts.kind == PartKind::kColumns || parts.kind == PartKind::kRows;
  const bool aligned = parts.kind == PartKind::kItems && parts.added.count + parts.removed.count > 0;
  return table || aligned || comparison.difference_count > comparison.differences.size();
}

Json names_json(const NamedParts& parts) {
  Json names = Json::array();
  for (const std::string& each : parts.names) names.push_back(clean(each));
  return {{"count", parts.count}, {"names", names}};
}

Json parts_json(const PartChanges& parts) {
  Json out = {{"path", clean(parts.path)}, {"kind", name(parts.kind)}};
  if (parts.expected + parts.actual > 0) {
    out["expected"] = parts.expected;
    out["actual"] = parts.actual;
  }
  if (parts.added.count > 0) out["added"] = names_json(parts.added);
  if (parts.removed.count > 0) out["removed"] = names_json(parts.removed);
  if (parts.changed.count > 0) out["changed"] = names_json(parts.changed);
  return out;
}

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kIdentical: return "identical";
    case Outcome::kClose: return "close";
    default: return "different";
  }
}

}  // namespace

std::string explain_sketched(const Comparison& comparison) {
  std::string text;
  for (const SketchedArray& each : comparison.sketched) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "\n", place(each.path), sketched_text(each));
  }
  const std::uint64_t more = comparison.sketched_count - comparison.sketched.size();
  if (more > 0) text += fmt::format("\nand {} more", util::counted(more, "sketch"));
  return clean(text);
}

std::string explain(const Comparison& comparison) {
  std::string text;
  for (const Hint& hint : comparison.hints) {
    if (!text.empty()) text += "\n";
    text += fmt::format("{}: {}", place(hint.path), hint.text);
  }
  std::size_t told = 0;
  for (const PartChanges& parts : comparison.parts) {
    if (!is_worth_telling(parts, comparison) || told++ >= kMostPartLines) continue;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "\n", place(parts.path), parts_text(parts));
  }
  for (const Difference& difference : comparison.differences) {
    if (!text.empty()) text += "\n";
    text += fmt::format("{}: {}", place(difference.path), difference_text(difference));
  }
  if (comparison.sketch) {
    const Sketch& whole = comparison.sketches.size() == 1 ? comparison.sketches.front() : *comparison.sketch;
    if (const std::string line = reading(whole); !line.empty()) text += "\n" + line;
  }
  if (const std::string sketched = explain_sketched(comparison); !sketched.empty()) text += "\n" + sketched;
  const std::uint64_t more = comparison.difference_count - comparison.differences.size();
  if (more > 0) text += fmt::format("\nand {} more {}", more, util::plural(more, "difference"));
  return clean(text);
}

Json to_json(const Comparison& comparison) {
  Json out = {{"outcome", outcome_name(comparison.outcome)},
              {"leaves", comparison.leaves},
              {"ignored", comparison.ignored},
              {"difference_count", comparison.difference_count},
              {"differences", Json::array()}};
  for (const Difference& difference : comparison.differences) {
    Json item = {{"path", clean(difference.path)}, {"what", name(difference.what)}};
    if (!difference.actual.empty()) item["actual"] = clean(difference.actual);
    if (!difference.expected.empty()) item["expected"] = clean(difference.expected);
    if (!difference.note.empty()) item["note"] = clean(difference.note);
    if (!difference.diff.empty()) item["diff"] = clean(difference.diff);
    if (difference.numeric) item["numbers"] = numbers_json(difference.numbers);
    out["differences"].push_back(std::move(item));
  }
  if (comparison.sketch) {
    // Of a single one nothing is said twice.
    const bool single =
        comparison.sketches.size() == 1 && comparison.sketches.front().total == comparison.sketch->total;
    out["sketch"] = sketch_json(single ? comparison.sketches.front() : *comparison.sketch);
    for (const Sketch& each : comparison.sketches) {
      if (!single) out["sketches"].push_back(sketch_json(each));
    }
  }
  for (const DifferenceGroup& group : comparison.groups) {
    out["groups"].push_back({{"path", clean(group.path)}, {"what", name(group.what)}, {"count", group.count}});
  }
  for (const SketchedArray& each : comparison.sketched) {
    out["sketched"].push_back({{"path", clean(each.path)},
                               {"dtype", each.dtype},
                               {"shape", each.shape},
                               {"match", each.different ? "different" : "close"},
                               {"elements", each.elements},
                               {"blocks", each.blocks},
                               {"changed_blocks", each.changed_blocks},
                               {"sampled", each.sampled},
                               {"unseen", number_json(each.unseen)},
                               {"unseen_tolerances", number_json(each.unseen_tolerances)}});
  }
  if (comparison.sketched_count != 0) out["sketched_count"] = comparison.sketched_count;
  for (const PartChanges& parts : comparison.parts) out["parts"].push_back(parts_json(parts));
  for (const Hint& hint : comparison.hints) {
    out["hints"].push_back({{"path", clean(hint.path)}, {"text", clean(hint.text)}});
  }
  return out;
}

}  // namespace snapshot_test::compare
