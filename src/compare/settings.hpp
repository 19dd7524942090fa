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
  /// The atol follows from the snapshot's numbers, and is 0 until settle() (auto_atol.hpp) has been told of them.
  bool automatic = false;
  [[nodiscard]] Rule rule(const Options& options) const;
};

/// Does an atol follow from the numbers that it is for?
[[nodiscard]] bool has_auto_atol(const Options& options);
/// A tolerance as it is without the numbers that it is for: an automatic atol is 0.
[[nodiscard]] Tolerance without_auto(const Tolerance& tolerance);

/// For elements of a dtype (the snapshot's).
[[nodiscard]] Applied applied(const pickle::Dtype& dtype, const Options& options);
/// For Python's own numbers: "int", "bool", "float64", "complex128".
[[nodiscard]] Applied applied(std::string_view name, const Options& options);

}  // namespace snapshot_test::compare
