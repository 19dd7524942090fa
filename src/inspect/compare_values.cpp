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

namespace snapshot_test::inspect {

namespace {

/// A case with the store and the manifest that hold it.
struct StoredCase {
  store::Store store;
  Found found;

  [[nodiscard]] const store::CaseRecord& record() const { return found.manifest.cases[found.cases.front()]; }
};

Result<StoredCase> load_case(const Operand& operand) {
  auto store = store::Store::open(operand.path);
  if (!store) {
    return tl::unexpected(std::move(store.error()));
  }
  auto found = find_case(*store, operand.name);
  if (!found) {
    return tl::unexpected(std::move(found.error()));
  }
  return StoredCase{std::move(*store), std::move(*found)};
}

/// A file, or one site of a case.
Result<StoredValue> load_value(const Operand& operand, const std::optional<model::Site>& site) {
  if (operand.kind == OperandKind::kFile) {
    return load_file(operand.path);
  }
  const auto stored = load_case(operand);
  if (!stored) {
    return tl::unexpected(stored.error());
  }
  const auto value = choose_site(stored->record(), operand.name, site);
  if (!value) {
    return tl::unexpected(value.error());
  }
  return load_site(stored->store, **value);
}

/// Then nothing needs to be walked, however large it is and whatever it shares.
bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

Result<ValueDiff> compare_cases(const Operand& before, const Operand& after, const std::optional<model::Site>& site,
                                const RuleSet& rules) {
  const auto expected = load_case(before);
  if (!expected) {
    return tl::unexpected(expected.error());
  }
  const auto actual = load_case(after);
  if (!actual) {
    return tl::unexpected(actual.error());
  }
  if (site) {
    if (const auto there = choose_site(expected->record(), before.name, site); !there) {
      return tl::unexpected(there.error());
    }
  }
  const model::Rules own = model::rules_for(store::benchmark_of(expected->found.manifest), rules.rules, rules.changes);
  ValueDiff diff;
  diff.sites = compare_snapshots({actual->store, actual->record()}, {expected->store, expected->record()}, own);
  if (site) {
    std::erase_if(diff.sites, [&site](const model::SiteComparison& each) { return !(each.site == *site); });
  }
  return diff;
}

}  // namespace

Result<ValueDiff> compare_values(const Operand& before, const Operand& after, const std::optional<std::string>& site,
                                 const RuleSet& rules) {
  const auto wanted = parse_site(site);
  if (!wanted) {
    return tl::unexpected(wanted.error());
  }
  const bool files = before.kind == OperandKind::kFile && after.kind == OperandKind::kFile;
  if (files && *wanted) {
    return fail(ErrorKind::kUsage, "--site needs the name of a snapshot");
  }
  if (before.kind == OperandKind::kSnapshot && after.kind == OperandKind::kSnapshot) {
    return compare_cases(before, after, *wanted, rules);
  }
  const auto expected = load_value(before, *wanted);
  if (!expected) {
    return tl::unexpected(expected.error());
  }
  const auto actual = load_value(after, *wanted);
  if (!actual) {
    return tl::unexpected(actual.error());
  }
  model::SiteComparison comparison;
  comparison.site = wanted->value_or(model::Site{});
  comparison.meaningful = true;
  if (same_bytes(expected->file.bytes(), actual->file.bytes())) {
    comparison.match = model::SiteMatch::kIdentical;
    return ValueDiff{{std::move(comparison)}, false};
  }
  compare::Options options;
  static_cast<model::Rules&>(options) = rules.rules;
  compare::describe(comparison, compare::compare(actual->document, expected->document, options));
  return ValueDiff{{std::move(comparison)}, false};
}

}  // namespace snapshot_test::inspect
