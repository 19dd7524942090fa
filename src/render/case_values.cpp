#include "render/case_values.hpp"

#include <fmt/format.h>

#include <utility>

#include "inspect/stored_value.hpp"
#include "report/format.hpp"

namespace snapshot_test::render {

using Json = nlohmann::ordered_json;
using inspect::Found;
using model::SiteValue;

namespace {

/// What a site holds, in a few words.
std::string site_line(const SiteValue& site) {
  // Of a loop the rounds are what it holds, not the list that they stand in.
  std::string text = site.rounds ? report::counted(site.count, "round") : site.type;
  text += site.object.empty() ? fmt::format(", opaque: {}", site.opaque) : ", " + report::size(site.bytes);
  if (site.sketch_of) {
    text += fmt::format(", a sketch of {}", report::size(site.sketch_of->bytes));
  }
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
  if (const auto value = inspect::load_site(store.locator(), site)) {
    out["value"] = value_json(value->root(), limits);
  } else {
    out["unreadable"] = value.error().message;
    ++unreadable;
  }
  return out;
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
        if (const auto checked = inspect::check_site(store.locator(), site); !checked) {
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
    if (const auto value = inspect::load_site(store.locator(), each)) {
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

}  // namespace snapshot_test::render
