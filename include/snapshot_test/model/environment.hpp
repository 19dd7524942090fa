// What differs between the place where a baseline was captured and where it is verified.
#pragma once

#include <string>

namespace snapshot_test::model {

struct EnvironmentChange {
  std::string part;    ///< "python", "cpu", a package's name, or that of an environment variable
  std::string before;  ///< "1.26.4"; empty: it was not there, or not set
  std::string now;
};

}  // namespace snapshot_test::model
