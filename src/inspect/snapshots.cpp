#include "inspect/snapshots.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "snapshot_test/model/rules.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::inspect {

namespace {

/// Does `name` mean the case? By its label, in full or from its class or method on.
bool means(const std::string& name, const model::Benchmark& benchmark, const std::string& label) {
  const std::string parameters = label.substr(benchmark.name.size());
  const std::string method =
      benchmark.class_name.empty() ? benchmark.function : benchmark.class_name + "." + benchmark.function;
  const auto is = [&name](const std::string& candidate) {
    return name == candidate || ::fnmatch(name.c_str(), candidate.c_str(), 0) == 0;
  };
  return is(label) || is(method + parameters) || is(benchmark.function + parameters);
}

tl::unexpected<Error> none(const store::Store& store, const std::string& name, const std::vector<std::string>& known) {
  const auto meant = util::nearest(name, known);
  const std::string hint =
      meant ? fmt::format("; did you mean '{}'?", *meant)
            : fmt::format("; 'snapshot_test show --snapshot-dir {}' lists what there is", store.name());
  return fail(ErrorKind::kUsage, fmt::format("no snapshot in '{}' is called '{}'{}", store.name(), name, hint));
}

}  // namespace

Result<std::vector<Found>> find_snapshots(const store::Store& store, const std::string& name) {
  TRY_ASSIGN(const auto benchmarks, store.benchmark_names());
  std::vector<Found> found;
  std::vector<std::string> known;
  std::optional<Error> unreadable;
  for (const std::string& each : benchmarks) {
    auto manifest = store.load_manifest(each);
    if (!manifest) {
      unreadable = manifest.error();
    }
    if (!manifest || !*manifest) {
      continue;
    }
    const model::Benchmark benchmark = store::benchmark_of(**manifest);
    known.insert(known.end(), {benchmark.name, benchmark.class_name + "." + benchmark.function, benchmark.function});
    const bool whole = model::matches_any(benchmark, std::vector{name});
    std::vector<std::size_t> cases;
    for (std::size_t i = 0; i < (*manifest)->cases.size(); ++i) {
      if (whole || means(name, benchmark, store::case_label(**manifest, (*manifest)->cases[i]))) {
        cases.push_back(i);
      }
    }
    if (!cases.empty()) {
      found.push_back({std::move(**manifest), std::move(cases)});
    }
  }
  if (found.empty() && unreadable) {
    return tl::unexpected(std::move(*unreadable));
  }
  if (found.empty()) {
    return none(store, name, known);
  }
  return found;
}

std::size_t case_count(const std::vector<Found>& found) {
  std::size_t cases = 0;
  for (const Found& each : found) {
    cases += each.cases.size();
  }
  return cases;
}

std::string several_cases(const std::vector<Found>& found, const std::string& name) {
  const Found& first = found.front();
  return fmt::format("'{}' means {}; name one, such as '{}'", name, util::counted(case_count(found), "case"),
                     store::case_label(first.manifest, first.manifest.cases[first.cases.front()]));
}

Result<Found> find_case(const store::Store& store, const std::string& name) {
  TRY_ASSIGN(auto found, find_snapshots(store, name));
  if (case_count(found) > 1) {
    return fail(ErrorKind::kUsage, several_cases(found, name));
  }
  return std::move(found.front());
}

Result<std::optional<model::Site>> parse_site(const std::optional<std::string>& text) {
  if (!text) {
    return std::optional<model::Site>();
  }
  const auto site = model::Site::parse(*text);
  if (!site) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' is no site; sites are return, body[3], state, deepest, path[2]", *text));
  }
  return site;
}

Result<const model::SiteValue*> choose_site(const store::CaseRecord& record, const std::string& name,
                                            const std::optional<model::Site>& site) {
  std::string there;
  for (const model::SiteValue& each : record.sites) {
    if (site ? each.site == *site : !each.object.empty()) {
      return &each;
    }
    there += (there.empty() ? "" : ", ") + each.site.text();
  }
  return fail(ErrorKind::kUsage, fmt::format("'{}' has no {}; there {}", name,
                                             site ? "site " + site->text() : std::string("site that holds a value"),
                                             there.empty() ? "is none" : "are " + there));
}

}  // namespace snapshot_test::inspect
