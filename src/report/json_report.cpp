#include "report/json_report.hpp"

#include <map>
#include <string>

#include "report/content_digest.hpp"
#include "util/visible.hpp"

namespace snapshot_test::report {

namespace {

struct EndJson {
  Json operator()(std::monostate /*goes on*/) const { return {}; }
  Json operator()(const Aborted& end) const { return aborted_json(end.status, end.message); }
  template <class Summary>
  Json operator()(const Summary& summary) const {
    return counts_json(summary);
  }
};

/// Seconds at BASE, by case.
using BaseSeconds = std::map<std::string, double>;

/// One case a line.
template <class Results>
void append(std::string& text, const Results& results, const BaseSeconds& base = {}) {
  const char* separator = "\n    ";
  for (const auto& result : results) {
    Json json = case_json(result);
    if (const auto before = base.find(result.id.label); before != base.end()) {
      json["base_seconds"] = before->second;
    }
    text += separator + dump(json, -1);
    separator = ",\n    ";
  }
}

}  // namespace

Result<void> JsonReport::close(const RunRecord& record) {
  Json whole = head_json(record.head);
  Json counts = std::visit(EndJson{}, record.end);
  if (detail_ == Detail::kCountsOnly) {
    whole.update(counts);
    return file_.write(dump(whole, 2) + "\n");
  }
  whole["plan"] = record.plan ? plan_json(*record.plan) : Json();
  whole["summary"] = std::move(counts);
  if (record.plan && record.plan->tamper) {
    whole["tamper"] = tamper_json(*record.plan->tamper, std::get_if<model::VerifySummary>(&record.end));
  }
  // The cases are written into the text: a tree of all of them takes many times the memory.
  std::string text = dump(whole, 2);
  text.resize(text.rfind('\n'));
  text += ",\n  \"cases\": [";
  append(text, record.captured);
  BaseSeconds base;
  for (const model::CaseTime& time : record.times) {
    base.emplace(time.label, time.base);
  }
  append(text, record.verified, base);
  text += record.captured.empty() && record.verified.empty() ? "]" : "\n  ]";
  if (const auto* verified = std::get_if<model::VerifySummary>(&record.end)) {
    text += ",\n  \"not_run\": [";
    const char* separator = "\n    ";
    for (const model::CaseId& id : verified->not_run) {
      text += separator + dump(id_json(id), -1);
      separator = ",\n    ";
    }
    text += verified->not_run.empty() ? "]" : "\n  ]";
    if (!verified->beside.empty()) {
      text += ",\n  \"beside\": [";
      append(text, verified->beside);
      text += "\n  ]";
    }
  }
  if (record.plan && record.plan->shard) {
    text = util::visible(text, util::Keep::kLines);  // as it will be in the file
    const auto written = nlohmann::json::parse(text + "\n}");
    text += std::string(",\n  \"") + kContentDigest + "\": \"" + content_digest(written) + "\"";
  }
  text += "\n}\n";
  return file_.write(text);
}

}  // namespace snapshot_test::report
