#include "report/listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "report/case_json.hpp"
#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kShownIds = 5;  // of one axis
constexpr std::size_t kIdWidth = 30;  // bytes
constexpr std::size_t kNameColumn = 60;
constexpr std::size_t kShownParts = 5;   // of one benchmark
constexpr std::size_t kPathWidth = 100;  // bytes

std::string axis_text(const model::ParamAxis& axis) {
  std::string text = one_line(axis.name, kIdWidth) + " =";
  for (std::size_t i = 0; i < std::min(axis.ids.size(), kShownIds); ++i) {
    text += (i == 0 ? " " : ", ") + one_line(axis.ids[i], kIdWidth);
  }
  if (axis.ids.size() > kShownIds) {
    text += fmt::format(", ... ({} values)", grouped(axis.ids.size()));
  }
  return axis.ids.empty() ? text + " (no values)" : text;
}

std::string params_text(const model::Benchmark& benchmark) {
  std::string text;
  for (const model::ParamAxis& axis : benchmark.params) {
    text += (text.empty() ? "  " : "; ") + axis_text(axis);
  }
  return text;
}

std::string cases_text(std::size_t selected, std::size_t all) {
  return selected == all ? counted(all, "case") : fmt::format("{} of {}", grouped(selected), counted(all, "case"));
}

/// Of what its cases are checked by, only what is less than their result is worth a line.
std::string checked_text(const StoredBenchmark& stored) {
  using model::Counted;
  const std::size_t whole = checked_cases(stored.checked, Counted::kResult);
  const std::size_t part = checked_cases(stored.checked, Counted::kPart) - whole;
  const std::size_t others = checked_cases(stored.checked, Counted::kAny) - whole - part;
  const auto line = [&](std::size_t cases, std::string_view by) {
    return cases == 0
               ? ""
               : fmt::format("    checked by {} ({} of {})\n", by, grouped(cases), counted(stored.cases, "case"));
  };
  return line(part, "part of the result") + line(others, "inner calls or state only");
}

std::string unstable_text(const StoredBenchmark& stored, Lists lists) {
  const std::size_t shown =
      lists == Lists::kComplete ? stored.unstable.size() : std::min(stored.unstable.size(), kShownParts);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const UnstablePart& part = stored.unstable[i];
    const std::string place = part.path.empty() ? ", all of it" : " at " + one_line(part.path, kPathWidth);
    text += fmt::format("    unstable: {}{} ({} of {})\n", part.site, place, grouped(part.indices.size()),
                        counted(stored.cases, "case"));
  }
  if (shown < stored.unstable.size()) {
    text += fmt::format("    unstable: ... and {}; --verbose lists all\n",
                        counted(stored.unstable.size() - shown, "more part"));
  }
  return text;
}

Json unstable_json(const StoredBenchmark& stored) {
  Json json = Json::array();
  for (const UnstablePart& part : stored.unstable) {
    json.push_back({{"site", part.site}, {"path", part.path}, {"indices", part.indices}});
  }
  return json;
}

/// Which benchmarks to list, by their position. One that has no case at all belongs to the whole suite, but to no
/// selection from it.
std::vector<std::size_t> listed(const model::Suite& suite, const SelectedIndices& selected) {
  bool whole = true;
  for (std::size_t i = 0; i < suite.benchmarks.size(); ++i) {
    whole = whole && selected[i].size() == suite.benchmarks[i].case_count();
  }
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < suite.benchmarks.size(); ++i) {
    if (whole || !selected[i].empty()) {
      positions.push_back(i);
    }
  }
  return positions;
}

std::string benchmark_text(const model::Benchmark& benchmark, const std::vector<std::size_t>& selected,
                           std::size_t name_width, ListDetail detail) {
  std::string text = fmt::format("  {:<{}}  {:<7}  {:>8}{}{}\n", one_line(benchmark.name), name_width, benchmark.type,
                                 cases_text(selected.size(), benchmark.case_count()), params_text(benchmark),
                                 benchmark.no_op ? "  (no-op: its body does nothing)" : "");
  if (detail == ListDetail::kCases) {
    for (const std::size_t index : selected) {
      text += fmt::format("    [{}] {}\n", index, one_line(benchmark.case_label(index)));
    }
  }
  return text;
}

}  // namespace

std::string listing_text(const model::Suite& suite, const SelectedIndices& selected, const StoredBenchmarks& stored,
                         ListDetail detail, Lists lists, Color color) {
  std::vector<std::size_t> order = listed(suite, selected);
  std::size_t cases = 0;
  std::size_t name_width = 0;
  for (const std::size_t i : order) {
    cases += selected[i].size();
    name_width = std::max(name_width, std::min(suite.benchmarks[i].name.size(), kNameColumn));
  }
  // Discovery gives modules in ASV's order, but imported benchmarks may be spread over them.
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return suite.benchmarks[a].module < suite.benchmarks[b].module;
  });
  std::string text;
  const std::string* module = nullptr;
  for (const std::size_t i : order) {
    const model::Benchmark& benchmark = suite.benchmarks[i];
    if (module == nullptr || *module != benchmark.module) {
      module = &benchmark.module;
      text += text.empty() ? "" : "\n";
      text += paint(color, Tone::kHeading, module->empty() ? "(the root package)" : one_line(*module)) + "\n";
    }
    text += benchmark_text(benchmark, selected[i], name_width, detail);
    if (const auto known = stored.find(benchmark.name); known != stored.end()) {
      text += checked_text(known->second) + unstable_text(known->second, lists);
    }
  }
  return text + fmt::format("{}{}, {} in {}\n", text.empty() ? "" : "\n", counted(order.size(), "benchmark"),
                            counted(cases, "case"), suite.root);
}

std::string listing_json(const model::Suite& suite, const SelectedIndices& selected, const StoredBenchmarks& stored,
                         ListDetail detail) {
  Json json = {{"format", kJsonFormat}, {"root", suite.root}, {"benchmarks", Json::array()}};
  for (const std::size_t i : listed(suite, selected)) {
    const model::Benchmark& benchmark = suite.benchmarks[i];
    Json entry = nlohmann::json(benchmark);
    entry["cases"] = benchmark.case_count();
    if (selected[i].size() != benchmark.case_count()) {
      entry["selected"] = selected[i];
    }
    if (detail == ListDetail::kCases) {
      entry["labels"] = Json::array();
      for (const std::size_t index : selected[i]) {
        entry["labels"].push_back({{"index", index}, {"label", benchmark.case_label(index)}});
      }
    }
    if (const auto known = stored.find(benchmark.name); known != stored.end()) {
      entry["stored"] = known->second.cases;
      entry["checked_by"] = checked_json(known->second.checked);
      entry["unstable"] = unstable_json(known->second);
    }
    json["benchmarks"].push_back(std::move(entry));
  }
  json["failures"] = failures_json(suite.failures);
  json["notes"] = suite.notes;
  return dump(json, 2) + "\n";
}

}  // namespace snapshot_test::report
