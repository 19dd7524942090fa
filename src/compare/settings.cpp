#include "compare/settings.hpp"

#include <algorithm>

#include "snapshot_test/model/auto_atol.hpp"
#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

Applied made(const Tolerance& tolerance, std::string_view entry) {
  return {without_auto(tolerance), false, entry, tolerance.atol == model::kAutoAtol};
}

/// Entries that nobody wrote are to serve results of any size; who asks for an automatic atol asks it for these, too.
bool is_default(std::string_view dtype, const Tolerance& tolerance) {
  static const model::DtypeTolerances defaults = model::Rules().by_dtype;
  const auto found = defaults.find(dtype);
  return found != defaults.end() && found->second == tolerance;
}

Applied look_up(std::string_view name, bool exact, const Options& options) {
  auto entry = options.by_dtype.find(name);
  // "datetime64" stands for every unit that has no entry of its own.
  if (entry == options.by_dtype.end()) entry = options.by_dtype.find(name.substr(0, name.find('[')));
  if (entry != options.by_dtype.end()) {
    Tolerance tolerance = entry->second;
    if (options.tolerance.atol == model::kAutoAtol && is_default(entry->first, tolerance)) {
      tolerance.atol = model::kAutoAtol;
    }
    return made(tolerance, entry->first);
  }
  if (exact) return {Tolerance{0, 0}, true, {}};
  return made(options.tolerance, {});
}

}  // namespace

bool has_auto_atol(const Options& options) {
  return options.tolerance.atol == model::kAutoAtol ||
         std::any_of(options.by_dtype.begin(), options.by_dtype.end(),
                     [](const auto& entry) { return entry.second.atol == model::kAutoAtol; });
}

Tolerance without_auto(const Tolerance& tolerance) {
  return {tolerance.rtol, tolerance.atol == model::kAutoAtol ? 0 : tolerance.atol};
}

Rule Applied::rule(const Options& options) const {
  return {tolerance.rtol, tolerance.atol, options.equal_nan ? NanPolicy::kEqual : NanPolicy::kDifferent};
}

Applied applied(const pickle::Dtype& dtype, const Options& options) {
  using pickle::DtypeKind;
  const bool integer = dtype.kind == DtypeKind::kInt || dtype.kind == DtypeKind::kUInt;
  const bool inexact =
      dtype.kind == DtypeKind::kFloat || dtype.kind == DtypeKind::kBfloat16 || dtype.kind == DtypeKind::kComplex;
  return look_up(pickle::dtype_name(dtype), integer ? options.exact_integers : !inexact, options);
}

Applied applied(std::string_view name, const Options& options) {
  return look_up(name, name == "bool" || (name == "int" && options.exact_integers), options);
}

}  // namespace snapshot_test::compare
