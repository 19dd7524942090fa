#include "report/tested_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kCommitDigits = 10;

/// "wavelab 0.1", "wavelab 0.1, commit abc1234567, 2 files changed"
std::string code_text(const model::TestedPackage& package, const std::string& where) {
  std::string text = one_line(package.name);
  text += package.version.empty() ? "" : " " + one_line(package.version);
  text += where;
  text += package.commit.empty() ? "" : ", commit " + one_line(package.commit).substr(0, kCommitDigits);
  if (package.changed_files.value_or(0) > 0) {
    text += fmt::format(", {} changed", counted(*package.changed_files, "file"));
  }
  return text;
}

/// "2024-05-06T07:08:09Z" as people read it.
std::string time_text(const std::string& time) {
  return time.size() == 20 && time[10] == 'T' ? time.substr(0, 10) + " " + time.substr(11, 5) + " UTC" : time;
}

}  // namespace

std::string origin_text(const model::BaselineOrigin& origin) {
  std::vector<std::string> packages;
  for (const model::TestedPackage& package : origin.tested) {
    packages.push_back(code_text(package, ""));
  }
  return one_line(time_text(origin.time)) + (packages.empty() ? "" : fmt::format(": {}", fmt::join(packages, "; ")));
}

std::string variant_text(const model::UsedVariant& variant) {
  return fmt::format("variant {}{}", one_line(variant.name),
                     variant.wanted.empty()
                         ? ""
                         : fmt::format(", since {} has no baseline (variant_fallback)", one_line(variant.wanted)));
}

std::string tested_text(const model::RunPlan& plan) {
  std::string text;
  for (const model::TestedPackage& package : plan.tested) {
    text += fmt::format("testing {}\n", code_text(package, " from " + one_line(package.location)));
  }
  if (plan.variant) {
    text += variant_text(*plan.variant) + "\n";
  }
  if (plan.baseline) {
    text += fmt::format("the baseline is of {}", origin_text(*plan.baseline));
    text += model::same_code(plan.tested, plan.baseline->tested) ? ", the same code\n" : "\n";
  }
  return text;
}

std::string environment_text(const std::vector<model::EnvironmentChange>& changes, const std::string& since) {
  constexpr std::size_t kMost = 6;
  std::string text;
  for (std::size_t i = 0; i < changes.size() && i < kMost; ++i) {
    text += (i == 0 ? " " : "; ") + one_line(model::text_of(changes[i]), 120);
  }
  if (changes.size() > kMost) {
    text += fmt::format("; and {} more", changes.size() - kMost);
  }
  return text.empty() ? "" : since + ":" + text + "\n";
}

std::string another_copy_text(const model::RunPlan& plan, Color color) {
  std::string text;
  for (const model::TestedPackage& package : plan.tested) {
    if (package.other_copy.empty()) {
      continue;
    }
    const std::string files =
        package.differing_files == 0
            ? "they have no Python file in common"
            : fmt::format("{} not the same", package.differing_files == 1
                                                 ? "1 Python file is"
                                                 : counted(package.differing_files, "Python file") + " are");
    text += fmt::format(
        "{} {} is imported from {}, not from the suite's own repository, {}: {}; changes there are not "
        "tested; {}\n",
        paint(color, Tone::kBad, "warning:"), one_line(package.name), one_line(package.location),
        one_line(package.other_copy), files,
        package.other_is_pure ? fmt::format("--project-dir {} tests them",
                                            one_line(package.other_copy.substr(0, package.other_copy.rfind('/'))))
                              : std::string("install that copy, or name an environment that has it with --python"));
  }
  return text;
}

}  // namespace snapshot_test::report
