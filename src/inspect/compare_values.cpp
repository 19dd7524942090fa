#include "inspect/compare_values.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "compare/site.hpp"
#include "inspect/compare_snapshots.hpp"
#include "inspect/snapshots.hpp"
#include "inspect/stored_value.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "util/try.hpp"

namespace snapshot_test::inspect {

namespace {

/// A case with the store and the manifest that hold it.
struct StoredCase {
  std::unique_ptr<store::Store> store;
  Found found;

  [[nodiscard]] const store::CaseRecord& record() const { return found.manifest.cases[found.cases.front()]; }
};

Result<StoredCase> load_case(const Operand& operand) {
  TRY_ASSIGN(auto store, store::Store::open(operand.path));
  TRY_ASSIGN(auto found, find_case(*store, operand.name));
  return StoredCase{std::move(store), std::move(found)};
}

/// A file, or one site of a case.
Result<StoredValue> load_value(const Operand& operand, const std::optional<model::Site>& site) {
  if (operand.kind == OperandKind::kFile) {
    return load_file(operand.path);
  }
  TRY_ASSIGN(const auto stored, load_case(operand));
  TRY_ASSIGN(const auto value, choose_site(stored.record(), operand.name, site));
  return load_site(stored.store->locator(), *value);
}

/// Then nothing needs to be walked, however large it is and whatever it shares.
bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

Result<ValueDiff> compare_cases(const Operand& before, const Operand& after, const std::optional<model::Site>& site,
                                const model::ComparisonOptions& rules) {
  TRY_ASSIGN(const auto expected, load_case(before));
  TRY_ASSIGN(const auto actual, load_case(after));
  if (site) {
    TRY(choose_site(expected.record(), before.name, site).map([](const auto& /*chosen*/) {}));
  }
  const model::Rules own = model::rules_for(store::benchmark_of(expected.found.manifest), rules.rules, rules.changes);
  ValueDiff diff;
  diff.sites = compare_snapshots({actual.store->locator(), actual.record()},
                                 {expected.store->locator(), expected.record()}, own);
  if (site) {
    std::erase_if(diff.sites, [&site](const model::SiteComparison& each) { return !(each.site == *site); });
  }
  return diff;
}

}  // namespace

Result<ValueDiff> compare_values(const Operand& before, const Operand& after, const std::optional<std::string>& site,
                                 const model::ComparisonOptions& rules) {
  TRY_ASSIGN(const auto wanted, parse_site(site));
  const bool files = before.kind == OperandKind::kFile && after.kind == OperandKind::kFile;
  if (files && wanted) {
    return fail(ErrorKind::kUsage, "--site needs the name of a snapshot");
  }
  if (before.kind == OperandKind::kSnapshot && after.kind == OperandKind::kSnapshot) {
    return compare_cases(before, after, wanted, rules);
  }
  TRY_ASSIGN(const auto expected, load_value(before, wanted));
  TRY_ASSIGN(const auto actual, load_value(after, wanted));
  model::SiteComparison comparison;
  comparison.site = wanted.value_or(model::Site{});
  comparison.meaningful = true;
  if (same_bytes(expected.file.bytes(), actual.file.bytes())) {
    comparison.match = model::SiteMatch::kIdentical;
    return ValueDiff{{std::move(comparison)}, false};
  }
  compare::Options options{rules.rules};
  options.sketches = true;
  compare::describe(comparison, compare::compare(actual.document, expected.document, options));
  return ValueDiff{{std::move(comparison)}, false};
}

}  // namespace snapshot_test::inspect
