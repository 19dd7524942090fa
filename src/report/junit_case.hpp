// What became of a case, or of a run, in the words of JUnit.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/run_record.hpp"

namespace snapshot_test::report {

/// All a case says at most, in bytes of UTF-8 before XML escapes it.
inline constexpr std::size_t kJunitText = 8 * 1024;

struct JunitCase {
  enum class Kind { kPassed, kFailure, kError, kSkipped };
  Kind kind = Kind::kPassed;
  std::string suite;      ///< the module
  std::string file;       ///< of the module; below the working directory relative to that; may be empty
  int line = 0;           ///< of the benchmark; 0 where it is not known
  std::string classname;  ///< module.Class
  std::string name;       ///< function(parameters); not yet unique
  double seconds = 0;
  std::string type;     ///< the verdict or status
  std::string message;  ///< one line
  std::string text;     ///< several; message and text together are at most kJunitText. Both visible (util/visible.hpp)
};

/// The cases of a record, one at a time, so that a large run is never held twice: those of the suite by module, then
/// modules that do not import, then the run itself if it failed for none of these reasons. Does not own the record.
class JunitCases {
 public:
  explicit JunitCases(const RunRecord& record);
  [[nodiscard]] std::size_t count() const { return order_.size() + failures_ + (failed_otherwise_ ? 1 : 0); }
  [[nodiscard]] JunitCase at(std::size_t place) const;

 private:
  const RunRecord& record_;
  std::vector<std::size_t> order_;  ///< places in the record's cases
  std::size_t failures_ = 0;
  bool failed_otherwise_ = false;
};

}  // namespace snapshot_test::report
