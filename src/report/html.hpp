// --html FILE: the whole run as one page for people, which needs no network (docs/html.md).
#pragma once

#include <cstddef>
#include <utility>

#include "report/output_file.hpp"
#include "report/report.hpp"

namespace snapshot_test::report {

/// Written at the run's end. Where all of it would be larger than `bytes`, the details of the least bad cases are left
/// out, and the page says so.
class Html : public Report {
 public:
  static constexpr std::size_t kMostBytes = 10'000'000;

  explicit Html(OutputFile file, std::size_t bytes = kMostBytes) : file_(std::move(file)), bytes_(bytes) {}

  [[nodiscard]] Result<void> close(const RunRecord& record) override;
  [[nodiscard]] bool can_be_rewritten() const override { return file_.is_regular(); }

 private:
  OutputFile file_;
  std::size_t bytes_;
};

}  // namespace snapshot_test::report
