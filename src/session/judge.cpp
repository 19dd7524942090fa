#include "session/judge.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace snapshot_test::session {

using model::CaptureStatus;
using model::CaseVerdict;
using model::Ending;
using model::is_inner;
using model::is_outer;
using model::SiteComparison;
using model::SiteKind;
using model::SiteMatch;
using model::SiteValue;
using model::Standing;
using model::usable;
using model::Verdict;

namespace {

bool is_state(SiteKind kind) { return kind == SiteKind::kState; }

/// What two runs differ by, times this, is what a later run may differ by.
constexpr double kBoundMargin = 10;
/// Rounding that varies stays below this. What differs by more may be a measured time that came out alike by chance,
/// and will not do so again.
constexpr double kWidestBound = 1e-4;

/// A runnable of numbers that moved a little gets a tolerance of its own; any other is not compared.
void mark_paths(SiteValue& site, const SiteComparison& comparison) {
  for (const std::string& path : comparison.differing_paths) {
    const auto passing = comparison.passing_rtol.find(path);
    if (passing != comparison.passing_rtol.end() && passing->second * kBoundMargin <= kWidestBound) {
      site.bounds.emplace(path, passing->second * kBoundMargin);
    } else {
      site.unstable.push_back(path);
    }
  }
  const bool all_of_it = std::find(site.unstable.begin(), site.unstable.end(), "") != site.unstable.end();
  if (comparison.wholly_different || all_of_it || (comparison.nothing_agrees && site.bounds.empty())) {
    site.bounds.clear();
    site.unstable.clear();
    site.wholly_unstable = true;
  }
}

/// The second run did not end in time, and the first came close to that; not for what the benchmark does, but for what
/// is done around it. That says nothing about its values.
bool ran_out_of_our_time(const model::Observation& first, const model::Observation& second) {
  return first.ending == Ending::kReturned && second.ending == Ending::kTimedOut &&
         first.total_seconds > second.total_seconds / 4 && first.total_seconds > 2 * first.seconds;
}

bool agrees(SiteMatch match) { return match == SiteMatch::kIdentical || match == SiteMatch::kClose; }

/// The comparisons that can say something: of meaningful sites that had a stable, readable form when captured.
template <class Wanted>
std::vector<const SiteComparison*> deciding(const std::vector<SiteComparison>& all, const store::CaseRecord& snapshot,
                                            Wanted wanted) {
  std::vector<const SiteComparison*> chosen;
  for (const SiteComparison& each : all) {
    const auto site = std::find_if(snapshot.sites.begin(), snapshot.sites.end(),
                                   [&](const SiteValue& value) { return value.site == each.site; });
    if (wanted(each.site.kind) && site != snapshot.sites.end() && usable(*site)) {
      chosen.push_back(&each);
    }
  }
  return chosen;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// Of calls that were made once more, what they were.
std::string describe_again(const model::Site& site) {
  if (site.kind == SiteKind::kRepeated) {
    return fmt::format("; the case's call {} in one process, set up anew, did not come to what it was to",
                       site.index + 1);
  }
  return site.index == 0 ? "; a later call with changed inputs changes what an earlier one returned, or no longer does"
                         : "; with inputs changed in place it did not come to what it was to";
}

std::string describe(const SiteComparison& comparison) {
  const std::string site = comparison.site.text();
  if (model::is_again(comparison.site.kind) && comparison.match == SiteMatch::kDifferent) {
    return fmt::format("{} differs{}", site, describe_again(comparison.site));
  }
  switch (comparison.match) {
    case SiteMatch::kMissing: return fmt::format("{} was observed when captured and is not now", site);
    case SiteMatch::kOpaque: return fmt::format("{} can no longer be pickled", site);
    case SiteMatch::kUnreadable: return fmt::format("the snapshot of {} cannot be read", site);
    default: return fmt::format("{} {}", site, comparison.match == SiteMatch::kDifferent ? "differs" : "agrees");
  }
}

/// A verdict with its reason.
struct Ruling {
  Verdict verdict;
  std::string reason;
};

/// All of these decide together.
Ruling rule_together(const std::vector<const SiteComparison*>& sites) {
  Ruling ruling{Verdict::kIdentical, ""};
  for (const SiteComparison* each : sites) {
    if (each->match == SiteMatch::kUnreadable) {
      return {Verdict::kUnreadable, describe(*each)};
    }
    if (!agrees(each->match) && ruling.verdict != Verdict::kDifferent) {
      ruling = {Verdict::kDifferent, describe(*each)};
    } else if (each->match == SiteMatch::kClose && standing(ruling.verdict) == Standing::kPass) {
      ruling.verdict = Verdict::kClose;
      // Of what agrees something is said only where it is known by a sketch.
      if (ruling.reason.empty() && !each->explanation.empty()) {
        ruling.reason = fmt::format("sketch: {}: {}", each->site.text(), first_line(each->explanation));
      }
    }
  }
  return ruling;
}

/// Of the calls on the way to `deepest` that both sides made the outermost decides; where there is none, `deepest`.
/// What other threads computed decides as well.
Ruling rule_inner(const std::vector<const SiteComparison*>& inner) {
  const SiteComparison* deepest = nullptr;
  const SiteComparison* outermost = nullptr;
  std::vector<const SiteComparison*> deciders;
  for (const SiteComparison* each : inner) {
    if (each->match == SiteMatch::kUnreadable) {
      return {Verdict::kUnreadable, describe(*each)};
    }
    if (each->site.kind == SiteKind::kDeepest) {
      deepest = each;
    } else if (each->site.kind == SiteKind::kThreads) {
      deciders.push_back(each);
    } else if (each->match != SiteMatch::kMissing && (outermost == nullptr || each->site < outermost->site)) {
      outermost = each;
    }
  }
  if (const SiteComparison* decider = outermost != nullptr ? outermost : deepest; decider != nullptr) {
    deciders.push_back(decider);
  }
  if (deciders.empty()) {
    return {Verdict::kDifferent, "no call that was observed when captured is made now"};
  }
  return rule_together(deciders);
}

Ruling rule_values(const store::CaseRecord& snapshot, const std::vector<SiteComparison>& comparisons) {
  const auto inner = deciding(comparisons, snapshot, is_inner);
  const auto deciders = deciding(comparisons, snapshot, [](SiteKind kind) { return is_outer(kind) || is_state(kind); });
  Ruling ruling = deciders.empty() ? rule_inner(inner) : rule_together(deciders);
  if (standing(ruling.verdict) != Standing::kPass) {
    return ruling;
  }
  const Ruling again = rule_together(deciding(comparisons, snapshot, model::is_again));
  if (standing(again.verdict) != Standing::kPass) {
    return again;
  }
  for (const SiteComparison* each : inner) {
    if (each->match == SiteMatch::kUnreadable) {
      return {Verdict::kUnreadable, describe(*each)};
    }
    if (!agrees(each->match) && !each->shares_with) {
      return {Verdict::kInnerChanged, describe(*each)};
    }
    if (each->match == SiteMatch::kClose) {
      ruling.verdict = Verdict::kClose;
    }
  }
  return ruling;
}

/// For snapshots that hold nothing to compare: the verdict if the case still runs.
Verdict verdict_of_status(CaptureStatus status) {
  switch (status) {
    case CaptureStatus::kVacuous: return Verdict::kVacuous;
    case CaptureStatus::kUnstable: return Verdict::kUnstable;
    case CaptureStatus::kOpaque: return Verdict::kOpaque;
    case CaptureStatus::kFailed: return Verdict::kCaptureFailed;
    case CaptureStatus::kSkipped: return Verdict::kSkipped;
    case CaptureStatus::kNoOp: return Verdict::kNoOp;
    default: return Verdict::kNoSnapshot;
  }
}

/// What inner calls say of a case whose result cannot be looked at: they inform, and decide nothing.
std::string what_inner_calls_say(const store::CaseRecord& snapshot, const std::vector<SiteComparison>& comparisons) {
  const auto inner = deciding(comparisons, snapshot, is_inner);
  if (inner.empty()) {
    return "";
  }
  const auto changed = std::find_if(inner.begin(), inner.end(), [](const auto* each) { return !agrees(each->match); });
  return changed == inner.end() ? "; the inner calls that were compared agree, which does not say that it does"
                                : fmt::format("; but {}", describe(**changed));
}

std::string joined(const std::vector<std::string>& lines) { return fmt::format("{}", fmt::join(lines, "; ")); }

Ruling rule_ending(const store::CaseRecord& snapshot, const model::Observation& now) {
  switch (now.ending) {
    case Ending::kReturned:
    case Ending::kNoOp: return {Verdict::kIdentical, ""};
    case Ending::kSkipped:
      // A case that was checked and now skips itself would be a pass in which nothing was checked.
      if (snapshot.status == CaptureStatus::kSkipped) {
        return {Verdict::kSkipped, now.detail};
      }
      return {Verdict::kRaised, fmt::format("ran when captured and skips itself now: {}", now.detail)};
    case Ending::kRaised:
    case Ending::kImportFailed: return {Verdict::kRaised, now.detail};
    case Ending::kTimedOut: return {Verdict::kTimedOut, now.detail};
    case Ending::kRefused: return {Verdict::kRefused, now.detail};
    case Ending::kSignalled:
    case Ending::kExited:
    case Ending::kOutOfMemory:
    case Ending::kNotRun:
    case Ending::kProtocol: return {Verdict::kCrashed, now.detail};
  }
  return {Verdict::kCrashed, now.detail};
}

Ruling rule(const store::CaseRecord& snapshot, const model::Coverage& coverage, const runner::CaseOutcome& outcome) {
  Ruling ending = rule_ending(snapshot, outcome.observation);
  if (ending.verdict != Verdict::kIdentical) {
    return ending;
  }
  if (model::verifiable(coverage.status)) {
    return rule_values(snapshot, outcome.comparisons);
  }
  if (coverage.status == CaptureStatus::kSkipped) {
    return {Verdict::kNoSnapshot, "it skipped itself when captured and runs now; capture it again"};
  }
  const std::string why = snapshot.status == coverage.status ? snapshot.reason : joined(coverage.missing);
  return {verdict_of_status(coverage.status), why + what_inner_calls_say(snapshot, outcome.comparisons)};
}

/// Not what did not end in its time, and what has no readable snapshot: nothing was compared there.
bool was_checked(Verdict verdict) {
  return standing(verdict) == Standing::kPass || verdict == Verdict::kDifferent || verdict == Verdict::kRaised ||
         verdict == Verdict::kCrashed;
}

}  // namespace

CaptureJudgement judge_capture(const model::Observation& observation) {
  switch (observation.ending) {
    case Ending::kReturned: break;
    case Ending::kNoOp: return {CaptureStatus::kNoOp, "its body does nothing", {}};
    case Ending::kSkipped: return {CaptureStatus::kSkipped, observation.detail, {}};
    default: return {CaptureStatus::kFailed, observation.detail, {}};
  }
  model::Coverage coverage = model::coverage_of(observation.sites);
  CaptureJudgement judgement{coverage.status, joined(coverage.missing), {}};
  switch (coverage.status) {
    case CaptureStatus::kState: judgement.reason = "the state it leaves is what can be checked"; break;
    case CaptureStatus::kInner: judgement.reason = "only inner calls return something to check"; break;
    case CaptureStatus::kVacuous:
      judgement.reason = "it returns nothing, so does every call in it, and it changes nothing";
      break;
    default: break;
  }
  judgement.missing = std::move(coverage.missing);
  return judgement;
}

bool worth_confirming(const model::Observation& observation) {
  return observation.ending == Ending::kReturned &&
         std::any_of(observation.sites.begin(), observation.sites.end(), usable);
}

model::Coverage coverage_of(const store::CaseRecord& snapshot) {
  return model::verifiable(snapshot.status) ? model::coverage_of(snapshot.sites) : model::Coverage{snapshot.status, {}};
}

std::optional<model::Observe> second_look(CaptureStatus status, Ending ending) {
  const bool raised = status == CaptureStatus::kFailed && ending == Ending::kRaised;
  return raised ? std::optional(model::Observe::kUnheld) : std::nullopt;
}

model::Observe look_for(const std::vector<SiteValue>& snapshot, bool unheld) {
  const auto is_the_state = [](const SiteValue& site) { return is_state(site.site.kind); };
  if (unheld) {
    return model::Observe::kUnheld;
  }
  if (std::none_of(snapshot.begin(), snapshot.end(), is_the_state)) {
    return model::Observe::kValues;
  }
  // Older stores do not say it of a case whose state alone was looked at.
  const bool alone = std::all_of(snapshot.begin(), snapshot.end(), is_the_state);
  return alone ? model::Observe::kUnheld : model::Observe::kAll;
}

model::Observation with_state(model::Observation values, model::Observation state) {
  if (state.ending != Ending::kReturned) {
    if (values.ending == Ending::kReturned) {
      values.notes.push_back(fmt::format("its state could not be observed: {}", state.detail));
    }
    return values;
  }
  if (values.ending != Ending::kReturned) {
    state.notes.push_back(fmt::format(
        "only what it returns and its state are observed: while its values are held it raises {}", values.detail));
  }
  std::erase_if(values.notes, [&](const std::string& note) {
    return std::find(state.notes.begin(), state.notes.end(), note) != state.notes.end();
  });
  state.notes.insert(state.notes.begin(), values.notes.begin(), values.notes.end());
  return state;
}

store::CaseRecord deepest_alone(store::CaseRecord snapshot) {
  if (std::erase_if(snapshot.sites, [](const SiteValue& site) { return site.site.kind != SiteKind::kDeepest; }) > 0) {
    snapshot.magnitude.reset();  // it is that of what decided with all of them
    snapshot.sensitive_under.clear();
  }
  const bool showed_something = model::verifiable(snapshot.status) || snapshot.status == CaptureStatus::kOpaque ||
                                snapshot.status == CaptureStatus::kUnstable;
  if (showed_something) {
    const bool checkable = std::any_of(snapshot.sites.begin(), snapshot.sites.end(), usable);
    snapshot.status = checkable ? CaptureStatus::kInner : CaptureStatus::kVacuous;
    snapshot.reason = checkable ? "" : "its snapshot has no deepest call that can be checked";
  }
  return snapshot;
}

std::string mark_unstable(model::Observation& first, const runner::CaseOutcome& second) {
  if (ran_out_of_our_time(first, second.observation)) {
    return fmt::format(
        "not confirmed by a second run, which {}: setting up and looking at its values take longer than the call; a "
        "longer --timeout may help",
        second.observation.detail);
  }
  if (second.observation.ending != first.ending) {
    for (SiteValue& site : first.sites) {
      site.wholly_unstable = true;
    }
    return fmt::format("its second run {}: {}", name(second.observation.ending), second.observation.detail);
  }
  for (const SiteComparison& comparison : second.comparisons) {
    const auto site = std::find_if(first.sites.begin(), first.sites.end(),
                                   [&](const SiteValue& value) { return value.site == comparison.site; });
    if (site == first.sites.end() || site->object.empty() || agrees(comparison.match)) {
      continue;
    }
    if (comparison.match == SiteMatch::kDifferent) {
      mark_paths(*site, comparison);
    } else {
      site->wholly_unstable = true;
    }
  }
  return "";
}

namespace {

/// Is all that differs marked as what may?
bool is_marked(const SiteValue& site, const SiteComparison& comparison) {
  if (site.wholly_unstable) {
    return true;
  }
  const bool confined = comparison.match == SiteMatch::kDifferent && !comparison.wholly_different &&
                        !comparison.nothing_agrees && !comparison.differing_paths.empty();
  return confined &&
         std::all_of(comparison.differing_paths.begin(), comparison.differing_paths.end(),
                     [&](const std::string& path) {
                       return std::find(site.unstable.begin(), site.unstable.end(), path) != site.unstable.end();
                     });
}

}  // namespace

bool is_confirmed_by(const model::Observation& first, const runner::CaseOutcome& second) {
  if (second.observation.ending != first.ending) {
    return false;
  }
  return std::all_of(first.sites.begin(), first.sites.end(), [&](const SiteValue& site) {
    const auto comparison = std::find_if(second.comparisons.begin(), second.comparisons.end(),
                                         [&](const SiteComparison& each) { return each.site == site.site; });
    return site.object.empty() ||
           (comparison != second.comparisons.end() && (agrees(comparison->match) || is_marked(site, *comparison)));
  });
}

bool needs_no_run(const store::CaseRecord& snapshot) { return snapshot.status == CaptureStatus::kFailed; }

CaseVerdict judge(const store::CaseRecord& snapshot, runner::CaseOutcome outcome) {
  CaseVerdict result;
  model::Coverage coverage = coverage_of(snapshot);
  Ruling ruling =
      needs_no_run(snapshot) ? Ruling{Verdict::kCaptureFailed, snapshot.reason} : rule(snapshot, coverage, outcome);
  result.verdict = ruling.verdict;
  result.reason = std::move(ruling.reason);
  if (was_checked(result.verdict)) {
    result.checked_by = model::checked_by(coverage.status);
    result.missing = std::move(coverage.missing);
  }
  result.sites = std::move(outcome.comparisons);
  for (SiteComparison& comparison : result.sites) {
    const auto site = std::find_if(snapshot.sites.begin(), snapshot.sites.end(),
                                   [&](const SiteValue& value) { return value.site == comparison.site; });
    comparison.source = site == snapshot.sites.end() ? "" : site->source;
  }
  result.observation = std::move(outcome.observation);
  return result;
}

}  // namespace snapshot_test::session
