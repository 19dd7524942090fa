// The JSON forms of cases and summaries; docs/json.md is their description for users.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "snapshot_test/model/result.hpp"

namespace snapshot_test::report {

/// The version of every JSON form that this room writes. Keys may be added in one version; a change of meaning or a
/// removal makes a new one.
inline constexpr int kJsonFormat = 1;

using Json = nlohmann::ordered_json;

/// What became of a case, without its values and what it wrote.
[[nodiscard]] Json outcome_json(const model::CaseCapture& result);
[[nodiscard]] Json outcome_json(const model::CaseVerdict& result);
/// All of it.
[[nodiscard]] Json case_json(const model::CaseCapture& result);
[[nodiscard]] Json case_json(const model::CaseVerdict& result);
/// What names a case.
[[nodiscard]] Json id_json(const model::CaseId& id);
[[nodiscard]] Json plan_json(const model::RunPlan& plan);
[[nodiscard]] Json failures_json(const std::vector<model::DiscoveryFailure>& failures);
/// How many cases are checked by what: every sort, also those of which there is no case.
[[nodiscard]] Json checked_json(const model::CheckedCounts& checked);
/// Counts: total, passed, failed, ... and the exit status.
[[nodiscard]] Json counts_json(const model::CaptureSummary& summary);
[[nodiscard]] Json counts_json(const model::VerifySummary& summary);

/// `status` by name and `exit_status` by number.
void add_status(Json& json, model::ExitStatus status, const std::string& failure);

/// Of a run that could not start or go on: there is no `ok`, and why.
[[nodiscard]] Json aborted_json(model::ExitStatus status, const std::string& failure);

/// What is said of tampering; `summary`: null where the run did not come to its end. docs/tampering.md.
[[nodiscard]] Json tamper_json(const model::TamperReport& report, const model::VerifySummary* summary);

/// JSON text; bytes that are no UTF-8 are replaced. `indent` as nlohmann's dump(): -1 = one line.
[[nodiscard]] std::string dump(const Json& json, int indent);

}  // namespace snapshot_test::report
