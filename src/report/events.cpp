#include "report/events.hpp"

#include <cmath>

#include "report/format.hpp"

namespace snapshot_test::report {

Events::Events(OutputLog file, std::function<double()> now)
    : file_(std::move(file)), now_(now ? std::move(now) : steady_seconds), began_(now_()) {}

void Events::write(std::string_view event, const Json& rest) {
  if (!written_) {
    return;
  }
  Json line = {{"event", event}, {"time", std::round((now_() - began_) * 1e6) / 1e6}};
  line.update(rest);
  written_ = file_.write(dump(line, -1) + "\n");
}

void Events::write_case(std::string_view event, const model::CaseId& id) {
  Json json = id_json(id);
  json["phase"] = phase_;
  write(event, json);
}

void Events::planned(const model::RunPlan& plan) {
  planned_ = true;
  Json json = head_json(head_);
  json.update(plan_json(plan));
  write("plan", json);
}

void Events::phase(const std::string& what, std::size_t cases) {
  phase_ = what;
  running_.clear();
  if (!planned_ && cases == 0) {  // of the search for benchmarks: the plan is the first event
    return;
  }
  write("phase", {{"what", what}, {"cases", cases}});
}

void Events::started(const model::CaseId& id) {
  if (running_.emplace(id.benchmark, id.index).second) {
    write_case("started", id);
  }
}

void Events::ended(const model::CaseId& id) {
  running_.erase({id.benchmark, id.index});
  write_case("ended", id);
}

void Events::captured(const model::CaseCapture& result) {
  Json json = outcome_json(result);
  json["ending"] = model::name(result.observation.ending);
  write("captured", json);
}

void Events::verified(const model::CaseVerdict& result) {
  Json json = outcome_json(result);
  json["ending"] = model::name(result.observation.ending);
  write("verified", json);
}

void Events::finished(const model::CaptureSummary& summary) { write("finished", counts_json(summary)); }

void Events::finished(const model::VerifySummary& summary) { write("finished", counts_json(summary)); }

Result<void> Events::close(const RunRecord& record) {
  if (const auto* aborted = std::get_if<Aborted>(&record.end)) {
    Json json = head_json(head_);
    json.update(aborted_json(aborted->status, aborted->message));
    write("aborted", json);
  }
  return written_;
}

}  // namespace snapshot_test::report
