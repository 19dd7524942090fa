// What differs between the place where a baseline was captured and where it is verified.
#pragma once

#include <string>

namespace snapshot_test::model {

struct EnvironmentChange {
  std::string part;    ///< "python", "cpu", a package's name, or that of an environment variable
  std::string before;  ///< "1.26.4"; empty: it was not there, or not set
  std::string now;
};

/// Which of a store's baselines a run uses, where it has several.
struct UsedVariant {
  std::string name;
  std::string wanted;  ///< the one that is not there, where this is a fallback; else empty
};

/// "numpy 1.26.4 -> 2.1.0"; "AVX-512 -> AVX2" of the processor.
[[nodiscard]] std::string text_of(const EnvironmentChange& change);

}  // namespace snapshot_test::model
