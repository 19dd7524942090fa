#include "render/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/format.hpp"

namespace snapshot_test::render {

using audit::CaseAudit;
using audit::Cause;
using audit::Mutation;
using audit::Outcome;
using audit::Trial;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t kWorstCases = 20;

std::string_view cause_key(Cause cause) {
  switch (cause) {
    case Cause::kAtol: return "atol";
    case Cause::kRtol: return "rtol";
    case Cause::kBoth: return "rtol-and-atol";
    case Cause::kUnstable: return "unstable";
    case Cause::kRules: return "rules";
  }
  return "";
}

std::string_view outcome_key(Outcome outcome) {
  switch (outcome) {
    case Outcome::kNoMutant: return "no-mutant";
    case Outcome::kCaught: return "caught";
    case Outcome::kPassed: return "passed";
  }
  return "";
}

std::string head_of(const CaseAudit& each) {
  const std::string label = report::one_line(each.label);
  if (!each.unread.empty()) return fmt::format("{}: cannot be read: {}\n", label, report::one_line(each.unread));
  return fmt::format("{}: {}{} of {} wrong values would be caught\n", label, each.insensitive() ? "insensitive, " : "",
                     each.caught(), each.caught() + each.passed());
}

std::string case_text(const CaseAudit& each) {
  std::string text = head_of(each);
  for (const Trial& trial : each.trials) {
    if (trial.outcome == Outcome::kPassed && audit::counts(trial.mutation)) {
      text += fmt::format("  {}\n", trial_text(trial));
    }
  }
  return text;
}

std::size_t passing_cases(const audit::Audit& audit, Mutation mutation) {
  return static_cast<std::size_t>(std::count_if(audit.cases.begin(), audit.cases.end(),
                                                [&](const CaseAudit& each) { return each.passes(mutation); }));
}

std::size_t cases_with(const audit::Audit& audit, Mutation mutation) {
  return static_cast<std::size_t>(std::count_if(audit.cases.begin(), audit.cases.end(), [&](const CaseAudit& each) {
    return std::any_of(each.trials.begin(), each.trials.end(), [&](const Trial& trial) {
      return trial.mutation == mutation && trial.outcome != Outcome::kNoMutant;
    });
  }));
}

std::string totals_text(const audit::Audit& audit) {
  std::string text;
  for (const Mutation mutation : audit::kMutations) {
    const std::size_t all = cases_with(audit, mutation);
    text += fmt::format("  {:<22} {:>6} of {:>6} cases{}\n", audit::name(mutation), passing_cases(audit, mutation), all,
                        audit::counts(mutation) ? "" : "  (rounding; not counted)");
  }
  const std::size_t caught = audit.caught();
  const std::size_t all = caught + audit.passed();
  text = "wrong values that would pass, by kind:\n" + text;
  text += fmt::format("{}: {} of {} would be caught; ", report::counted(audit.cases.size(), "case"),
                      all == 0 ? "no wrong value" : report::percent(caught, all), report::counted(all, "wrong value"));
  text += fmt::format("{} insensitive", report::counted(audit.insensitive(), "case"));
  if (audit.not_verifiable > 0) {
    text += fmt::format("; besides, {} that verify cannot check", report::counted(audit.not_verifiable, "case"));
  }
  if (audit.unread() > 0) text += fmt::format("; {} cannot be read", report::counted(audit.unread(), "case"));
  if (audit.sketched() > 0) {
    text += fmt::format("; of {} only a sketch is stored, of which no wrong value is made",
                        report::counted(audit.sketched(), "case"));
  }
  return text + "\n";
}

}  // namespace

std::string trial_text(const Trial& trial) {
  const std::string passes =
      fmt::format("{} {}", audit::name(trial.mutation), trial.mutation == Mutation::kZeros ? "pass" : "passes");
  switch (trial.cause) {
    case Cause::kAtol:
      return fmt::format("{}: {} ≤ atol {:g}; an atol below {:.3g}{} would catch it", passes,
                         trial.mutation == Mutation::kZeros ? "every |x|" : "every difference", trial.applied,
                         trial.bound, trial.auto_catches ? " (or auto)" : "");
    case Cause::kRtol:
      return fmt::format("{}: within rtol {:g}; an rtol below {:.3g} would catch it", passes, trial.applied,
                         trial.bound);
    case Cause::kBoth:
      return fmt::format(
          "{}: within rtol {:g} and atol together; an rtol below {:.3g} with an atol of 0 would catch it", passes,
          trial.applied, trial.bound);
    case Cause::kUnstable:
      return passes + ": what it changes differed between two runs, and is left out or has a tolerance of its own";
    case Cause::kRules: return passes + ": by another rule than rtol and atol (such as ignore_order)";
  }
  return passes;
}

std::string audit_text(const audit::Audit& audit, AuditDetail detail) {
  std::string text;
  std::size_t shown = 0;
  std::size_t left = 0;
  for (const CaseAudit& each : audit.cases) {
    if (each.passed() == 0 && each.unread.empty()) continue;
    if (detail == AuditDetail::kWorst && shown == kWorstCases) {
      ++left;
      continue;
    }
    ++shown;
    text += case_text(each);
  }
  if (left > 0) text += fmt::format("… and {} more (--verbose shows them)\n", report::counted(left, "case"));
  return text + (text.empty() ? "" : "\n") + totals_text(audit);
}

Json audit_json(const audit::Audit& audit, const std::string& store) {
  Json cases = Json::array();
  for (const CaseAudit& each : audit.cases) {
    Json mutants = Json::array();
    for (const Trial& trial : each.trials) {
      Json mutant = {{"mutant", audit::key(trial.mutation)},
                     {"outcome", outcome_key(trial.outcome)},
                     {"counted", audit::counts(trial.mutation)}};
      if (trial.outcome == Outcome::kPassed) {
        mutant["cause"] = cause_key(trial.cause);
        mutant["auto_atol_catches"] = trial.auto_catches;
        if (trial.cause != Cause::kUnstable && trial.cause != Cause::kRules) {
          mutant["applied"] = trial.applied;
          mutant["caught_below"] = trial.bound;
        }
      }
      mutants.push_back(std::move(mutant));
    }
    Json entry = {{"benchmark", each.benchmark},       {"index", each.index},          {"label", each.label},
                  {"insensitive", each.insensitive()}, {"caught", each.caught()},      {"passed", each.passed()},
                  {"sensitivity", each.sensitivity()}, {"mutants", std::move(mutants)}};
    if (!each.unread.empty()) entry["unreadable"] = each.unread;
    cases.push_back(std::move(entry));
  }
  return {{"format", 1},
          {"store", store},
          {"cases", audit.cases.size()},
          {"insensitive", audit.insensitive()},
          {"sensitive", audit.sensitive()},
          {"unreadable", audit.unread()},
          {"not_verifiable", audit.not_verifiable},
          {"caught", audit.caught()},
          {"passed", audit.passed()},
          {"sensitivity", audit.sensitivity()},
          {"audited", std::move(cases)}};
}

}  // namespace snapshot_test::render
