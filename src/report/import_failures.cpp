#include "report/import_failures.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "report/format.hpp"

namespace snapshot_test::report {

namespace {

constexpr std::size_t kModuleWidth = 160;
constexpr std::size_t kImportCauseWidth = 500;
constexpr std::size_t kImportTracebackLines = 40;
constexpr std::size_t kModulesAlike = 3;  // that do not import for the same reason

/// " (bench_x.py:3)": the innermost line of a traceback that is no library's; empty where there is none.
std::string raised_at(const std::string& traceback) {
  std::string found;
  for (std::size_t at = traceback.find("File \""); at != std::string::npos; at = traceback.find("File \"", at + 1)) {
    const std::size_t begin = at + 6;
    const std::size_t end = traceback.find("\", line ", begin);
    if (end == std::string::npos) {
      break;
    }
    const std::string file = traceback.substr(begin, end - begin);
    const std::size_t number = end + 8;
    const std::size_t stop = traceback.find_first_not_of("0123456789", number);
    const bool library = file.find("/lib/python") != std::string::npos || file.starts_with("<");
    if (!library || found.empty()) {
      found = fmt::format(" ({}:{})", one_line(file, kModuleWidth), traceback.substr(number, stop - number));
    }
  }
  return found;
}

}  // namespace

std::string import_failures_text(const std::vector<model::DiscoveryFailure>& failures, const std::string& python,
                                 ImportDetail detail, Color color) {
  if (failures.empty()) {
    return {};
  }
  std::string text;
  std::map<std::string, std::pair<std::string, std::size_t>> causes;  // cause → first module, how many
  for (const model::DiscoveryFailure& failure : failures) {
    const std::string where = one_line(failure.where, kModuleWidth);
    const auto [first, is_new] = causes.try_emplace(failure.cause, where, 0);
    if (++first->second.second > kModulesAlike && detail != ImportDetail::kAll) {
      continue;
    }
    text += fmt::format("{} {}: {}\n", paint(color, Tone::kBad, "cannot import or read"), where,
                        is_new ? one_line(failure.cause, kImportCauseWidth) + raised_at(failure.traceback)
                               : "the same as " + first->second.first);
    if (detail == ImportDetail::kAll) {
      text += last_lines(failure.traceback, kImportTracebackLines, "    ");
    }
  }
  for (const auto& [cause, modules] : causes) {
    if (modules.second > kModulesAlike && detail != ImportDetail::kAll) {
      text += fmt::format("... and {} the same as {}; --verbose lists all\n",
                          counted(modules.second - kModulesAlike, "more module"), modules.first);
    }
  }
  if (python.empty()) {
    return text;
  }
  return text + fmt::format(
                    "  with {}: --python names another one, --project-dir puts a project that is not installed "
                    "on the import path, --exclude MODULE leaves a module out\n",
                    one_line(python));
}

}  // namespace snapshot_test::report
