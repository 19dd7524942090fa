// What the reports that a run writes to files have in common.
#pragma once

#include <string>

#include "report/case_json.hpp"
#include "snapshot_test/model/result.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::report {

/// What a report says of the run as a whole, known before it starts.
struct RunHead {
  std::string command;    ///< "capture" or "verify"
  std::string version;    ///< of this program
  std::string timestamp;  ///< ISO 8601, UTC: when the run started
  std::string benchmark_dir;
  std::string snapshot_dir;
};

/// The keys that every report starts with, `format` among them.
[[nodiscard]] Json head_json(const RunHead& head);

/// A report on one run. A run that could not start or go on ends with aborted(), so that no report ever looks like an
/// earlier success.
class Report : public model::Listener {
 public:
  /// Call before the run, as soon as it is known, and again when more is.
  virtual void set_head(RunHead head) = 0;
  virtual void aborted(model::ExitStatus status, const std::string& message) = 0;
  /// How the writing went; kIo. Call after finished() or aborted().
  [[nodiscard]] virtual const Result<void>& written() const = 0;
};

}  // namespace snapshot_test::report
