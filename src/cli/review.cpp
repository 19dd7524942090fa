// `review`: goes through what is pending, the worst first, and what differs alike together.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "cli/options.hpp"
#include "cli/pending_choice.hpp"
#include "cli/question.hpp"
#include "cli/subcommands.hpp"
#include "config/layers.hpp"
#include "report/case_text.hpp"
#include "report/format.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

using session::PendingCase;

struct ReviewArgs {
  const Shared& shared;
  PendingChoice choice{};
  std::optional<std::string> reason{};
};

/// Cases that differ in the same way.
struct Alike {
  std::string cause;
  double worst = 0;                  ///< the largest rtol that would pass one of them
  std::vector<PendingCase> cases{};  ///< the worst first
};

constexpr double kNothingPasses = std::numeric_limits<double>::infinity();
constexpr std::size_t kNamed = 5;          // of alike cases, where they are asked for
constexpr std::size_t kWrittenNames = 20;  // of cases, in a command
constexpr std::size_t kLabel = 160;

/// The relative tolerance that would pass all sites of a case; what is no number has none.
double badness(const std::vector<model::SiteComparison>& sites) {
  double worst = 0;
  for (const model::SiteComparison& site : sites) {
    if (site.match == model::SiteMatch::kIdentical || site.match == model::SiteMatch::kUnstable) {
      continue;
    }
    const auto sketch = site.details.is_object() ? site.details.find("sketch") : site.details.end();
    const bool numbers = sketch != site.details.end() && sketch->is_object() && sketch->contains("passing_rtol") &&
                         (*sketch)["passing_rtol"].is_number();
    worst = std::max(worst, numbers ? (*sketch)["passing_rtol"].get<double>() : kNothingPasses);
  }
  return sites.empty() ? kNothingPasses : worst;
}

/// "return differs: value at [*]['x']": where, and what kind of difference, without indices and numbers.
std::string cause_of(const PendingCase& pending, const std::vector<model::SiteComparison>& sites) {
  for (const model::SiteComparison& site : sites) {
    if (site.match == model::SiteMatch::kIdentical || site.match == model::SiteMatch::kClose ||
        site.match == model::SiteMatch::kUnstable) {
      continue;
    }
    std::string cause = fmt::format("{} {}", site.site.text(), model::name(site.match));
    if (site.details.is_object() && site.details.contains("groups") && !site.details["groups"].empty()) {
      const auto& group = site.details["groups"].front();
      const auto path = group.value("path", "");
      const std::string what = group.value("what", "");
      // Numbers that moved are another thing than texts that are not the same.
      const bool moved = what == "value" && !site.passing_rtol.empty();
      cause += fmt::format(": {}{}", moved ? "numbers" : what, path.empty() ? "" : " at " + path);
    }
    return cause;
  }
  return pending.verdict;
}

Result<std::vector<Alike>> alike(const session::PendingValues& values, const std::vector<PendingCase>& cases,
                                 const model::ComparisonOptions& how) {
  std::map<std::string, std::vector<std::pair<double, PendingCase>>> by_cause;
  for (const PendingCase& each : cases) {
    if (each.moved.empty()) {
      TRY_ASSIGN(const auto sites, values.compare(each, how));
      by_cause[cause_of(each, sites)].emplace_back(badness(sites), each);
    }
  }
  std::vector<Alike> groups;
  for (auto& [cause, members] : by_cause) {
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    Alike& group = groups.emplace_back(Alike{cause, members.front().first});
    for (auto& [bad, pending] : members) {
      group.cases.push_back(std::move(pending));
    }
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Alike& a, const Alike& b) { return a.worst > b.worst; });
  return groups;
}

std::string these(const Alike& group) {
  return group.cases.size() == 1 ? "this" : fmt::format("all {} like this", report::grouped(group.cases.size()));
}

/// One case, with the difference that verify prints.
Result<std::string> case_text(const session::PendingValues& values, const PendingCase& pending,
                              const model::ComparisonOptions& how) {
  TRY_ASSIGN(const auto sites, values.compare(pending, how));
  return fmt::format("{}\n", report::one_line(pending.label, kLabel)) +
         fmt::format("  {}{}\n", pending.verdict,
                     pending.reason.empty() ? "" : ": " + report::one_line(pending.reason, kLabel)) +
         report::sites_text(sites);
}

Result<std::string> group_text(const session::PendingValues& values, const Alike& group,
                               const model::ComparisonOptions& how) {
  TRY_ASSIGN(std::string text, case_text(values, group.cases.front(), how));
  for (std::size_t i = 1; i < group.cases.size() && i <= kNamed; ++i) {
    text += fmt::format("  alike: {}\n", report::one_line(group.cases[i].label, kLabel));
  }
  const std::size_t named = std::min(group.cases.size(), kNamed + 1);
  return text + (group.cases.size() > named ? fmt::format("  and {} more\n", group.cases.size() - named) : "");
}

std::string moved_text(const std::vector<PendingCase>& cases) {
  std::vector<PendingCase> moved;
  std::copy_if(cases.begin(), cases.end(), std::back_inserter(moved),
               [](const PendingCase& each) { return !each.moved.empty(); });
  return moved.empty() ? "" : pending_text(moved, std::numeric_limits<std::size_t>::max());
}

/// The names of a group's cases, as `accept` takes them. Of many, a benchmark's own name stands for its cases where all
/// that is pending of it is in the group: a system takes no command that is too long.
std::set<std::string> names_of(const Alike& group, const session::PendingValues& values) {
  std::map<std::string, std::size_t> left;  // of each benchmark, what is pending and not in the group
  for (const PendingCase& each : values.cases()) {
    ++left[each.benchmark];
  }
  for (const PendingCase& each : group.cases) {
    --left[each.benchmark];
  }
  std::set<std::string> names;
  for (const PendingCase& each : group.cases) {
    const bool whole = group.cases.size() > kWrittenNames && left[each.benchmark] == 0;
    names.insert(whole ? each.benchmark : each.label);
  }
  return names;
}

std::string commands(const Alike& group, const session::PendingValues& values, const Shared& shared) {
  std::string names;
  for (const std::string& each : names_of(group, values)) {
    names += " " + util::shell_quoted(each);
  }
  return fmt::format("  {}{}\n  {}{}\n", pending_command("accept", shared), names, pending_command("reject", shared),
                     names);
}

class Dialogue {
 public:
  Dialogue(const session::PendingValues& values, const model::ComparisonOptions& how, const Streams& streams)
      : values_(values), how_(how), streams_(streams) {}

  /// Asks of one group after the other. Nothing is changed yet.
  Result<void> run(const std::vector<Alike>& groups) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      TRY_ASSIGN(const std::string text, group_text(values_, groups[i], how_));
      streams_.out << fmt::format("\n{} of {}: {}\n", i + 1, groups.size(), groups[i].cause) << text;
      TRY_ASSIGN(const char key, ask(groups[i]));
      const bool rest = key == 'A' || key == 'R';
      for (std::size_t each = i; each < (rest ? groups.size() : i + 1); ++each) {
        decide(key, groups[each]);
      }
      if (rest || key == 'q') {
        break;
      }
    }
    return {};
  }

  std::vector<PendingCase> accepted{};
  std::vector<PendingCase> rejected{};

 private:
  void decide(char key, const Alike& group) {
    std::vector<PendingCase>& cases = key == 'a' || key == 'A' ? accepted : rejected;
    if (key != 's' && key != 'q') {
      cases.insert(cases.end(), group.cases.begin(), group.cases.end());
    }
  }

  /// One of a, r, s, A, R, q; the end of the input is q.
  Result<char> ask(const Alike& group) {
    for (;;) {
      streams_.out << fmt::format(
                          "[a]ccept {0}, [r]eject {0}, [s]kip, [d]etails, [A]ccept or [R]eject all that is "
                          "left, [q]uit: ",
                          these(group))
                   << std::flush;
      std::string line;
      if (!std::getline(std::cin, line)) {
        streams_.out << '\n';
        return 'q';
      }
      if (line.size() == 1 && std::string_view("arsARq").find(line[0]) != std::string_view::npos) {
        return line[0];
      }
      if (line != "d") {
        continue;
      }
      for (const PendingCase& each : group.cases) {
        TRY_ASSIGN(const std::string text, case_text(values_, each, how_));
        streams_.out << text;
      }
    }
  }

  const session::PendingValues& values_;
  const model::ComparisonOptions& how_;
  const Streams& streams_;
};

Result<void> review(const ReviewArgs& args, const Streams& streams) {
  TRY_ASSIGN(const auto pending, open_pending(args.shared, streams));
  const session::PendingValues& values = pending.values;
  const model::ComparisonOptions how = config::comparison_of(pending.config);
  if (values.cases().empty()) {
    streams.out << "nothing is pending\n";
    return {};
  }
  std::vector<PendingCase> cases = values.cases();
  if (!args.choice.names.empty() || args.choice.filter) {
    TRY_ASSIGN(cases, choose(values, args.choice));
  }
  TRY_ASSIGN(const auto groups, alike(values, cases, how));
  streams.out << moved_text(cases);
  if (!can_converse(streams)) {
    for (const Alike& group : groups) {
      TRY_ASSIGN(const std::string text, group_text(values, group, how));
      streams.out << fmt::format("{}: {}\n", report::counted(group.cases.size(), "case"), group.cause) << text
                  << commands(group, values, args.shared);
    }
    return {};
  }
  Dialogue dialogue(values, how, streams);
  TRY(dialogue.run(groups));
  if (!dialogue.accepted.empty()) {
    TRY(values.accept(dialogue.accepted, user_name(), args.reason.value_or("")));
  }
  if (!dialogue.rejected.empty()) {
    TRY(values.reject(dialogue.rejected));
  }
  streams.out << fmt::format(
      "accepted {}, rejected {}, {} still pending\n", report::grouped(dialogue.accepted.size()),
      report::grouped(dialogue.rejected.size()),
      report::grouped(values.cases().size() - dialogue.accepted.size() - dialogue.rejected.size()));
  return {};
}

Action declare_review(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<ReviewArgs>(ReviewArgs{shared});
  add_names(app, held->choice, "all that is pending");
  add_text(app, "-m,--reason", held->reason, "TEXT", "why; kept in the history of what is accepted");
  add_settings(app, shared, {Group::kStore, Group::kPending, Group::kTolerance, Group::kGeneral});
  return [held](const Streams& streams) {
    const auto done = review(*held, streams);
    return done ? model::ExitStatus::kSuccess : complain(done.error(), streams, held->shared.color);
  };
}

}  // namespace

SubcommandRow review_subcommand() {
  return {"review", "Go through pending values and accept or reject them; without a terminal, print the commands",
          &declare_review};
}

}  // namespace snapshot_test::cli
