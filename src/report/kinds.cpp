#include "report/kinds.hpp"

#include <array>
#include <utility>

#include "report/code_quality.hpp"
#include "report/events.hpp"
#include "report/html.hpp"
#include "report/json_report.hpp"
#include "report/junit.hpp"
#include "util/try.hpp"

namespace snapshot_test::report {

namespace {

using Opened = Result<std::unique_ptr<Report>>;

template <Detail detail>
Opened open_json(const std::string& path, std::ostream& standard_output) {
  TRY_ASSIGN(auto file, OutputFile::open(path, standard_output));
  return std::make_unique<JsonReport>(std::move(file), detail);
}

Opened open_events(const std::string& path, std::ostream& standard_output) {
  TRY_ASSIGN(auto file, OutputLog::open(path, standard_output));
  return std::make_unique<Events>(std::move(file));
}

Opened open_junit(const std::string& path, std::ostream& standard_output) {
  TRY_ASSIGN(auto file, OutputFile::open(path, standard_output));
  return std::make_unique<Junit>(std::move(file));
}

Opened open_code_quality(const std::string& path, std::ostream& standard_output) {
  TRY_ASSIGN(auto file, OutputFile::open(path, standard_output));
  return std::make_unique<CodeQuality>(std::move(file));
}

Opened open_html(const std::string& path, std::ostream& standard_output) {
  TRY_ASSIGN(auto file, OutputFile::open(path, standard_output));
  return std::make_unique<Html>(std::move(file));
}

constexpr std::array<ReportKind, 6> kKinds = {{
    {"--json", "write every case and the summary as JSON; - is standard output", Cases::kRead,
     &open_json<Detail::kCases>},
    {"--summary", "write the counts as JSON; - is standard output", Cases::kNotRead, &open_json<Detail::kCountsOnly>},
    {"--events", "write what happens as it happens, one JSON object a line; - is standard output", Cases::kNotRead,
     &open_events, Made::kDuringTheRun},
    {"--html", "write a page for people: every case, how numbers differ, in one file without network", Cases::kRead,
     &open_html},
    {"--junit", "write every case as JUnit XML, for CI systems; - is standard output", Cases::kRead, &open_junit},
    {"--gitlab-codequality", "write what failed or could not be checked as GitLab's code quality report", Cases::kRead,
     &open_code_quality},
}};

}  // namespace

std::span<const ReportKind> report_kinds() { return kKinds; }

}  // namespace snapshot_test::report
