#include "render/store_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "inspect/unreadable_values.hpp"
#include "report/format.hpp"
#include "util/try.hpp"

namespace snapshot_test::render {

using Json = nlohmann::ordered_json;

namespace {

using Counts = std::map<model::CaptureStatus, std::size_t>;

Counts count(const store::Manifest& manifest) {
  Counts counts;
  for (const store::CaseRecord& record : manifest.cases) {
    ++counts[record.status];
  }
  return counts;
}

std::string counts_text(const Counts& counts) {
  std::string text;
  for (const auto& [status, cases] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", report::grouped(cases), model::name(status));
  }
  return text;
}

/// As wide as the longest name, but for a few that are too long for a line.
std::size_t column_width(const std::vector<std::string>& names) {
  constexpr std::size_t kWidest = 72;
  std::size_t width = 0;
  for (const std::string& name : names) {
    width = std::max(width, std::min(name.size(), kWidest));
  }
  return width;
}

}  // namespace

Result<ShownText> store_text(const store::Store& store) {
  TRY_ASSIGN(const auto names, store.benchmark_names());
  std::string text;
  std::size_t unreadable = 0;
  inspect::CheckedObjects checked;
  Counts all;
  std::size_t cases = 0;
  const std::size_t width = column_width(names);
  for (const std::string& name : names) {
    const auto manifest = store.load_manifest(name);
    if (!manifest) {
      text += fmt::format("{}: {}\n", report::one_line(name), report::one_line(manifest.error().message));
      ++unreadable;
    } else if (*manifest) {
      const Counts counts = count(**manifest);
      for (const auto& [status, number] : counts) {
        all[status] += number;
      }
      cases += (*manifest)->cases.size();
      text += fmt::format("{:<{}}  {:>9}: {}\n", report::one_line(name), width,
                          report::counted((*manifest)->cases.size(), "case"), counts_text(counts));
      for (const std::string& each : inspect::unreadable_values(store, **manifest, checked)) {
        text += fmt::format("  cannot be read: {}\n", report::one_line(each));
        ++unreadable;
      }
    }
  }
  const auto bytes = store.disk_usage();
  text += fmt::format("{} with {} in '{}'{}: {}\n", report::counted(names.size(), "benchmark"),
                      report::counted(cases, "case"), report::one_line(store.name()),
                      bytes ? ", " + report::size(*bytes) : "", counts_text(all));
  return ShownText{std::move(text), unreadable};
}

Result<ShownJson> store_json(const store::Store& store) {
  TRY_ASSIGN(const auto names, store.benchmark_names());
  Json out = {{"format", 1}, {"store", store.name()}, {"benchmarks", Json::array()}};
  std::size_t unreadable = 0;
  inspect::CheckedObjects checked;
  for (const std::string& name : names) {
    const auto manifest = store.load_manifest(name);
    if (!manifest) {
      out["benchmarks"].push_back({{"name", name}, {"unreadable", manifest.error().message}});
      ++unreadable;
    } else if (*manifest) {
      Json counts = Json::object();
      for (const auto& [status, number] : count(**manifest)) {
        counts[std::string(model::name(status))] = number;
      }
      out["benchmarks"].push_back({{"name", name}, {"cases", (*manifest)->cases.size()}, {"by_status", counts}});
      const auto values = inspect::unreadable_values(store, **manifest, checked);
      if (!values.empty()) {
        out["benchmarks"].back()["unreadable_values"] = values;
      }
      unreadable += values.size();
    }
  }
  return ShownJson{std::move(out), unreadable};
}

}  // namespace snapshot_test::render
