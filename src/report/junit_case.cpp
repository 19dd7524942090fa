#include "report/junit_case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "report/case_text.hpp"
#include "report/format.hpp"
#include "report/source_place.hpp"
#include "util/visible.hpp"

namespace snapshot_test::report {

namespace {

using Kind = JunitCase::Kind;
using model::CaptureStatus;
using model::ExitStatus;
using model::Standing;
using model::Verdict;

constexpr std::size_t kMessage = 500;             // bytes
constexpr std::size_t kName = 300;                // bytes; parameters may be whole arrays
constexpr const char* kTheRun = "snapshot_test";  // the suite of what is no case's

/// "bench_core", "bench_core.Core", "time_array(10, 'f8')"
std::tuple<std::string, std::string, std::string> names_of(const model::CaseId& id) {
  const std::size_t dot = id.benchmark.rfind('.');
  const std::string before = dot == std::string::npos ? "" : id.benchmark.substr(0, dot);
  const std::string module = !id.module.empty() ? id.module : !before.empty() ? before : kTheRun;
  const bool starts = dot != std::string::npos && id.label.rfind(id.benchmark, 0) == 0;
  return {module, before.empty() ? module : before, starts ? id.label.substr(dot + 1) : id.label};
}

JunitCase begin(const model::CaseId& id, const model::Observation& observation) {
  JunitCase result;
  auto [suite, classname, name] = names_of(id);
  result.suite = one_line(suite, kName);
  result.file = one_line(relative_path(id.file));
  result.line = id.line;
  result.classname = one_line(classname, kName);
  result.name = one_line(name, kName);
  result.seconds = observation.seconds;
  return result;
}

void say(JunitCase& result, Kind kind, std::string_view type, const std::string& message) {
  result.kind = kind;
  result.type = type;
  result.message = one_line(message, kMessage);
}

void explain(JunitCase& result, const model::CaseId& id, const std::string& text) {
  std::string whole = id.file.empty() ? "" : fmt::format("{}:{}\n", one_line(relative_path(id.file)), id.line);
  whole += text;
  result.text = shortened(whole, kJunitText - result.message.size());
}

/// What makes a case fail, of the run's end as far as it is known.
struct Strictness {
  bool strict = false;
  const model::VerifySummary* verified = nullptr;
};

Kind kind_of(Verdict verdict, const Strictness& strictness) {
  const bool fails = strictness.verified != nullptr && strictness.verified->fails(verdict);
  switch (model::standing(verdict)) {
    case Standing::kPass: return fails ? Kind::kFailure : Kind::kPassed;
    case Standing::kFail:
      return verdict == Verdict::kDifferent || verdict == Verdict::kUnexpected ? Kind::kFailure : Kind::kError;
    case Standing::kExpected:
    case Standing::kNeither: return Kind::kSkipped;
    case Standing::kUnverified:
    case Standing::kObsolete: return fails ? Kind::kFailure : Kind::kSkipped;
  }
  return Kind::kError;
}

JunitCase junit(const model::CaseVerdict& verdict, const Strictness& strictness) {
  JunitCase result = begin(verdict.id, verdict.observation);
  const Standing standing = model::standing(verdict.verdict);
  const Kind kind = kind_of(verdict.verdict, strictness);
  const std::string_view name = model::name(verdict.verdict);
  std::string message = fmt::format("{}{}{}", name, verdict.reason.empty() ? "" : ": ", verdict.reason);
  if (standing == Standing::kUnverified) {
    message = "UNVERIFIED: " + message;
  } else if (standing == Standing::kExpected) {
    message = "EXPECTED: " + verdict.reason;
  }
  say(result, kind, name, message);
  if (kind == Kind::kFailure || kind == Kind::kError) {
    const char* changed = verdict.source_changed ? "the benchmark's own code is not what it was when captured\n" : "";
    explain(result, verdict.id,
            changed + sites_text(verdict.sites) + observation_text(verdict.observation, verdict.reason));
  }
  return result;
}

JunitCase junit(const model::CaseCapture& capture, const Strictness& strictness) {
  JunitCase result = begin(capture.id, capture.observation);
  const std::string_view name = model::name(capture.status);
  const std::string message = fmt::format("{}{}{}", name, capture.reason.empty() ? "" : ": ", capture.reason);
  if (capture.loss != model::Loss::kNone) {
    const bool kept = capture.loss == model::Loss::kKept;
    say(result, kept ? Kind::kFailure : Kind::kPassed, model::name(capture.loss),
        "could be checked, and cannot now: " + message);
  } else if (capture.status == CaptureStatus::kFailed) {
    say(result, Kind::kError, name, message);
  } else if (capture.status == CaptureStatus::kSkipped || capture.status == CaptureStatus::kNoOp) {
    say(result, Kind::kSkipped, name, message);
  } else if (!model::verifiable(capture.status)) {
    say(result, strictness.strict ? Kind::kFailure : Kind::kSkipped, name,
        "UNVERIFIED: verify cannot check it: " + message);
  }
  if (result.kind == Kind::kFailure || result.kind == Kind::kError) {
    explain(result, capture.id, observation_text(capture.observation, capture.reason));
  }
  return result;
}

struct End {
  ExitStatus status = ExitStatus::kInternal;
  std::string why;
  Strictness strictness{};
};

End end_of(const RunRecord& record) {
  struct Visitor {
    End operator()(std::monostate /*goes on*/) const { return {}; }
    End operator()(const Aborted& end) const { return {end.status, end.message}; }
    End operator()(const model::CaptureSummary& end) const { return {end.status, end.failure, {end.strict, nullptr}}; }
    End operator()(const model::VerifySummary& end) const { return {end.status, end.failure, {end.strict, &end}}; }
  };
  return std::visit(Visitor{}, record.end);
}

const model::CaseId& id_at(const RunRecord& record, std::size_t place) {
  return place < record.captured.size() ? record.captured[place].id
                                        : record.verified[place - record.captured.size()].id;
}

JunitCase case_at(const RunRecord& record, std::size_t place, const Strictness& strictness) {
  return place < record.captured.size() ? junit(record.captured[place], strictness)
                                        : junit(record.verified[place - record.captured.size()], strictness);
}

bool is_bad(Kind kind) { return kind == Kind::kFailure || kind == Kind::kError; }

/// Does a case that is listed say why the run failed?
bool some_case_fails(const RunRecord& record, const Strictness& strictness) {
  return std::any_of(record.verified.begin(), record.verified.end(),
                     [&](const auto& each) { return is_bad(kind_of(each.verdict, strictness)); }) ||
         std::any_of(record.captured.begin(), record.captured.end(), [&](const auto& each) {
           return each.status == CaptureStatus::kFailed || each.loss == model::Loss::kKept ||
                  (strictness.strict && !model::verifiable(each.status));
         });
}

}  // namespace

JunitCases::JunitCases(const RunRecord& record) : record_(record) {
  order_.resize(record.captured.size() + record.verified.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    return std::get<0>(names_of(id_at(record, a))) < std::get<0>(names_of(id_at(record, b)));
  });
  failures_ = record.plan ? record.plan->failures.size() : 0;
  const End end = end_of(record);
  // Interruptions and refusals are never a case's own fault.
  const bool goes_without_saying =
      end.status == ExitStatus::kFailed && (failures_ > 0 || some_case_fails(record, end.strictness));
  const auto* verified = std::get_if<model::VerifySummary>(&record.end);
  const bool idle = verified != nullptr && !verified->idle_expectations.empty();
  failed_otherwise_ = end.status != ExitStatus::kSuccess && (!goes_without_saying || idle);
}

JunitCase JunitCases::at(std::size_t place) const {
  const End end = end_of(record_);
  if (place < order_.size()) {
    return case_at(record_, order_[place], end.strictness);
  }
  place -= order_.size();
  JunitCase result;
  result.suite = result.classname = kTheRun;
  if (place < failures_) {
    const model::DiscoveryFailure& failure = record_.plan->failures[place];
    result.name = "import " + one_line(failure.where.empty() ? "the suite" : failure.where, kName);
    say(result, Kind::kError, "import", failure.cause);
    result.text = shortened(last_lines(failure.traceback, 40, ""), kJunitText - result.message.size());
    return result;
  }
  result.name = record_.head.command;
  say(result, Kind::kError, status_name(end.status), end.why.empty() ? "the run failed" : end.why);
  return result;
}

}  // namespace snapshot_test::report
