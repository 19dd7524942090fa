#include "report/github.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/format.hpp"
#include "report/page_data.hpp"
#include "report/page_text.hpp"
#include "report/source_place.hpp"
#include "report/summary_text.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::report {

namespace {

using model::Standing;

constexpr std::size_t kCell = 300;  // bytes of a text in a table or an annotation

/// Text of a table's cell: a code span would end at a backquote, so it is HTML, in which no Markdown is left.
std::string cell(std::string_view text) {
  std::string out = "<code>";
  for (const char c : html_text(one_line(text, kCell))) {
    // What Markdown still reads inside of an element: emphasis, links, tables, mentions, references to issues.
    if (std::string_view("|*_`[]()!~\\#@:$").find(c) != std::string_view::npos) {
      out += fmt::format("&#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + "</code>";
}

/// As the runner wants the text of a command, or the value of one of its properties.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : one_line(text, kCell)) {
    const bool special = c == '%' || (property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

bool is_listed(const PageRow& row) {
  return row.standing == Standing::kFail || row.standing == Standing::kUnverified ||
         row.standing == Standing::kObsolete || row.standing == Standing::kExpected ||
         (row.verified != nullptr && row.verified->verdict == model::Verdict::kInnerChanged);
}

/// Lines for the job's summary; the last one says what there is no room for.
std::string summary_text(const RunRecord& record, const std::vector<PageRow>& rows) {
  constexpr std::size_t kLastLine = 300;  // bytes
  std::string text = fmt::format("### snapshot_test {}\n\n{}\n\n", record.head.command, cell(run_end_text(record)));
  if (record.plan) {
    std::size_t shown = 0;
    for (const model::DiscoveryFailure& failure : record.plan->failures) {
      if (++shown > 20) {
        text += fmt::format("- and {} more\n", record.plan->failures.size() - 20);
        break;
      }
      text += fmt::format("- cannot import {}: {}\n", cell(failure.where), cell(failure.cause));
    }
    text += shown > 0 ? "\n" : "";
  }
  const auto listed = static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), is_listed));
  if (listed == 0) {
    return text;
  }
  text += "| verdict | case | how | worst ulp | tolerances |\n|---|---|---|--:|--:|\n";
  std::size_t shown = 0;
  for (const PageRow& row : rows) {
    if (!is_listed(row)) {
      continue;
    }
    const auto number = [](const std::optional<double>& value) { return value ? fmt::format("{:.3g}", *value) : ""; };
    const std::string line =
        fmt::format("| {} | {} | {} | {} | {} |\n", row.verdict, cell(row.id().label), cell(row.how()),
                    number(row.difference.ulps), number(row.difference.tolerances));
    if (text.size() + line.size() + kLastLine > Github::kMostBytes) {
      break;
    }
    text += line;
    ++shown;
  }
  if (shown < listed) {
    text +=
        fmt::format("\n{} left out, the least bad ones: a summary has at most {} KiB. --html and --json have all.\n",
                    counted(listed - shown, "case"), Github::kMostBytes / 1024);
  }
  return text;
}

/// One annotation for all cases that fail alike, at the place of the first.
struct Annotation {
  const PageRow* first = nullptr;
  std::size_t cases = 0;
};

std::string annotations(const RunRecord& record, const std::vector<PageRow>& rows) {
  std::vector<Annotation> groups;
  std::map<std::string, std::size_t> places;
  for (const PageRow& row : rows) {
    if (row.standing != Standing::kFail) {
      continue;
    }
    const std::string key = fmt::format("{}\n{}\n{}", row.verdict, row.id().file, row.difference.likeness);
    const auto [place, is_new] = places.try_emplace(key, groups.size());
    if (is_new) {
      groups.push_back({&row, 0});
    }
    ++groups[place->second].cases;
  }
  std::string text;
  std::size_t others = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i >= Github::kMostAnnotations) {
      others += groups[i].cases;
      continue;
    }
    const PageRow& row = *groups[i].first;
    const std::string file = escaped(relative_path(row.id().file), true);
    const std::string place = file.empty() ? "" : fmt::format(" file={},line={}", file, std::max(1, row.id().line));
    const std::string more = groups[i].cases > 1 ? fmt::format(" (and {} alike)", groups[i].cases - 1) : "";
    text += fmt::format("::error{}::{}\n", place,
                        escaped(fmt::format("{}: {}", row.verdict, one_line(row.id().label, kCell / 2)), false) + more +
                            (row.how().empty() ? "" : ": " + escaped(one_line(row.how(), kCell / 2), false)));
  }
  if (others > 0) {
    text += fmt::format("::error::{} more\n", counted(others, "failed case"));
  }
  if (const auto* verified = std::get_if<model::VerifySummary>(&record.end)) {
    const auto& idle = verified->idle_expectations;
    for (std::size_t i = 0; i < std::min(idle.size(), Github::kMostAnnotations); ++i) {
      text += fmt::format("::error file={},line={}::{}\n", escaped(relative_path(idle[i].file), true), idle[i].line,
                          escaped(fmt::format("'{}' is about no case of the suite", idle[i].cases), false));
    }
  }
  if (const auto* end = std::get_if<Aborted>(&record.end)) {
    text += fmt::format("::error::{}\n", escaped(end->message, false));
  }
  return text;
}

}  // namespace

Result<void> Github::close(const RunRecord& record) {
  const std::vector<PageRow> rows = page_rows(record);
  if (!(log_ << annotations(record, rows) << std::flush)) {
    return fail(ErrorKind::kIo, "cannot write GitHub's annotations to standard output");
  }
  if (summary_.empty()) {
    return {};
  }
  const util::Fd fd(::open(summary_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!fd) {
    return tl::unexpected(util::io_error("open", summary_));
  }
  const std::string text = summary_text(record, rows);
  return util::write_all(fd.get(), std::as_bytes(std::span(text)), summary_);
}

}  // namespace snapshot_test::report
