// --gitlab-codequality FILE: what failed or could not be checked, in the form that GitLab shows in merge requests
// (docs/ci.md).
#pragma once

#include <utility>

#include "report/output_file.hpp"
#include "report/report.hpp"

namespace snapshot_test::report {

/// Written at the run's end: an empty list where there is nothing to say.
class CodeQuality : public Report {
 public:
  explicit CodeQuality(OutputFile file) : file_(std::move(file)) {}

  [[nodiscard]] Result<void> close(const RunRecord& record) override;
  [[nodiscard]] bool can_be_rewritten() const override { return file_.is_regular(); }

 private:
  OutputFile file_;
};

}  // namespace snapshot_test::report
