// How long a case's call took on two sides: for information, never a verdict.
#pragma once

#include <string>

namespace snapshot_test::model {

struct CaseTime {
  std::string label;
  double base = 0;  ///< seconds
  double head = 0;  ///< seconds
};

}  // namespace snapshot_test::model
