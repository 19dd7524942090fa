// Where the objects of a store are, for another process.
#pragma once

#include <string>
#include <vector>

namespace snapshot_test::model {

/// Where the objects of a store, or of a capture that is going on, are read from and new ones put. Made by store/ and
/// understood by it alone; a case's request holds one.
struct Locator {
  std::string kind;                 ///< of the store
  std::vector<std::string> places;  ///< searched in this order
  std::string staging;              ///< where new objects go; empty: nowhere
};

}  // namespace snapshot_test::model
