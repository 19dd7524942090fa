#include "report/report.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace snapshot_test::report {

namespace {

template <class Results>
void sort_by_case(Results& results) {
  std::stable_sort(results.begin(), results.end(), [](const auto& a, const auto& b) {
    return std::tie(a.id.benchmark, a.id.index) < std::tie(b.id.benchmark, b.id.index);
  });
}

}  // namespace

Json head_json(const RunHead& head) {
  Json json = {{"format", kJsonFormat},
               {"command", head.command},
               {"version", head.version},
               {"timestamp", head.timestamp},
               {"benchmark_dir", head.benchmark_dir},
               {"snapshot_dir", head.snapshot_dir},
               {"command_line", head.command_line}};
  if (!head.digest.empty()) {
    json["baseline"] = "sha256:" + head.digest;
  }
  if (head.remote) {
    json["remote"] = {
        {"url", head.remote->url},       {"ref", head.remote->ref.empty() ? Json() : Json(head.remote->ref)},
        {"digest", head.remote->digest}, {"requests", head.remote->requests},
        {"bytes", head.remote->bytes},   {"fetched", head.remote->fetched},
        {"hits", head.remote->hits},     {"retries", head.remote->retries}};
  }
  return json;
}

template <class Call>
void Reports::each(Call call) {
  for (const auto& report : reports_) {
    call(*report);
  }
}

void Reports::add(std::unique_ptr<Report> report, Cases cases) {
  report->set_head(record_.head);
  reports_.push_back(std::move(report));
  cases_ = cases == Cases::kRead ? cases : cases_;
}

void Reports::set_head(RunHead head) {
  record_.head = std::move(head);
  each([&](Report& report) { report.set_head(record_.head); });
}

void Reports::planned(const model::RunPlan& plan) {
  record_.plan = plan;
  each([&](Report& report) { report.planned(plan); });
}

void Reports::remark(const std::string& line) {
  each([&](Report& report) { report.remark(line); });
}

void Reports::note(const std::string& text) {
  each([&](Report& report) { report.note(text); });
}

void Reports::started(const model::CaseId& id) {
  each([&](Report& report) { report.started(id); });
}

void Reports::durations(const std::vector<model::CaseDuration>& cases) {
  each([&](Report& report) { report.durations(cases); });
}

void Reports::phase(const std::string& what, std::size_t cases) {
  each([&](Report& report) { report.phase(what, cases); });
}

void Reports::ended(const model::CaseId& id) {
  each([&](Report& report) { report.ended(id); });
}

void Reports::tick() {
  each([](Report& report) { report.tick(); });
}

void Reports::captured(const model::CaseCapture& result) {
  if (cases_ == Cases::kRead) {
    record_.captured.push_back(result);
  }
  each([&](Report& report) { report.captured(result); });
}

void Reports::verified(const model::CaseVerdict& result) {
  if (cases_ == Cases::kRead) {
    record_.verified.push_back(result);
  }
  each([&](Report& report) { report.verified(result); });
}

void Reports::replacing(const model::Replacement& replacement) {
  each([&](Report& report) { report.replacing(replacement); });
}

// Files first, so that what people and programs then hear of the run's end holds for all that was written.
template <class Summary>
void Reports::finish(const Summary& summary) {
  record_.end = summary;
  settle();
  close_and_amend<Summary>(Kind::kRewritable);
  each([&](Report& report) { report.finished(std::get<Summary>(record_.end)); });
  close_and_amend<Summary>(Kind::kOther);
}

template <class Summary>
void Reports::close_and_amend(Kind kind) {
  auto& end = std::get<Summary>(record_.end);
  if (close(kind) || end.status != model::ExitStatus::kSuccess) {
    return;
  }
  end.status = model::ExitStatus::kInternal;
  end.failure = unwritten_.back().message;
  // What fails now has failed before, or is told of like the first.
  (void)close(Kind::kRewritable);
}

void Reports::finished(const model::CaptureSummary& summary) { finish(summary); }

void Reports::finished(const model::VerifySummary& summary) { finish(summary); }

/// It has no record: nothing but the terminal tells of it.
void Reports::recorded(const model::StatusSummary& summary) {
  each([&](Report& report) { report.recorded(summary); });
  (void)close(Kind::kRewritable);
  (void)close(Kind::kOther);
}

void Reports::tell(RunRecord record) {
  record_ = std::move(record);
  each([&](Report& report) { report.set_head(record_.head); });
  settle();
  (void)close(Kind::kRewritable);
  (void)close(Kind::kOther);
}

void Reports::aborted(model::ExitStatus status, const std::string& message) {
  if (std::holds_alternative<std::monostate>(record_.end)) {
    record_.end = Aborted{status, message};
    settle();
    (void)close(Kind::kRewritable);
    (void)close(Kind::kOther);
  }
}

void Reports::settle() {
  sort_by_case(record_.captured);
  sort_by_case(record_.verified);
}

bool Reports::close(Kind kind) {
  bool written = true;
  for (const auto& report : reports_) {
    if (report->can_be_rewritten() != (kind == Kind::kRewritable)) {
      continue;
    }
    const auto closed = report->close(record_);
    if (closed) {
      continue;
    }
    written = false;
    const bool known = std::any_of(unwritten_.begin(), unwritten_.end(),
                                   [&](const Error& each) { return each.message == closed.error().message; });
    if (!known) {
      unwritten_.push_back(closed.error());
    }
  }
  return written;
}

}  // namespace snapshot_test::report
