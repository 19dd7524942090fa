#include "compare/settings.hpp"

#include "snapshot_test/pickle/describe.hpp"

namespace snapshot_test::compare {
namespace {

Applied look_up(std::string_view name, bool exact, const Options& options) {
  auto entry = options.by_dtype.find(name);
  // "datetime64" stands for every unit that has no entry of its own.
  if (entry == options.by_dtype.end()) entry = options.by_dtype.find(name.substr(0, name.find('[')));
  if (entry != options.by_dtype.end()) return {entry->second, false, entry->first};
  if (exact) return {Tolerance{0, 0}, true, {}};
  return {options.tolerance, false, {}};
}

}  // namespace

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
