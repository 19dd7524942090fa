#include "report/record_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include "report/case_json.hpp"
#include "report/content_digest.hpp"
#include "report/format.hpp"
#include "report/transitions_json.hpp"
#include "util/overloaded.hpp"

namespace snapshot_test::report {

namespace {

using model::ExitStatus;
using model::Standing;
using RecordJson = nlohmann::json;

template <class T>
T value_at(const RecordJson& json, const char* key, T otherwise = {}) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? std::move(otherwise) : found->get<T>();
}

template <class T>
T required(const std::optional<T>& value, const std::string& name) {
  if (!value) {
    throw std::invalid_argument(fmt::format("'{}' is unknown to this version", name));
  }
  return *value;
}

std::optional<model::CheckedBy> checked_by_from(const RecordJson& json) {
  for (const auto sort :
       {model::CheckedBy::kResult, model::CheckedBy::kPart, model::CheckedBy::kState, model::CheckedBy::kInner}) {
    if (json == model::name(sort)) {
      return sort;
    }
  }
  return std::nullopt;
}

model::CaseId id_from(const RecordJson& json) {
  model::CaseId id;
  id.benchmark = json.at("benchmark").get<std::string>();
  id.index = json.at("index").get<std::size_t>();
  id.label = json.at("label").get<std::string>();
  id.module = value_at<std::string>(json, "module");
  id.file = value_at<std::string>(json, "file");
  id.line = value_at<int>(json, "line");
  return id;
}

model::Observation observation_from(const RecordJson& json) {
  model::Observation observation;
  const RecordJson& in = json.at("observation");
  const auto ending = in.at("ending").get<std::string>();
  observation.ending = required(model::ending_from_name(ending), ending);
  observation.detail = value_at<std::string>(in, "detail");
  observation.traceback = value_at<std::string>(in, "traceback");
  observation.output = value_at<std::string>(in, "output");
  observation.notes = value_at<std::vector<std::string>>(in, "notes");
  observation.replaced = value_at<std::vector<std::string>>(in, "replaced");
  observation.opened = value_at<std::vector<std::string>>(in, "opened");
  observation.seconds = value_at<double>(json, "seconds");
  return observation;
}

model::SiteComparison site_from(const RecordJson& json) {
  model::SiteComparison site;
  const auto name = json.at("site").get<std::string>();
  const auto match = json.at("match").get<std::string>();
  site.site = required(model::Site::parse(name), name);
  site.match = required(model::site_match_from_name(match), match);
  site.source = value_at<std::string>(json, "source");
  site.meaningful = value_at<bool>(json, "meaningful");
  site.explanation = value_at<std::string>(json, "explanation");
  site.details = json.value("details", RecordJson());
  if (const auto shared = value_at<std::string>(json, "shares_with"); !shared.empty()) {
    site.shares_with = model::Site::parse(shared);
  }
  return site;
}

model::Expectation expectation_from(const RecordJson& json) {
  model::Expectation expectation;
  expectation.cases = json.at("case").get<std::string>();
  const auto verdict = json.at("verdict").get<std::string>();
  expectation.verdict = required(model::verdict_from_name(verdict), verdict);
  expectation.reason = value_at<std::string>(json, "reason");
  expectation.issue = value_at<std::string>(json, "issue");
  expectation.until = value_at<std::string>(json, "until");
  if (json.contains("max_elements")) {
    expectation.max_elements = json["max_elements"].get<std::uint64_t>();
  }
  expectation.file = value_at<std::string>(json, "file");
  expectation.line = value_at<int>(json, "line");
  return expectation;
}

std::vector<model::EnvironmentChange> environment_from(const RecordJson& json) {
  std::vector<model::EnvironmentChange> changes;
  for (const RecordJson& each : json) {
    changes.push_back({value_at<std::string>(each, "part"), value_at<std::string>(each, "before"),
                       value_at<std::string>(each, "now")});
  }
  return changes;
}

model::CaseVerdict verdict_from(const RecordJson& json) {
  model::CaseVerdict result;
  result.id = id_from(json);
  const auto verdict = json.at("verdict").get<std::string>();
  result.verdict = required(model::verdict_from_name(verdict), verdict);
  result.reason = value_at<std::string>(json, "reason");
  result.checked_by = checked_by_from(json.value("checked_by", RecordJson()));
  result.missing = value_at<std::vector<std::string>>(json, "missing");
  result.source_changed = value_at<bool>(json, "source_changed");
  if (json.contains("expectation")) {
    result.expectation = expectation_from(json["expectation"]);
  }
  if (const auto seen = value_at<std::string>(json, "seen"); !seen.empty()) {
    result.seen = required(model::verdict_from_name(seen), seen);
  }
  for (const RecordJson& site : json.at("sites")) {
    result.sites.push_back(site_from(site));
  }
  result.environment = environment_from(json.value("environment", RecordJson::array()));
  result.observation = observation_from(json);
  return result;
}

model::CaseCapture capture_from(const RecordJson& json) {
  model::CaseCapture result;
  result.id = id_from(json);
  const auto status = json.at("status").get<std::string>();
  result.status = required(model::capture_status_from_name(status), status);
  result.reason = value_at<std::string>(json, "reason");
  result.missing = value_at<std::vector<std::string>>(json, "missing");
  const auto loss = value_at<std::string>(json, "loss");
  result.loss = loss == model::name(model::Loss::kKept)       ? model::Loss::kKept
                : loss == model::name(model::Loss::kReplaced) ? model::Loss::kReplaced
                                                              : model::Loss::kNone;
  result.observation = observation_from(json);
  result.observation.sites = json.at("sites").get<std::vector<model::SiteValue>>();
  return result;
}

model::RunPlan plan_from(const RecordJson& json) {
  model::RunPlan plan;
  plan.benchmarks = value_at<std::size_t>(json, "benchmarks");
  plan.cases = value_at<std::size_t>(json, "cases");
  plan.excluded = value_at<std::size_t>(json, "excluded");
  plan.filtered_out = value_at<std::size_t>(json, "filtered_out");
  plan.not_imported = value_at<std::size_t>(json, "not_imported");
  plan.workers = value_at<unsigned>(json, "workers", 1U);
  plan.python = value_at<std::string>(json, "python");
  plan.notes = value_at<std::vector<std::string>>(json, "notes");
  plan.tested = value_at<std::vector<model::TestedPackage>>(json, "tested");
  for (const RecordJson& each : json.value("failures", RecordJson::array())) {
    plan.failures.push_back({value_at<std::string>(each, "where"), value_at<std::string>(each, "cause"),
                             value_at<std::string>(each, "traceback")});
  }
  if (const RecordJson baseline = json.value("baseline", RecordJson()); baseline.is_object()) {
    plan.baseline = model::BaselineOrigin{value_at<std::string>(baseline, "time"),
                                          value_at<std::vector<model::TestedPackage>>(baseline, "tested")};
  }
  if (const RecordJson variant = json.value("variant", RecordJson()); variant.is_object()) {
    plan.variant = model::UsedVariant{value_at<std::string>(variant, "name"), value_at<std::string>(variant, "wanted")};
  }
  plan.environment = environment_from(json.value("environment", RecordJson::array()));
  if (const RecordJson shard = json.value("shard", RecordJson()); shard.is_object()) {
    plan.shard = shard.get<model::Shard>();
  }
  return plan;
}

ExitStatus status_from(const RecordJson& json) {
  const auto name = json.at("status").get<std::string>();
  for (const auto status : {ExitStatus::kSuccess, ExitStatus::kFailed, ExitStatus::kUsage, ExitStatus::kInternal,
                            ExitStatus::kNoBaseline, ExitStatus::kNothingVerified, ExitStatus::kInterrupted}) {
    if (name == status_name(status)) {
      return status;
    }
  }
  throw std::invalid_argument(fmt::format("the status '{}' is unknown to this version", name));
}

/// What a summary says of a run beside the counts, which are those of the cases, and all there.
struct RunEnd {
  ExitStatus status = ExitStatus::kInternal;
  std::string failure;
  bool too_little = false;
  bool strict = false;
  bool missing_fails = false;
  bool obsolete_fails = false;
  double seconds = 0;
  std::vector<model::CaseId> not_run = {};
  std::vector<model::Expectation> idle_expectations = {};
  std::optional<model::Transitions> transitions = {};
  std::size_t pending = 0;
  std::vector<model::CaseVerdict> beside = {};
};

RunEnd end_from(const RecordJson& json) {
  const RecordJson& summary = json.at("summary");
  RunEnd end;
  end.status = status_from(summary);
  end.failure = value_at<std::string>(summary, "failure");
  end.too_little = (end.status == ExitStatus::kFailed || end.status == ExitStatus::kSuccess) &&
                   summary.value("ok", RecordJson(false)).is_null();
  end.strict = value_at<bool>(summary, "strict");
  end.missing_fails = value_at<bool>(summary, "missing_fails");
  end.obsolete_fails = value_at<bool>(summary, "obsolete_fails");
  end.seconds = value_at<double>(summary, "seconds");
  end.pending = value_at<std::size_t>(summary, "pending");
  for (const RecordJson& each : json.value("beside", RecordJson::array())) {
    end.beside.push_back(verdict_from(each));
  }
  for (const RecordJson& each : json.value("not_run", RecordJson::array())) {
    end.not_run.push_back(id_from(each));
  }
  for (const RecordJson& each : summary.value("idle_expectations", RecordJson::array())) {
    end.idle_expectations.push_back(expectation_from(each));
  }
  if (summary.contains("transitions")) {
    end.transitions = transitions_from_json(summary.at("transitions"));
    end.transitions->keys =
        summary.contains("pass-to-fail") ? model::Transitions::Keys::kFlatToo : model::Transitions::Keys::kNested;
  }
  return end;
}

RunEnd run_end_of(const RunRecord& record) {
  return std::visit(util::Overloaded{[](const std::monostate&) { return RunEnd{}; },
                                     [](const Aborted& end) {
                                       return RunEnd{end.status, end.message};
                                     },
                                     [](const model::CaptureSummary& end) {
                                       return RunEnd{end.status, end.failure, end.too_little, end.strict,
                                                     false,      false,       end.seconds};
                                     },
                                     [](const model::VerifySummary& end) {
                                       return RunEnd{end.status,      end.failure,       end.too_little,
                                                     end.strict,      end.missing_fails, end.obsolete_fails,
                                                     end.seconds,     end.not_run,       end.idle_expectations,
                                                     end.transitions, end.pending,       end.beside};
                                     }},
                    record.end);
}

template <class Summary>
Summary summary_of(RunEnd end, const RunRecord& record) {
  Summary summary;
  summary.status = end.status;
  summary.failure = std::move(end.failure);
  summary.too_little = end.too_little;
  summary.strict = end.strict;
  summary.seconds = end.seconds;
  summary.snapshot_dir = record.head.snapshot_dir;
  summary.plan = record.plan.value_or(model::RunPlan{});
  if constexpr (std::is_same_v<Summary, model::VerifySummary>) {
    summary.missing_fails = end.missing_fails;
    summary.obsolete_fails = end.obsolete_fails;
    summary.not_run = std::move(end.not_run);
    summary.idle_expectations = std::move(end.idle_expectations);
    summary.transitions = std::move(end.transitions);
    summary.pending = end.pending;
    summary.beside = std::move(end.beside);
  }
  return summary;
}

void count(const std::vector<model::CaseVerdict>& cases, model::VerifySummary& summary) {
  summary.counts.clear();
  summary.checked.clear();
  summary.suspicions.clear();
  summary.changed_benchmarks.clear();
  for (const model::CaseVerdict& each : cases) {
    if (!each.observation.replaced.empty() || !each.observation.opened.empty()) {
      summary.suspicions.push_back({each.id.label, each.observation.replaced, each.observation.opened});
    }
    auto& changed = summary.changed_benchmarks;
    if (each.source_changed && std::find(changed.begin(), changed.end(), each.id.benchmark) == changed.end()) {
      changed.push_back(each.id.benchmark);
    }
    ++summary.counts[each.verdict];
    const Standing standing = model::standing(each.verdict);
    if (each.checked_by && (standing == Standing::kPass || standing == Standing::kFail)) {
      ++summary.checked[*each.checked_by];
    }
  }
}

void count(const std::vector<model::CaseCapture>& cases, model::CaptureSummary& summary) {
  summary.counts.clear();
  summary.kept = summary.replaced = 0;
  for (const model::CaseCapture& each : cases) {
    ++summary.counts[each.status];
    summary.kept += each.loss == model::Loss::kKept ? 1 : 0;
    summary.replaced += each.loss == model::Loss::kReplaced ? 1 : 0;
  }
}

constexpr std::string_view kSha256 = "sha256:";

RunRecord record_of(const RecordJson& json) {
  RunRecord record;
  record.head.command = json.at("command").get<std::string>();
  record.head.version = value_at<std::string>(json, "version");
  record.head.timestamp = value_at<std::string>(json, "timestamp");
  record.head.benchmark_dir = value_at<std::string>(json, "benchmark_dir");
  record.head.snapshot_dir = value_at<std::string>(json, "snapshot_dir");
  record.head.command_line = value_at<std::string>(json, "command_line");
  if (const std::string baseline = json.value("baseline", ""); baseline.starts_with(kSha256)) {
    record.head.digest = baseline.substr(kSha256.size());
  }
  if (json.contains("remote") && json["remote"].is_object()) {
    const RecordJson& remote = json["remote"];
    record.head.remote =
        RemoteUse{remote.at("url"),    remote.at("ref").is_string() ? remote.at("ref").get<std::string>() : "",
                  remote.at("digest"), remote.at("requests"),
                  remote.at("bytes"),  remote.at("fetched"),
                  remote.at("hits"),   remote.at("retries")};
  }
  if (json.contains("plan") && json["plan"].is_object()) {
    record.plan = plan_from(json["plan"]);
    if (json.contains("tamper")) {
      record.plan->tamper = json["tamper"].get<model::TamperReport>();
    }
  }
  const bool captures = record.head.command == "capture";
  for (const RecordJson& each : json.at("cases")) {
    if (captures) {
      record.captured.push_back(capture_from(each));
    } else {
      record.verified.push_back(verdict_from(each));
      if (each.contains("base_seconds")) {
        record.times.push_back({each.at("label").get<std::string>(), each.at("base_seconds").get<double>(),
                                record.verified.back().observation.seconds});
      }
    }
  }
  const RecordJson& summary = json.at("summary");
  if (!summary.contains("total")) {
    record.end = Aborted{status_from(summary), value_at<std::string>(summary, "failure")};
  } else if (captures) {
    auto end = summary_of<model::CaptureSummary>(end_from(json), record);
    end.resumed = value_at<std::size_t>(summary, "resumed");
    end.store_bytes = value_at<std::uint64_t>(summary, "store_bytes");
    end.run_id = value_at<std::string>(summary, "run_id");
    if (const auto seen = summary.find("sensitivity"); seen != summary.end() && seen->is_object()) {
      end.sensitivity = {value_at<std::size_t>(*seen, "cases"), value_at<std::size_t>(*seen, "zeros_pass"),
                         value_at<std::size_t>(*seen, "insensitive")};
    }
    count(record.captured, end);
    record.end = std::move(end);
  } else {
    auto end = summary_of<model::VerifySummary>(end_from(json), record);
    count(record.verified, end);
    record.end = std::move(end);
  }
  return record;
}

/// The worse an end, the larger: an answer that several runs have given together is that of the worst.
int badness(ExitStatus status) {
  switch (status) {
    case ExitStatus::kSuccess: return 0;
    case ExitStatus::kNothingVerified: return 1;
    case ExitStatus::kFailed: return 2;
    case ExitStatus::kNoBaseline: return 3;
    case ExitStatus::kUsage: return 4;
    case ExitStatus::kInternal: return 5;
    case ExitStatus::kInterrupted: return 6;
  }
  return 5;
}

int badness(const model::CaseVerdict& verdict) {
  constexpr std::array<int, 6> kOrder = {0, 5, 1, 4, 3, 2};  // of Standing's values
  return kOrder.at(static_cast<std::size_t>(model::standing(verdict.verdict)));
}

int badness(const model::CaseCapture& capture) {
  return capture.loss == model::Loss::kKept ? 100 : static_cast<int>(capture.status);
}

/// Every case once, by the worst that is said of it.
template <class Result>
void add_cases(std::vector<Result>& all, std::vector<Result> more) {
  std::map<std::pair<std::string, std::size_t>, std::size_t> places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    places.emplace(std::pair(all[i].id.benchmark, all[i].id.index), i);
  }
  for (Result& each : more) {
    const auto found = places.find({each.id.benchmark, each.id.index});
    if (found == places.end()) {
      all.push_back(std::move(each));
    } else if (badness(each) > badness(all[found->second])) {
      all[found->second] = std::move(each);
    }
  }
}

void add_plan(model::RunPlan& all, const model::RunPlan& more) {
  all.benchmarks += more.benchmarks;
  all.cases += more.cases;
  all.excluded = std::max(all.excluded, more.excluded);
  all.failures.insert(all.failures.end(), more.failures.begin(), more.failures.end());
  for (const std::string& note : more.notes) {
    if (std::find(all.notes.begin(), all.notes.end(), note) == all.notes.end()) {
      all.notes.push_back(note);
    }
  }
}

/// What two shards of a run come to: the worse end, and no more than both know.
void add_end(RunEnd& all, RunEnd more) {
  const bool both_fail = all.status == ExitStatus::kFailed && more.status == ExitStatus::kFailed;
  if (badness(more.status) > badness(all.status)) {
    all.status = more.status;
    all.failure = std::move(more.failure);
    all.too_little = more.too_little;
  } else if (both_fail) {
    all.too_little = all.too_little && more.too_little;
  }
  all.strict = all.strict || more.strict;
  all.missing_fails = all.missing_fails || more.missing_fails;
  all.obsolete_fails = all.obsolete_fails || more.obsolete_fails;
  all.seconds += more.seconds;
  all.pending += more.pending;
  if (all.transitions && more.transitions) {
    all.transitions->add(*more.transitions);
  } else if (more.transitions) {
    all.transitions = std::move(more.transitions);
  }
  all.not_run.insert(all.not_run.end(), more.not_run.begin(), more.not_run.end());
  all.idle_expectations.insert(all.idle_expectations.end(), more.idle_expectations.begin(),
                               more.idle_expectations.end());
}

/// What one shard did not come to, another may have judged.
void drop_judged(std::vector<model::CaseId>& not_run, const std::vector<model::CaseVerdict>& judged) {
  std::set<std::pair<std::string, std::size_t>> known;
  for (const model::CaseVerdict& each : judged) {
    known.emplace(each.id.benchmark, each.id.index);
  }
  std::erase_if(not_run, [&](const model::CaseId& id) { return !known.emplace(id.benchmark, id.index).second; });
}

}  // namespace

void count_cases(RunRecord& record) {
  if (auto* verified = std::get_if<model::VerifySummary>(&record.end)) {
    count(record.verified, *verified);
  } else if (auto* captured = std::get_if<model::CaptureSummary>(&record.end)) {
    count(record.captured, *captured);
  }
}

Result<RunRecord> record_from_json(const std::string& text, const std::string& name) {
  RecordJson json = RecordJson::parse(text, nullptr, false);
  if (json.is_object() && json.contains("cases") && json.value("format", RecordJson()).is_number() &&
      json["format"] != kJsonFormat) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is a report of format {}, and this version of snapshot_test reads "
                                               "format {}: use the version that wrote it",
                                               name, json["format"].dump(), kJsonFormat));
  }
  if (!json.is_object() || json.value("format", RecordJson()) != kJsonFormat || !json.contains("cases")) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' is no report of capture or verify: name a file that --json FILE has written{}", name,
                            json.is_discarded() ? " (this is no JSON)" : ""));
  }
  try {
    RunRecord record = record_of(json);
    // Nobody looks at every shard: what was changed on the way must not be judged.
    if (record.plan && record.plan->shard && value_at<std::string>(json, kContentDigest) != content_digest(json)) {
      return fail(ErrorKind::kUsage, fmt::format("'{}' is not as it was written: its cases, or what else it says, were "
                                                 "changed or damaged since; run the shard again, or name the file that "
                                                 "it wrote",
                                                 name));
    }
    return record;
  } catch (const std::exception& error) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is not as --json FILE writes it: {}", name, error.what()));
  }
}

Result<RunRecord> merged(std::vector<RunRecord> records) {
  if (records.empty()) {
    return fail(ErrorKind::kUsage, "no report to read");
  }
  RunRecord all = std::move(records.front());
  if (records.size() == 1) {
    return all;
  }
  RunEnd end = run_end_of(all);
  bool some_ended = !std::holds_alternative<Aborted>(all.end);
  std::size_t failing = end.status == ExitStatus::kFailed ? 1 : 0;
  for (std::size_t i = 1; i < records.size(); ++i) {
    RunRecord& more = records[i];
    if (more.head.command != all.head.command) {
      return fail(ErrorKind::kUsage,
                  fmt::format("a report of {} and one of {} cannot be made one", all.head.command, more.head.command));
    }
    RunEnd other = run_end_of(more);
    some_ended = some_ended || !std::holds_alternative<Aborted>(more.end);
    failing += other.status == ExitStatus::kFailed ? 1 : 0;
    add_end(end, std::move(other));
    add_cases(all.captured, std::move(more.captured));
    add_cases(all.verified, std::move(more.verified));
    std::move(more.times.begin(), more.times.end(), std::back_inserter(all.times));
    if (more.plan && all.plan) {
      add_plan(*all.plan, *more.plan);
    } else if (more.plan) {
      all.plan = std::move(more.plan);
    }
  }
  all.head.command_line.clear();  // each had its own
  if (!some_ended) {
    all.end = Aborted{end.status, end.failure};
  } else if (all.head.command == "capture") {
    auto summary = summary_of<model::CaptureSummary>(std::move(end), all);
    count(all.captured, summary);
    all.end = std::move(summary);
  } else {
    drop_judged(end.not_run, all.verified);
    auto summary = summary_of<model::VerifySummary>(std::move(end), all);
    count(all.verified, summary);
    if (const std::size_t failed = summary.count(Standing::kFail);
        failing > 1 && summary.status == ExitStatus::kFailed) {
      summary.failure = failed > 0 ? counted(failed, "case") + " failed" : summary.failure;
    }
    all.end = std::move(summary);
  }
  return all;
}

}  // namespace snapshot_test::report
