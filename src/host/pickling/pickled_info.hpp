// What is known of a pickle that was written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/pickling/reduction.hpp"

namespace snapshot_test::host::pickling {

struct PickledInfo {
  std::uint64_t bytes = 0;  ///< of the pickle and its buffers
  /// kDescribedOnly: nothing in the pickle says what was computed (functions, locks, bare objects, alone or as the
  /// only contents of containers). Equal bytes then must not pass for a check.
  Content content = Content::kDescribedOnly;
  std::uint64_t described = 0;     ///< how many objects could only be described
  std::vector<std::string> notes;  ///< limits that bit and things described, with their paths; bounded
  /// Why the pickle holds only a part of the value: what is known by its type or name only, cut off, or ended with an
  /// exception, and where. Empty if it holds all of it.
  std::string partly;
};

}  // namespace snapshot_test::host::pickling
