// Two values that belong together.
#pragma once

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

struct MatchedPair {
  const pickle::Value* key;  ///< the expected side's
  const pickle::Value* actual;
  const pickle::Value* expected;
};

}  // namespace snapshot_test::compare
