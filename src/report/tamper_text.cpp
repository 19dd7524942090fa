#include "report/tamper_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "report/format.hpp"

namespace snapshot_test::report {

using model::ChangedFile;

namespace {

constexpr std::size_t kMostTamperLines = 10;
constexpr std::size_t kMostTamperNames = 3;
constexpr std::size_t kTamperWidth = 240;

std::string file_text(const ChangedFile& file) {
  const char* kind = file.what == ChangedFile::What::kBenchmark       ? "the suite's file"
                     : file.what == ChangedFile::What::kConfiguration ? "the configuration"
                     : file.what == ChangedFile::What::kExpectations  ? "the expectations"
                                                                      : "what Python runs when it starts,";
  const char* change = file.change == ChangedFile::Change::kChanged ? "changed"
                       : file.change == ChangedFile::Change::kAdded ? "is new"
                                                                    : "is gone";
  return fmt::format("{} {} {} since the capture{}", kind, file.file, change,
                     file.git.empty() ? "" : fmt::format(" ({})", file.git));
}

std::string notes_of(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), kMostTamperLines); ++i) {
    text += "note: " + one_line(lines[i], kTamperWidth) + "\n";
  }
  if (lines.size() > kMostTamperLines) {
    text += fmt::format("note: and {} more of this kind, which --json lists\n", lines.size() - kMostTamperLines);
  }
  return text;
}

/// "a, b, c and 4 more"
std::string some(const std::vector<std::string>& names) {
  const std::vector<std::string> first(names.begin(), names.begin() + std::min(names.size(), kMostTamperNames));
  return fmt::format(
      "{}{}", fmt::join(first, ", "),
      names.size() > kMostTamperNames ? fmt::format(" and {} more", names.size() - kMostTamperNames) : "");
}

}  // namespace

std::string tamper_text(const model::TamperReport& report) {
  std::vector<std::string> lines;
  for (const ChangedFile& file : report.files) {
    lines.push_back(file_text(file));
  }
  std::string text = notes_of(lines);
  lines.clear();
  for (const std::string& each : report.imported.replaced) {
    lines.push_back("importing the suite replaces a function: " + each);
  }
  for (const std::string& each : report.imported.opened) {
    lines.push_back("importing the suite reaches into the baseline: " + each);
  }
  return text + notes_of(lines);
}

std::string suspicions_text(const model::VerifySummary& summary) {
  std::vector<std::string> lines;
  if (!summary.changed_benchmarks.empty()) {
    const std::size_t count = summary.changed_benchmarks.size();
    lines.push_back(fmt::format("the source of {} changed since the capture: {}", counted(count, "benchmark"),
                                some(summary.changed_benchmarks)));
  }
  for (const auto& each : summary.suspicions) {
    if (!each.opened.empty()) {
      lines.push_back(fmt::format("{} reaches into the baseline: {}", each.label, some(each.opened)));
    }
    if (!each.replaced.empty()) {
      lines.push_back(fmt::format("{} replaces functions: {}", each.label, some(each.replaced)));
    }
  }
  return notes_of(lines);
}

}  // namespace snapshot_test::report
