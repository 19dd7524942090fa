#include "report/code_quality.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "report/junit_case.hpp"

namespace snapshot_test::report {

namespace {

/// FNV-1a.
std::uint64_t hash_of(std::string_view text, std::uint64_t basis) {
  constexpr std::uint64_t kPrime = 0x100000001b3U;
  for (const char c : text) {
    basis = (basis ^ static_cast<unsigned char>(c)) * kPrime;
  }
  return basis;
}

/// The same in every run, whatever else is in it: GitLab tells new findings from old ones by it.
std::string fingerprint(const std::string& what) {
  constexpr std::uint64_t kBasis = 0xcbf29ce484222325U;
  const std::uint64_t first = hash_of(what, kBasis);
  return fmt::format("{:016x}{:016x}", first, hash_of(what, first ^ 0x9e3779b97f4a7c15U));
}

std::string_view severity(const JunitCase& each) {
  switch (each.kind) {
    case JunitCase::Kind::kError: return "critical";
    case JunitCase::Kind::kFailure: return "major";
    default: return "info";
  }
}

/// A case that skips itself is no finding; one that could not be checked is, or that is known not to pass.
bool is_finding(const JunitCase& each) {
  return each.kind == JunitCase::Kind::kError || each.kind == JunitCase::Kind::kFailure ||
         each.message.starts_with("UNVERIFIED") || each.message.starts_with("EXPECTED");
}

}  // namespace

Result<void> CodeQuality::close(const RunRecord& record) {
  const JunitCases cases(record);
  std::map<std::string, std::size_t> seen;
  std::string text;
  for (std::size_t i = 0; i < cases.count(); ++i) {
    const JunitCase each = cases.at(i);
    if (!is_finding(each)) {
      continue;
    }
    const std::string what = fmt::format("{}.{}\n{}", each.classname, each.name, each.type);
    const std::size_t before = seen[what]++;
    // A finding of the whole run has no place of its own; GitLab shows none without.
    const std::string path = !each.file.empty()                  ? each.file
                             : record.head.benchmark_dir.empty() ? "snapshot_config.json"
                                                                 : record.head.benchmark_dir;
    const Json finding = {{"description", fmt::format("{}.{}: {}", each.classname, each.name, each.message)},
                          {"check_name", fmt::format("snapshot_test {}", each.type)},
                          {"fingerprint", fingerprint(before == 0 ? what : fmt::format("{}\n{}", what, before))},
                          {"severity", severity(each)},
                          {"location", {{"path", path}, {"lines", {{"begin", std::max(1, each.line)}}}}}};
    text += (text.empty() ? "[\n  " : ",\n  ") + dump(finding, -1);
  }
  return file_.write(text.empty() ? "[]\n" : text + "\n]\n");
}

}  // namespace snapshot_test::report
