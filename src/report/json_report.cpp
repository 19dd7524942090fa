#include "report/json_report.hpp"

#include "report/format.hpp"

namespace snapshot_test::report {

void JsonReport::planned(const model::RunPlan& plan) { plan_ = plan_json(plan); }

void JsonReport::add(const model::CaseId& id, const Json& json) {
  if (detail_ == Detail::kCases) {
    cases_[{id.benchmark, id.index}] = dump(json, -1);
  }
}

void JsonReport::captured(const model::CaseCapture& result) { add(result.id, case_json(result)); }

void JsonReport::verified(const model::CaseVerdict& result) { add(result.id, case_json(result)); }

void JsonReport::write(Json counts) {
  Json whole = head_json(head_);
  if (detail_ == Detail::kCountsOnly) {
    whole.update(counts);
    written_ = file_.write(dump(whole, 2) + "\n");
    return;
  }
  whole["plan"] = plan_;
  whole["summary"] = std::move(counts);
  // One case a line, written around the texts that are there already.
  std::string text = dump(whole, 2);
  text.resize(text.rfind('\n'));
  text += ",\n  \"cases\": [";
  const char* separator = "\n    ";
  for (const auto& [id, json] : cases_) {
    text += separator + json;
    separator = ",\n    ";
  }
  text += cases_.empty() ? "]\n}\n" : "\n  ]\n}\n";
  written_ = file_.write(text);
}

void JsonReport::finished(const model::CaptureSummary& summary) { write(counts_json(summary)); }

void JsonReport::finished(const model::VerifySummary& summary) { write(counts_json(summary)); }

void JsonReport::aborted(model::ExitStatus status, const std::string& message) {
  Json json;
  add_status(json, status, message);
  write(std::move(json));
}

}  // namespace snapshot_test::report
