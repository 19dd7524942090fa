#include "audit/audit.hpp"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "audit/mutant.hpp"
#include "model/counterpart.hpp"
#include "snapshot_test/model/auto_atol.hpp"
#include "snapshot_test/model/coverage.hpp"
#include "store/digest.hpp"
#include "util/try.hpp"

namespace snapshot_test::audit {

using inspect::StoredValue;
using model::SiteKind;
using model::SiteValue;

namespace {

std::size_t count_of(const std::vector<Trial>& trials, Outcome outcome) {
  return static_cast<std::size_t>(std::count_if(trials.begin(), trials.end(), [outcome](const Trial& trial) {
    return counts(trial.mutation) && trial.outcome == outcome;
  }));
}

double share(std::size_t caught, std::size_t passed) {
  return caught + passed == 0 ? 1 : static_cast<double>(caught) / static_cast<double>(caught + passed);
}

/// Of the calls inside, as verify takes them: the outermost on the way to `deepest`, or that; and other threads'.
std::vector<const SiteValue*> deciding_inner(const store::CaseRecord& record) {
  const SiteValue* decider = nullptr;
  std::vector<const SiteValue*> sites;
  for (const SiteValue& site : record.sites) {
    if (!model::usable(site) || !model::is_inner(site.site.kind)) continue;
    if (site.site.kind == SiteKind::kThreads) {
      sites.push_back(&site);
    } else if (decider == nullptr || decider->site.kind == SiteKind::kDeepest ||
               (site.site.kind == SiteKind::kPath && site.site < decider->site)) {
      decider = &site;
    }
  }
  if (decider != nullptr) sites.push_back(decider);
  return sites;
}

/// The values of some sites, which keep their addresses.
class Values {
 public:
  explicit Values(const model::Locator& store) : store_(store) {}

  [[nodiscard]] Result<const StoredValue*> load(const SiteValue& site) {
    TRY_ASSIGN(auto value, inspect::load_site(store_, site));
    return &values_.emplace_back(std::move(value));
  }

 private:
  const model::Locator& store_;
  std::deque<StoredValue> values_;
};

Result<std::vector<AuditedSite>> load_sites(Values& values, const store::CaseRecord& record,
                                            const store::CaseRecord* previous) {
  std::vector<AuditedSite> sites;
  std::vector<const SiteValue*> taken;
  for (const SiteValue* site : deciding_sites(record)) {
    AuditedSite audited;
    audited.site = site;
    TRY_ASSIGN(audited.value, values.load(*site));
    if (previous != nullptr) {
      const SiteValue* before = model::find_counterpart(previous->sites, *site, taken);
      if (before != nullptr && model::usable(*before) && !before->sketch_of && before->object != site->object) {
        TRY_ASSIGN(audited.previous, values.load(*before));
      }
    }
    sites.push_back(audited);
  }
  return sites;
}

bool has_sketch(const store::CaseRecord& record) {
  const auto sites = deciding_sites(record);
  return std::any_of(sites.begin(), sites.end(), [](const SiteValue* site) { return site->sketch_of.has_value(); });
}

bool can_be_checked(const store::CaseRecord& record) {
  return model::verifiable(record.status) && model::verifiable(model::coverage_of(record.sites).status);
}

}  // namespace

std::size_t CaseAudit::caught() const { return count_of(trials, Outcome::kCaught); }
std::size_t CaseAudit::passed() const { return count_of(trials, Outcome::kPassed); }
bool CaseAudit::caught_by_itself() const {
  return std::any_of(trials.begin(), trials.end(), [](const Trial& trial) {
    return counts(trial.mutation) && trial.mutation != Mutation::kPrevious && trial.outcome == Outcome::kCaught;
  });
}
bool CaseAudit::passes(Mutation mutation) const {
  return std::any_of(trials.begin(), trials.end(), [mutation](const Trial& trial) {
    return trial.mutation == mutation && trial.outcome == Outcome::kPassed;
  });
}
double CaseAudit::sensitivity() const { return share(caught(), passed()); }

std::size_t Audit::caught() const {
  std::size_t sum = 0;
  for (const CaseAudit& each : cases) sum += each.caught();
  return sum;
}

std::size_t Audit::passed() const {
  std::size_t sum = 0;
  for (const CaseAudit& each : cases) sum += each.passed();
  return sum;
}

double Audit::sensitivity() const { return share(caught(), passed()); }

std::size_t Audit::insensitive() const {
  return static_cast<std::size_t>(
      std::count_if(cases.begin(), cases.end(), [](const CaseAudit& each) { return each.insensitive(); }));
}

std::size_t Audit::unread() const {
  return static_cast<std::size_t>(
      std::count_if(cases.begin(), cases.end(), [](const CaseAudit& each) { return !each.unread.empty(); }));
}

std::size_t Audit::sketched() const {
  return static_cast<std::size_t>(
      std::count_if(cases.begin(), cases.end(), [](const CaseAudit& each) { return each.sketched; }));
}

std::size_t Audit::sensitive() const {
  return static_cast<std::size_t>(
      std::count_if(cases.begin(), cases.end(), [](const CaseAudit& each) { return each.caught() > 0; }));
}

std::vector<const SiteValue*> deciding_sites(const store::CaseRecord& record) {
  std::vector<const SiteValue*> sites;
  for (const SiteValue& site : record.sites) {
    if (model::usable(site) && (model::is_outer(site.site.kind) || site.site.kind == SiteKind::kState)) {
      sites.push_back(&site);
    }
  }
  return sites.empty() ? deciding_inner(record) : sites;
}

CaseAudit audit_case(const model::Locator& store, const store::Manifest& manifest, const store::CaseRecord& record,
                     const store::CaseRecord* previous, const model::Rules& rules) {
  CaseAudit audit;
  audit.benchmark = manifest.benchmark;
  audit.index = record.index;
  audit.label = store::case_label(manifest, record);
  audit.sketched = has_sketch(record);
  if (audit.sketched) return audit;
  Values values(store);
  const auto sites = load_sites(values, record, previous);
  if (!sites) {
    audit.unread = sites.error().message;
    return audit;
  }
  for (const Mutation mutation : kMutations) {
    audit.trials.push_back(try_mutation(mutation, *sites, rules));
  }
  return audit;
}

const store::CaseRecord* previous_of(const store::Manifest& manifest, const store::CaseRecord& record) {
  const auto count = static_cast<std::ptrdiff_t>(manifest.cases.size());
  const std::ptrdiff_t place = std::find_if(manifest.cases.begin(), manifest.cases.end(),
                                            [&](const store::CaseRecord& each) { return each.index == record.index; }) -
                               manifest.cases.begin();
  for (std::ptrdiff_t step = 1; step < count; ++step) {
    const store::CaseRecord& each = manifest.cases[static_cast<std::size_t>((place + count - step) % count)];
    if (can_be_checked(each)) return &each;
  }
  return nullptr;
}

std::optional<double> case_magnitude(const model::Locator& store, const store::CaseRecord& record,
                                     std::uint64_t most_bytes) {
  std::uint64_t bytes = 0;
  const auto sites = deciding_sites(record);
  for (const SiteValue* site : sites) bytes += site->bytes;
  if (sites.empty() || bytes > most_bytes || has_sketch(record)) return std::nullopt;
  double largest = 0;
  for (const SiteValue* site : sites) {
    // Of what is left out, zeros may pass whatever their size.
    if (!site->unstable.empty() || !site->bounds.empty()) continue;
    const auto value = inspect::load_site(store, *site);
    const auto magnitude = value ? largest_magnitude(value->document) : std::nullopt;
    if (!magnitude) return std::nullopt;
    largest = std::max(largest, *magnitude);
  }
  return largest;
}

std::string text_of(const model::Rules& rules) {
  // To be raised where another release would find other mutants, or compare otherwise.
  constexpr int kVersion = 1;
  const nlohmann::json text = {{"version", kVersion}, {"rules", rules}};
  return store::sha256_hex(text.dump()).substr(0, 16);
}

bool zeros_may_pass(const std::optional<double>& magnitude, const model::Rules& rules) {
  if (!magnitude) return false;
  const auto passes = [&](const model::Tolerance& tolerance) {
    // An automatic atol is never more than a hundredth of a value.
    const double atol = tolerance.atol == model::kAutoAtol ? 0.01 * *magnitude : tolerance.atol;
    return *magnitude <= atol + tolerance.rtol * *magnitude;
  };
  return passes(rules.tolerance) || std::any_of(rules.by_dtype.begin(), rules.by_dtype.end(),
                                                [&](const auto& entry) { return passes(entry.second); });
}

bool is_insensitive(const model::Locator& store, const store::CaseRecord& record, const store::CaseRecord* previous,
                    const model::Rules& rules) {
  if (!zeros_may_pass(record.magnitude, rules) || has_sketch(record)) return false;
  if (record.sensitive_under == text_of(rules)) return false;
  Values values(store);
  const auto sites = load_sites(values, record, previous);
  if (!sites) return false;
  bool passed = false;
  for (const Mutation mutation : kMutations) {
    if (!counts(mutation)) continue;
    const Outcome outcome = try_mutation(mutation, *sites, rules).outcome;
    if (outcome == Outcome::kCaught) return false;
    passed = passed || outcome == Outcome::kPassed;
  }
  return passed;
}

Result<Audit> audit_store(
    const store::Store& store, const model::ComparisonOptions& comparison,
    const std::function<bool(const model::Benchmark& benchmark, const std::string& label)>& wanted) {
  Audit audit;
  TRY_ASSIGN(const auto names, store.benchmark_names());
  const model::Locator locator = store.locator();
  for (const std::string& name : names) {
    TRY_ASSIGN(const auto manifest, store.load_manifest(name));
    if (!manifest) continue;  // it went meanwhile
    const model::Benchmark benchmark = store::benchmark_of(*manifest);
    const model::Rules rules = model::rules_for(benchmark, comparison.rules, comparison.changes);
    for (const store::CaseRecord& record : manifest->cases) {
      if (wanted && !wanted(benchmark, store::case_label(*manifest, record))) continue;
      if (!can_be_checked(record)) {
        ++audit.not_verifiable;
        continue;
      }
      audit.cases.push_back(audit_case(locator, *manifest, record, previous_of(*manifest, record), rules));
    }
  }
  std::stable_sort(audit.cases.begin(), audit.cases.end(), [](const CaseAudit& a, const CaseAudit& b) {
    if (a.insensitive() != b.insensitive()) return a.insensitive();
    return a.sensitivity() < b.sensitivity();
  });
  return audit;
}

}  // namespace snapshot_test::audit
