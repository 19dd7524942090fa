#include "merge/shard_set.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "session/environment.hpp"
#include "store/journal.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::merge {

namespace {

std::vector<shards::PlannedCase> sorted(std::vector<shards::PlannedCase> cases) {
  std::sort(cases.begin(), cases.end(), [](const auto& a, const auto& b) {
    return std::tie(a.benchmark, a.index, a.label) < std::tie(b.benchmark, b.index, b.label);
  });
  return cases;
}

/// Is it what this program wrote?
Result<void> check(const Attempt& attempt) {
  const model::Shard& shard = attempt.shard;
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' is not as it was written: {}; run the shard again, or name the "
                                               "file that it wrote",
                                               attempt.source, why));
  };
  if (shards::digest_of(shard.plan) != shard.plan.digest) {
    return refuse("its plan has another digest than it says");
  }
  if (shard.number < 1 || shard.number > shard.plan.shares.size()) {
    return refuse(fmt::format("its plan has no shard {}", shard.number));
  }
  const model::ShardShare& share = shard.plan.shares[shard.number - 1];
  const auto cases = sorted(attempt.cases);
  for (std::size_t i = 1; i < cases.size(); ++i) {
    if (cases[i] == cases[i - 1]) {
      return refuse(fmt::format("it has {} twice", cases[i].label));
    }
  }
  if (!attempt.incomplete.empty() && cases.size() < share.cases) {
    return {};  // one that ended early does not name what it did not come to
  }
  if (cases.size() != share.cases) {
    return refuse(fmt::format("it has {}, and the plan gives {} to {}", util::counted(cases.size(), "case"),
                              util::counted(share.cases, "case"), name_of(shard)));
  }
  if (shards::digest_of(cases) != share.digest) {
    return refuse(fmt::format("its cases are not those that the plan gives to {}", name_of(shard)));
  }
  return {};
}

/// What of two plans differs, in words.
std::string plan_difference(const model::ShardPlanId& a, const model::ShardPlanId& b) {
  if (a.shares.size() != b.shares.size()) {
    return fmt::format("one is of {} shards, the other of {}", a.shares.size(), b.shares.size());
  }
  if (a.tool_version != b.tool_version) {
    return fmt::format("one is of snapshot_test {}, the other of {}", a.tool_version, b.tool_version);
  }
  if (a.settings != b.settings) {
    return "other settings: " + store::difference(a.settings, b.settings);
  }
  if (a.baseline != b.baseline) {
    return "other baselines";
  }
  return "other cases, or other durations that divide them";
}

std::string code_of(const model::TestedPackage& package) {
  return fmt::format("{} {}{}{}", package.name, package.version,
                     package.commit.empty() ? "" : " commit " + package.commit,
                     package.changed_files.value_or(0) > 0
                         ? fmt::format(" with {} changed", util::counted(*package.changed_files, "file"))
                         : "");
}

/// What differs between the places of two attempts; empty: nothing.
std::string place_difference(const Attempt& a, const Attempt& b) {
  std::vector<std::string> parts;
  for (const model::EnvironmentChange& change : session::environment_changes(a.place, b.place, a.tested)) {
    parts.push_back(model::text_of(change));
  }
  std::vector<std::string> one;
  std::vector<std::string> other;
  std::transform(a.tested.begin(), a.tested.end(), std::back_inserter(one), code_of);
  std::transform(b.tested.begin(), b.tested.end(), std::back_inserter(other), code_of);
  if (one != other) {
    parts.push_back(fmt::format("testing {} and {}", fmt::join(one, ", "), fmt::join(other, ", ")));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

Result<void> check_together(const Attempt& first, const Attempt& other, Mixed mixed) {
  if (first.shard.plan.digest != other.shard.plan.digest) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' and '{}' are of different plans ({}): {}; merge the shards of one run", first.source,
                            other.source,
                            first.shard.plan.digest.substr(0, 12) + " and " + other.shard.plan.digest.substr(0, 12),
                            plan_difference(first.shard.plan, other.shard.plan)));
  }
  if (first.shard.demands != other.shard.demands) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' and '{}' were run with different demands: {}; give all shards the same options",
                            first.source, other.source, store::difference(first.shard.demands, other.shard.demands)));
  }
  const std::string difference = place_difference(first, other);
  if (mixed == Mixed::kRefused && !difference.empty()) {
    return fail(ErrorKind::kUsage,
                fmt::format("'{}' and '{}' ran in different environments: {}; --allow-mixed merges them all the same",
                            first.source, other.source, difference));
  }
  return {};
}

/// The digests prove this of complete shards of an honest plan, and nothing of others.
Result<void> check_disjoint(const std::vector<Attempt>& attempts, const std::map<std::size_t, std::size_t>& chosen) {
  std::map<std::pair<std::string, std::size_t>, const Attempt*> owners;
  for (const auto& [number, place] : chosen) {
    const Attempt& attempt = attempts[place];
    for (const shards::PlannedCase& each : attempt.cases) {
      const auto [known, is_new] = owners.emplace(std::pair(each.benchmark, each.index), &attempt);
      if (!is_new) {
        return fail(ErrorKind::kUsage, fmt::format("'{}' and '{}' both have {}, and every case is in one shard: one "
                                                   "of them is not as it was written; run the shard again",
                                                   known->second->source, attempt.source, each.label));
      }
    }
  }
  return {};
}

}  // namespace

std::string name_of(const model::Shard& shard) {
  return fmt::format("shard {} of {}", shard.number, shard.plan.shares.size());
}

Result<Chosen> choose(const std::vector<Attempt>& attempts, Mixed mixed) {
  Chosen chosen;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    TRY(check(attempts[i]));
    TRY(check_together(attempts.front(), attempts[i], mixed));
    const auto [before, is_new] = chosen.attempts.emplace(attempts[i].shard.number, i);
    if (is_new) {
      continue;
    }
    const Attempt& known = attempts[before->second];
    const bool both_end_early = !known.incomplete.empty() && !attempts[i].incomplete.empty();
    if ((!known.incomplete.empty() && attempts[i].incomplete.empty()) ||
        (both_end_early && attempts[i].done > known.done)) {
      before->second = i;
    } else if (known.incomplete.empty() && attempts[i].incomplete.empty() && known.results != attempts[i].results) {
      chosen.conflicts.emplace_back(before->second, i);
    }
  }
  TRY(check_disjoint(attempts, chosen.attempts));
  const std::size_t all = attempts.empty() ? 0 : attempts.front().shard.plan.shares.size();
  for (std::size_t number = 1; number <= all; ++number) {
    const auto found = chosen.attempts.find(number);
    if (found == chosen.attempts.end()) {
      chosen.incomplete.push_back(fmt::format("shard {} of {} is missing", number, all));
    } else if (const Attempt& attempt = attempts[found->second]; !attempt.incomplete.empty()) {
      chosen.incomplete.push_back(
          fmt::format("{} {} ('{}')", name_of(attempt.shard), attempt.incomplete, attempt.source));
    }
  }
  return chosen;
}

}  // namespace snapshot_test::merge
