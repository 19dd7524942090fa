#include "report/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "report/case_text.hpp"
#include "report/format.hpp"
#include "report/page_data.hpp"
#include "report/page_sources.hpp"
#include "report/page_text.hpp"
#include "report/source_place.hpp"
#include "report/summary_text.hpp"
#include "report/tested_text.hpp"
#include "util/try.hpp"
#include "util/visible.hpp"

namespace snapshot_test::report {

namespace {

using model::Standing;

constexpr std::size_t kPlainBytes = 1'500'000;    // of the table for browsers without scripts
constexpr std::size_t kPlainTextBytes = 500'000;  // of the explanations beside it
constexpr std::size_t kPlainExplained = 100;      // cases
constexpr std::size_t kMostImportFailures = 100;
constexpr std::size_t kImportTraceback = 4000;  // bytes
constexpr std::size_t kPlainLabel = 300;        // bytes

/// What a page says of the run's end.
struct PageEnd {
  std::string answer;
  std::string headline;
  bool passed = false;
  std::vector<std::pair<std::string_view, std::size_t>> counts;  ///< standings
};

/// The closing text's last two lines: the share that was checked, and the conclusion.
template <class Summary>
PageEnd end_of_page(const Summary& summary) {
  std::string line = closing_text(summary, Color::kOff);
  line.pop_back();
  const std::size_t last = line.rfind('\n');
  PageEnd end;
  end.answer = line.substr(last + 1);
  end.passed = summary.status == model::ExitStatus::kSuccess;
  const std::string whole = closing_line(summary, Color::kOff);
  end.headline = whole.substr(0, whole.find(';'));
  return end;
}

PageEnd end_of_page(const RunRecord& record, const std::vector<PageRow>& rows) {
  PageEnd end;
  if (const auto* captured = std::get_if<model::CaptureSummary>(&record.end)) {
    end = end_of_page(*captured);
  } else if (const auto* verified = std::get_if<model::VerifySummary>(&record.end)) {
    end = end_of_page(*verified);
  } else {
    end.answer = run_end_text(record);
  }
  for (const Standing standing : {Standing::kFail, Standing::kUnverified, Standing::kExpected, Standing::kPass,
                                  Standing::kNeither, Standing::kObsolete}) {
    const auto count =
        std::count_if(rows.begin(), rows.end(), [&](const PageRow& row) { return row.standing == standing; });
    end.counts.emplace_back(model::name(standing), static_cast<std::size_t>(count));
  }
  return end;
}

std::string counts_html(const PageEnd& end) {
  std::string html = "<ul class=\"counts\" id=\"counts\">";
  for (const auto& [name, count] : end.counts) {
    if (count > 0) {
      html += fmt::format("<li class=\"{0}\"><b>{1}</b> {0}</li>", name, grouped(count));
    }
  }
  return html + "</ul>";
}

std::string environment_html(const RunRecord& record) {
  std::string html = "<dl>";
  const auto add = [&html](std::string_view name, const std::string& value) {
    html += value.empty() ? "" : fmt::format("<dt>{}</dt><dd>{}</dd>", name, html_text(one_line(value)));
  };
  add("benchmarks", record.head.benchmark_dir);
  add("store", record.head.snapshot_dir);
  if (record.plan) {
    add("interpreter", record.plan->python);
    const std::string tested = tested_text(*record.plan);
    for (std::size_t at = 0; at < tested.size();) {
      const std::size_t end = std::min(tested.find('\n', at), tested.size());
      add("code", tested.substr(at, end - at));
      at = end + 1;
    }
    for (const std::string& note : record.plan->notes) {
      add("note", note);
    }
  }
  return html + "</dl>";
}

/// Where what is tested and what the baseline was made with are not the same.
std::string environment_summary(const RunRecord& record) {
  if (!record.plan || !record.plan->baseline) {
    return "Environment";
  }
  const auto& before = record.plan->baseline->tested;
  std::vector<std::string> drift;
  for (const model::TestedPackage& now : record.plan->tested) {
    const auto found =
        std::find_if(before.begin(), before.end(), [&](const auto& each) { return each.name == now.name; });
    if (found != before.end() && found->version != now.version) {
      drift.push_back(fmt::format("{} {} → {}", now.name, found->version, now.version));
    }
  }
  if (drift.empty()) {
    return "Environment: the packages tested have the versions of the baseline";
  }
  std::string text = "Environment differs from the baseline's:";
  for (const std::string& each : drift) {
    text += " " + html_text(one_line(each, kPlainLabel));
  }
  return text;
}

std::string failures_html(const RunRecord& record) {
  if (!record.plan || record.plan->failures.empty()) {
    return {};
  }
  const auto& failures = record.plan->failures;
  std::string html = fmt::format("<details open><summary class=\"failed\">{} could not be imported or read</summary>",
                                 counted(failures.size(), "module"));
  for (std::size_t i = 0; i < std::min(failures.size(), kMostImportFailures); ++i) {
    html += fmt::format("<details><summary>{}: {}</summary><pre>{}</pre></details>",
                        html_text(one_line(failures[i].where, kPlainLabel)),
                        html_text(one_line(failures[i].cause, kPlainLabel)),
                        html_text(shortened(failures[i].traceback, kImportTraceback)));
  }
  if (failures.size() > kMostImportFailures) {
    html += fmt::format("<p>... and {} more</p>", grouped(failures.size() - kMostImportFailures));
  }
  return html + "</details>";
}

std::string plain_number(const std::optional<double>& number) {
  return !number ? "" : std::isfinite(*number) ? fmt::format("{:.3g}", *number) : "∞";
}

/// The cases for a browser without scripts: the worst first, as many as there is room for.
std::string plain_html(const std::vector<PageRow>& rows, std::size_t room, std::size_t explained_room) {
  std::string html =
      "<table class=\"plain\"><thead><tr><th>Verdict<th>Case<th>How<th>Worst ulp<th>Tolerances<th>Seconds</tr></thead>"
      "<tbody>\n";
  std::size_t count = 0;
  for (const PageRow& row : rows) {
    const std::string line = fmt::format(
        "<tr><td class=\"{}\">{}<td>{}<td>{}<td>{}<td>{}<td>{:.4g}</tr>\n", model::name(row.standing), row.verdict,
        html_text(one_line(row.id().label, kPlainLabel)), html_text(one_line(row.how(), kPlainLabel)),
        plain_number(row.difference.ulps), plain_number(row.difference.tolerances), row.observation().seconds);
    if (html.size() + line.size() > room) {
      break;
    }
    html += line;
    ++count;
  }
  html += "</tbody></table>\n";
  if (count < rows.size()) {
    html += fmt::format(
        "<p class=\"warning\">{} more left out of this table: it would be too large. "
        "With JavaScript the page lists them; --json has all.</p>\n",
        counted(rows.size() - count, "case"));
  }
  const std::size_t before = html.size();
  std::size_t explained = 0;
  for (const PageRow& row : rows) {
    if (row.standing != Standing::kFail || explained == kPlainExplained) {
      break;  // the failures come first
    }
    std::string text = row.verified != nullptr ? sites_text(row.verified->sites) : "";
    text += observation_text(row.observation(), row.reason());
    const std::string details =
        fmt::format("<details><summary>{}: {}</summary><pre>{}</pre></details>\n", row.verdict,
                    html_text(one_line(row.id().label, kPlainLabel)), html_text(row.reason() + "\n" + text));
    if (html.size() - before + details.size() > explained_room) {
      break;
    }
    html += details;
    ++explained;
  }
  return html;
}

std::string left_out_html(const PageData& data) {
  std::string html;
  if (data.rows_left_out > 0) {
    html += fmt::format("{} left out, the least bad ones. ", counted(data.rows_left_out, "case"));
  }
  if (data.details_left_out > 0) {
    html += fmt::format("The details of {} are left out; those of the worst are here. ",
                        counted(data.details_left_out, "case"));
  }
  return html.empty() ? ""
                      : fmt::format(
                            "<p class=\"warning\" id=\"left-out\">The page would be too large: {}--json has "
                            "everything.</p>",
                            html);
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string html;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    html += fmt::format("<script type=\"application/octet-stream\" id=\"d{}\">{}</script>\n", i, pieces[i]);
  }
  return html;
}

}  // namespace

Result<void> Html::close(const RunRecord& record) {
  const std::vector<PageRow> rows = page_rows(record);
  const PageEnd end = end_of_page(record, rows);
  // What an output file makes visible must not change these any more: their hashes are in the policy.
  const std::string style = util::visible(page::kStyle, util::Keep::kLines);
  const std::string script = util::visible(page::kScript, util::Keep::kLines);
  const std::string chart = util::visible(page::kChart, util::Keep::kLines);
  const std::string plain = plain_html(rows, std::min(kPlainBytes, bytes_ / 5), std::min(kPlainTextBytes, bytes_ / 10));
  const std::string environment = environment_html(record);
  const std::string failures = failures_html(record);
  constexpr std::size_t kOthers = 20'000;  // the template and all short texts
  const std::size_t taken =
      style.size() + script.size() + chart.size() + plain.size() + environment.size() + failures.size() + kOthers;
  TRY_ASSIGN(const PageData data, page_data(rows, bytes_ > taken ? bytes_ - taken : 0));
  const std::string& command = record.head.command_line;
  const std::string title =
      fmt::format("{} {}: {}", record.head.command, one_line(record.head.benchmark_dir, kPlainLabel),
                  end.passed ? "passed" : "failed");
  const std::string origin =
      fmt::format("snapshot_test {} {}, {}. Chart.js draws the plots (MIT licence, in the page).", record.head.version,
                  record.head.command, record.head.timestamp);
  return file_.write(filled(page::kTemplate, {
                                                 {"chart_hash", policy_hash(chart)},
                                                 {"script_hash", policy_hash(script)},
                                                 {"style_hash", policy_hash(style)},
                                                 {"title", html_text(title)},
                                                 {"style", style},
                                                 {"tone", end.passed ? "passed" : "failed"},
                                                 {"answer", html_text(one_line(end.answer, 2000))},
                                                 {"headline", html_text(one_line(end.headline, 500))},
                                                 {"counts", counts_html(end)},
                                                 {"command", html_text(one_line(command, 4000))},
                                                 {"environment_summary", environment_summary(record)},
                                                 {"environment", environment},
                                                 {"failures", failures},
                                                 {"left_out", left_out_html(data)},
                                                 {"plain", plain},
                                                 {"origin", html_text(origin)},
                                                 {"index", data.index},
                                                 {"details", joined(data.details)},
                                                 {"chart", chart},
                                                 {"script", script},
                                             }));
}

}  // namespace snapshot_test::report
