// What a search among commits has found, for people.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/style.hpp"

namespace snapshot_test::report {

struct Bisected {
  struct Case {
    std::string label;
    std::string reason;              ///< "different: return differs"
    std::vector<std::string> first;  ///< "a1b2c3d4e5 Subject": the first commit, or those among which it is
    std::string back;                ///< where the value is what it was before; empty: nowhere that was looked at
  };
  std::size_t commits = 0;
  std::size_t runs = 0;
  std::size_t skipped = 0;
  std::vector<Case> cases;
};

/// The cases by the commit that changed them, and a closing line; lines end with '\n'.
[[nodiscard]] std::string bisect_text(const Bisected& bisected, Color color);

}  // namespace snapshot_test::report
