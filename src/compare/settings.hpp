// The options, looked up: which tolerance applies to which dtype.
#pragma once

#include <string_view>

#include "compare/kernels.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

struct Applied {
  Tolerance tolerance;
  bool exact = false;      ///< rtol and atol are 0: integers and their like
  std::string_view entry;  ///< of by_dtype, which the options own; empty where none applies
  [[nodiscard]] Rule rule(const Options& options) const;
};

/// For elements of a dtype (the snapshot's).
[[nodiscard]] Applied applied(const pickle::Dtype& dtype, const Options& options);
/// For Python's own numbers: "int", "bool", "float64", "complex128".
[[nodiscard]] Applied applied(std::string_view name, const Options& options);

}  // namespace snapshot_test::compare
