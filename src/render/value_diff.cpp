#include "render/value_diff.hpp"

#include <fmt/format.h>

#include <map>

#include "report/format.hpp"

namespace snapshot_test::render {

using Json = nlohmann::ordered_json;

std::string value_diff_text(const inspect::ValueDiff& diff) {
  std::string lines;
  std::map<std::string, std::string> explained;
  for (const model::SiteComparison& site : diff.sites) {
    const std::string label = diff.of_sites ? site.site.text() + ": " : "";
    lines += fmt::format("{}{}\n", label, model::name(site.match));
    if (site.explanation.empty()) {
      continue;
    }
    if (const auto [first, is_new] = explained.emplace(site.explanation, site.site.text()); is_new) {
      lines += report::first_lines(site.explanation, 200, "  ");
    } else {
      lines += fmt::format("  as {}\n", first->second);
    }
  }
  return lines;
}

Json value_diff_json(const inspect::ValueDiff& diff, const std::string& before, const std::string& after) {
  Json out = {{"format", 1}, {"before", before}, {"after", after}, {"comparisons", Json::array()}};
  for (const model::SiteComparison& site : diff.sites) {
    Json one = {{"match", model::name(site.match)}};
    if (diff.of_sites) {
      one["site"] = site.site.text();
    }
    if (!site.explanation.empty()) {
      one["explanation"] = site.explanation;
    }
    if (!site.details.is_null()) {
      one["details"] = Json(site.details);
    }
    out["comparisons"].push_back(std::move(one));
  }
  return out;
}

}  // namespace snapshot_test::render
