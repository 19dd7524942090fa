#include "inspect/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "inspect/stored_value.hpp"
#include "report/format.hpp"
#include "util/try.hpp"

namespace snapshot_test::inspect {

using Json = nlohmann::ordered_json;
using model::SiteValue;

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

/// What a site holds, in a few words.
std::string site_line(const SiteValue& site) {
  // Of a loop the rounds are what it holds, not the list that they stand in.
  std::string text = site.rounds ? report::counted(site.count, "round") : site.type;
  text += site.object.empty() ? fmt::format(", opaque: {}", site.opaque) : ", " + report::size(site.bytes);
  if (site.count > 1 && !site.rounds) {
    text += fmt::format(", last of {}", report::grouped(site.count));
  }
  if (site.wholly_unstable) {
    text += ", unstable";
  } else if (!site.unstable.empty()) {
    text += fmt::format(", {} unstable", report::counted(site.unstable.size(), "path"));
  }
  if (!site.bounds.empty()) {
    text += fmt::format(", {} with a tolerance of their own", report::counted(site.bounds.size(), "path"));
  }
  return text;
}

std::string heading(const SiteValue& site) {
  const std::string source = site.source.empty() ? "" : fmt::format("  {}", report::one_line(site.source, 100));
  return fmt::format("{}{}\n", site.site.text(), source);
}

Json site_json(const store::Store& store, const SiteValue& site, const JsonLimits& limits, std::size_t& unreadable) {
  Json out = Json(nlohmann::json(site));
  if (site.object.empty()) {
    return out;
  }
  if (const auto value = load_site(store.locator(), site)) {
    out["value"] = value_json(value->root(), limits);
  } else {
    out["unreadable"] = value.error().message;
    ++unreadable;
  }
  return out;
}

/// Objects that have been looked at, with their size in the manifest and what is wrong with them, if anything is: many
/// cases share one.
using Checked = std::map<std::pair<std::string, std::uint64_t>, std::string>;

/// The values that are not there, or not what they were.
std::vector<std::string> unreadable_values(const store::Store& store, const store::Manifest& manifest,
                                           Checked& checked) {
  std::vector<std::string> unreadable;
  for (const store::CaseRecord& record : manifest.cases) {
    for (const SiteValue& site : record.sites) {
      const auto [object, is_new] = checked.try_emplace({site.object, site.bytes});
      if (const auto there = is_new ? check_site(store.locator(), site) : Result<void>(); !there) {
        object->second = there.error().message;
      }
      if (!object->second.empty()) {
        unreadable.push_back(
            fmt::format("{}, {}: {}", store::case_label(manifest, record), site.site.text(), object->second));
      }
    }
  }
  return unreadable;
}

/// "  time, Python version, commit ..." of the run that a case is from; empty where that is not known.
std::string run_line(const store::Store& store, const std::string& id) {
  const auto run = store.load_run(id);
  if (!run) {
    return fmt::format("  the run cannot be read: {}\n", report::one_line(run.error().message));
  }
  if (!*run) {
    return {};
  }
  const auto& git = (*run)->git;
  return fmt::format("  {}, Python {}{}\n", report::one_line((*run)->time, 40),
                     report::one_line((*run)->python.version, 40),
                     git && !git->commit.empty() ? ", commit " + report::one_line(git->commit.substr(0, 12)) : "");
}

}  // namespace

Result<ShownText> store_text(const store::Store& store) {
  TRY_ASSIGN(const auto names, store.benchmark_names());
  std::string text;
  std::size_t unreadable = 0;
  Checked checked;
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
      for (const std::string& each : unreadable_values(store, **manifest, checked)) {
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
  Checked checked;
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
      const auto values = unreadable_values(store, **manifest, checked);
      if (!values.empty()) {
        out["benchmarks"].back()["unreadable_values"] = values;
      }
      unreadable += values.size();
    }
  }
  return ShownJson{std::move(out), unreadable};
}

ShownText cases_text(const store::Store& store, const std::vector<Found>& found) {
  std::string text;
  std::size_t unreadable = 0;
  for (const Found& each : found) {
    for (const std::size_t position : each.cases) {
      const store::CaseRecord& record = each.manifest.cases[position];
      text += fmt::format("{}  {}{}{}\n", report::one_line(store::case_label(each.manifest, record)),
                          model::name(record.status), record.reason.empty() ? "" : ": ",
                          report::one_line(record.reason, 200));
      for (const SiteValue& site : record.sites) {
        text += fmt::format("  {}: {}\n", site.site.text(), report::one_line(site_line(site), 200));
        if (const auto checked = check_site(store.locator(), site); !checked) {
          text += fmt::format("    cannot be read: {}\n", report::one_line(checked.error().message));
          ++unreadable;
        }
      }
    }
  }
  return {std::move(text), unreadable};
}

ShownText case_text(const store::Store& store, const store::Manifest& manifest, const store::CaseRecord& record,
                    const std::optional<model::Site>& site, const TextLimits& limits) {
  std::string text =
      fmt::format("{}\n  {}{}{}\n", report::one_line(store::case_label(manifest, record)), model::name(record.status),
                  record.reason.empty() ? "" : ": ", report::one_line(record.reason, 200));
  text += fmt::format("  captured by run {}, in {} of the call\n", report::one_line(record.run),
                      report::duration(record.seconds));
  text += run_line(store, record.run);
  std::size_t unreadable = 0;
  for (const SiteValue& each : record.sites) {
    if (site && !(each.site == *site)) {
      continue;
    }
    text += "\n" + heading(each) + fmt::format("  {}\n", report::one_line(site_line(each), 200));
    if (each.object.empty()) {
      continue;
    }
    text += fmt::format("  object {}\n", report::one_line(each.object, 100));
    if (const auto value = load_site(store.locator(), each)) {
      text += value_text(value->root(), limits, "    ");
    } else {
      text += fmt::format("    cannot be read: {}\n", report::one_line(value.error().message));
      ++unreadable;
    }
    for (const std::string& path : each.unstable) {
      text += fmt::format("  not compared, it differs from run to run: {}\n", report::one_line(path, 200));
    }
    for (const auto& [path, rtol] : each.bounds) {
      text += fmt::format("  compared with rtol {:.1e}, it differs a little from run to run: {}\n", rtol,
                          path.empty() ? "the value" : report::one_line(path, 200));
    }
  }
  return {std::move(text), unreadable};
}

ShownJson cases_json(const store::Store& store, const std::vector<Found>& found, const std::optional<model::Site>& site,
                     const JsonLimits& limits) {
  Json out = {{"format", 1}, {"store", store.name()}, {"cases", Json::array()}};
  std::size_t unreadable = 0;
  for (const Found& each : found) {
    for (const std::size_t position : each.cases) {
      const store::CaseRecord& record = each.manifest.cases[position];
      Json one = {{"label", store::case_label(each.manifest, record)},
                  {"benchmark", each.manifest.benchmark},
                  {"index", record.index},
                  {"ids", record.ids},
                  {"status", model::name(record.status)},
                  {"reason", record.reason},
                  {"run", record.run},
                  {"version", record.version.empty() ? each.manifest.version : record.version},
                  {"seconds", record.seconds},
                  {"sites", Json::array()}};
      for (const SiteValue& value : record.sites) {
        if (!site || value.site == *site) {
          one["sites"].push_back(site_json(store, value, limits, unreadable));
        }
      }
      out["cases"].push_back(std::move(one));
    }
  }
  return {std::move(out), unreadable};
}

}  // namespace snapshot_test::inspect
