// --junit FILE: every case of a run for CI systems, as XML of the form that Jenkins publishes a schema of (docs/ci.md).
#pragma once

#include <cstddef>
#include <utility>

#include "report/output_file.hpp"
#include "report/report.hpp"

namespace snapshot_test::report {

/// What readers of such files refuse, or take minutes for. Counted are elements, attributes and texts.
struct JunitLimits {
  std::size_t bytes = 25'000'000;
  std::size_t nodes = 200'000;
};

/// Written at the run's end. A file that would pass a limit goes on in further ones: "junit.xml", "junit.part2.xml";
/// each says so. What is no regular file takes everything.
class Junit : public Report {
 public:
  /// Removes the further files of an earlier run.
  explicit Junit(OutputFile file, JunitLimits limits = {});

  [[nodiscard]] Result<void> close(const RunRecord& record) override;
  [[nodiscard]] bool can_be_rewritten() const override { return file_.is_regular(); }

 private:
  OutputFile file_;
  JunitLimits limits_;
};

}  // namespace snapshot_test::report
