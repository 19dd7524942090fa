#include "shards/plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <queue>
#include <tuple>
#include <utility>

#include "store/case_ids.hpp"
#include "store/digest.hpp"

namespace snapshot_test::shards {

namespace {

// Whole microseconds: sums do not depend on the order, and so not on the machine.
using Time = std::uint64_t;
constexpr Time kSecond = 1'000'000;
constexpr double kLongest = 1e9;  ///< seconds

struct Timed {
  CaseToPlan of;
  Time time = 0;
};

/// Cases that go to one shard.
struct Group {
  std::vector<const Timed*> cases;  ///< sorted by name
  Time time = 0;
  bool divisible = true;

  void add(const Timed& each) {
    cases.push_back(&each);
    time += each.time;
  }
  [[nodiscard]] const PlannedCase& name() const { return cases.front()->of.name; }
};

auto key_of(const PlannedCase& name) { return std::tie(name.benchmark, name.index, name.label); }

bool is_known(const CaseToPlan& each) { return std::isfinite(each.seconds) && each.seconds > 0; }

Time time_of(double seconds) {
  return std::max<Time>(1, static_cast<Time>(std::llround(std::min(seconds, kLongest) * kSecond)));
}

std::vector<Timed> with_times(std::vector<CaseToPlan> cases) {
  std::sort(cases.begin(), cases.end(),
            [](const CaseToPlan& a, const CaseToPlan& b) { return key_of(a.name) < key_of(b.name); });
  std::vector<Time> known;
  for (const CaseToPlan& each : cases) {
    if (is_known(each)) {
      known.push_back(time_of(each.seconds));
    }
  }
  std::sort(known.begin(), known.end());
  const Time median = known.empty() ? kSecond : known[(known.size() - 1) / 2];
  std::vector<Timed> timed;
  timed.reserve(cases.size());
  for (CaseToPlan& each : cases) {
    const Time time = is_known(each) ? time_of(each.seconds) : median;
    timed.push_back({std::move(each), time});
  }
  return timed;
}

std::vector<Group> whole_groups(const std::vector<Timed>& cases) {
  std::map<std::pair<std::string, std::string>, Group> by_key;
  for (const Timed& each : cases) {
    Group& group = by_key[{each.of.import, each.of.setup_cache}];
    group.divisible = each.of.setup_cache.empty();
    group.add(each);
  }
  std::vector<Group> groups;
  for (auto& [key, group] : by_key) {
    groups.push_back(std::move(group));
  }
  return groups;
}

/// No part takes longer than `most`, but where it is one case.
std::vector<Group> divided(const std::vector<Group>& groups, Time most) {
  std::vector<Group> parts;
  for (const Group& group : groups) {
    if (!group.divisible || group.time <= most) {
      parts.push_back(group);
      continue;
    }
    Group part;
    for (const Timed* each : group.cases) {
      if (!part.cases.empty() && part.time + each->time > most) {
        parts.push_back(std::exchange(part, {}));
      }
      part.add(*each);
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

struct Assignment {
  std::vector<std::vector<const Group*>> shards;
  std::vector<Time> times;
  [[nodiscard]] Time slowest() const { return *std::max_element(times.begin(), times.end()); }
};

Assignment longest_first(const std::vector<Group>& groups, std::size_t shards) {
  std::vector<const Group*> order;
  for (const Group& group : groups) {
    order.push_back(&group);
  }
  std::sort(order.begin(), order.end(), [](const Group* a, const Group* b) {
    return a->time != b->time ? a->time > b->time : key_of(a->name()) < key_of(b->name());
  });
  Assignment made{std::vector<std::vector<const Group*>>(shards), std::vector<Time>(shards)};
  using Load = std::pair<Time, std::size_t>;
  std::priority_queue<Load, std::vector<Load>, std::greater<>> loads;
  for (std::size_t i = 0; i < shards; ++i) {
    loads.emplace(0, i);
  }
  for (const Group* group : order) {
    const auto [time, shard] = loads.top();
    loads.pop();
    made.shards[shard].push_back(group);
    made.times[shard] = time + group->time;
    loads.emplace(made.times[shard], shard);
  }
  return made;
}

}  // namespace

PlannedCase planned_case(const model::Benchmark& benchmark, std::size_t index) {
  return planned_case(benchmark.name, index, benchmark.case_label(index));
}

PlannedCase planned_case(const std::string& benchmark, std::size_t index, const std::string& label) {
  return {benchmark, index, store::stable_id(label)};
}

std::string digest_of(const std::vector<PlannedCase>& cases) {
  nlohmann::json names = nlohmann::json::array();
  for (const PlannedCase& each : cases) {
    names.push_back({each.benchmark, each.index, each.label});
  }
  return store::sha256_hex(names.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

std::string digest_of(const model::ShardPlanId& id) {
  nlohmann::json shares = nlohmann::json::array();
  for (const model::ShardShare& share : id.shares) {
    shares.push_back({share.cases, share.digest});
  }
  const nlohmann::json all = {{"tool_version", id.tool_version},
                              {"baseline", id.baseline},
                              {"settings", id.settings},
                              {"shares", std::move(shares)}};
  return store::sha256_hex(all.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

Plan make_plan(std::vector<CaseToPlan> cases, std::size_t shards, PlanBasis basis) {
  const std::vector<Timed> timed = with_times(std::move(cases));
  const std::vector<Group> whole = whole_groups(timed);
  Time all = 0;
  for (const Group& group : whole) {
    all += group.time;
  }
  const Time mean = all / shards;
  const auto is_even = [&](const Assignment& made) {
    return static_cast<double>(made.slowest()) <= kMostOverMean * static_cast<double>(mean);
  };
  // The groups of an assignment must outlive it.
  std::vector<Group> groups = whole;
  Assignment best = longest_first(groups, shards);
  for (const Time parts : {1, 2, 4, 8, 16}) {
    if (is_even(best)) {
      break;
    }
    std::vector<Group> smaller = divided(whole, std::max<Time>(1, mean / parts));
    Assignment made = longest_first(smaller, shards);
    if (made.slowest() < best.slowest()) {
      best = std::move(made);
      groups = std::move(smaller);
    }
  }
  Plan plan;
  plan.known = static_cast<std::size_t>(
      std::count_if(timed.begin(), timed.end(), [](const Timed& each) { return is_known(each.of); }));
  for (std::size_t i = 0; i < shards; ++i) {
    std::vector<PlannedCase> share;
    for (const Group* group : best.shards[i]) {
      for (const Timed* each : group->cases) {
        share.push_back(each->of.name);
      }
    }
    std::sort(share.begin(), share.end(),
              [](const PlannedCase& a, const PlannedCase& b) { return key_of(a) < key_of(b); });
    plan.id.shares.push_back({share.size(), digest_of(share)});
    plan.shards.push_back(std::move(share));
    plan.seconds.push_back(static_cast<double>(best.times[i]) / static_cast<double>(kSecond));
  }
  plan.id.tool_version = std::move(basis.tool_version);
  plan.id.baseline = std::move(basis.baseline);
  plan.id.settings = std::move(basis.settings);
  plan.id.digest = digest_of(plan.id);
  return plan;
}

}  // namespace snapshot_test::shards
