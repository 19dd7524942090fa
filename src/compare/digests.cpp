#include "compare/digests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

#include "compare/settings.hpp"
#include "snapshot_test/pickle/form.hpp"

namespace snapshot_test::compare {
namespace {

using pickle::Kind;
using pickle::Value;

/// How many standard deviations a sum with signs may be off by: what is beyond is no chance.
constexpr double kDeviations = 8;

const Value* field(const Value& digest, std::string_view name) {
  for (const pickle::Pair& pair : digest.pairs()) {
    if (pair.key->kind() == Kind::kStr && pair.key->text() == name) return pair.value;
  }
  return nullptr;
}

std::string_view text(const Value& digest, std::string_view name) {
  const Value* value = field(digest, name);
  return value != nullptr && value->kind() == Kind::kStr ? value->text() : std::string_view();
}

double real(const Value& digest, std::string_view name) {
  const Value* value = field(digest, name);
  if (value == nullptr) return 0;
  if (value->kind() == Kind::kInt) return static_cast<double>(value->integer());
  return value->kind() == Kind::kFloat ? value->real() : 0;
}

std::span<const Value* const> reals(const Value& digest, std::string_view name) {
  const Value* value = field(digest, name);
  if (value == nullptr || value->kind() != Kind::kList) return {};
  const auto items = value->items();
  const bool numbers =
      std::all_of(items.begin(), items.end(), [](const Value* x) { return x->kind() == Kind::kFloat; });
  return numbers ? items : std::span<const Value* const>{};
}

/// Could every number of the one be within the tolerance of that of the other? Whatever is not finite cannot.
bool near(const Value& actual, const Value& expected, const Tolerance& allowed) {
  const double count = real(expected, "count");
  const auto x = reals(actual, "signed");
  const auto y = reals(expected, "signed");
  const auto squares = reals(expected, "squares");
  if (count <= 0 || x.empty() || x.size() != y.size() || x.size() != squares.size()) return false;
  const double moved = std::abs(real(actual, "sum") - real(expected, "sum"));
  if (!(moved <= allowed.atol * count + allowed.rtol * real(expected, "abs"))) return false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double by_chance = allowed.rtol * std::sqrt(squares[i]->real()) + allowed.atol * std::sqrt(count);
    if (!(std::abs(x[i]->real() - y[i]->real()) <= kDeviations * by_chance)) return false;
  }
  return true;
}

}  // namespace

bool is_digest(const Value& value) {
  return value.kind() == Kind::kDict && text(value, pickle::kFormKey) == "digest" && !text(value, "sha256").empty();
}

std::string digest_text(const Value& digest) {
  if (text(digest, "type") == "rounds") return fmt::format("{} rounds, kept as one digest", real(digest, "rounds"));
  if (text(digest, "type") == "items") return fmt::format("{} more items, kept as a digest", real(digest, "count"));
  return fmt::format("a {}, kept as a digest", text(digest, "type"));
}

DigestResult compare_digests(const Value& actual, const Value& expected, const Options& options) {
  DigestResult result;
  if (real(actual, "rounds") != real(expected, "rounds")) {
    result.outcome = Outcome::kDifferent;
    result.note = "another number of rounds";
    return result;
  }
  if (text(actual, "sha256") == text(expected, "sha256") && text(actual, "type") == text(expected, "type")) {
    return result;
  }
  const bool alike = text(actual, "exact") == text(expected, "exact") &&
                     text(actual, "type") == text(expected, "type") && real(actual, "count") == real(expected, "count");
  if (alike) {
    const Applied allowed = applied(text(expected, "number"), options);
    result.tolerance = allowed.tolerance;
    if (near(actual, expected, allowed.tolerance)) {
      result.outcome = Outcome::kClose;
      return result;
    }
  }
  result.outcome = Outcome::kDifferent;
  result.note = alike
                    ? fmt::format("the digests differ, and the sums of its {} numbers by more than rounding: {} and {}",
                                  real(expected, "count"), real(actual, "sum"), real(expected, "sum"))
                    : "the digests differ in more than the digits of numbers: in type, shape, keys, texts or integers";
  return result;
}

}  // namespace snapshot_test::compare
