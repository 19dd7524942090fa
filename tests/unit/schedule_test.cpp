// What starts first: depth first, what takes long before all else, suspects alone.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "runner/schedule.hpp"

namespace snapshot_test::runner {
namespace {

/// A tree of modules with cases of known durations.
struct Tree {
  Tree() {
    work.forked = std::make_unique<Branch>();
    work.spawned = std::make_unique<Branch>();
  }

  Branch& module(const std::vector<double>& seconds) {
    work.forked->children.push_back(std::make_unique<Branch>());
    Branch& branch = *work.forked->children.back();
    branch.request = model::ModuleRequest{};
    branch.parent = work.forked.get();
    for (const double each : seconds) {
      branch.cases.emplace_back().expected = each;
      branch.longest = std::max(branch.longest, each);
    }
    return branch;
  }

  WorkTree work;
};

void add_cases(Schedule& schedule, Branch& branch) {
  for (auto task = branch.cases.rbegin(); task != branch.cases.rend(); ++task) {
    schedule.add(RunnableCase{&branch, &*task});
  }
}

const CaseTask* case_of(const std::optional<Work>& work) {
  const RunnableCase* runnable = work ? std::get_if<RunnableCase>(&*work) : nullptr;
  return runnable != nullptr ? runnable->task : nullptr;
}

TEST(Schedule, OpenBranch_EndsBeforeAnotherOpens) {
  Tree tree;
  Branch& first = tree.module({0, 0});
  Branch& second = tree.module({0});
  Schedule schedule(tree.work, 2);
  schedule.add(second);
  schedule.add(first);
  EXPECT_EQ(std::get<Branch*>(*schedule.take(0)), &first);
  add_cases(schedule, first);
  EXPECT_EQ(case_of(schedule.take(0)), &first.cases[0]);
  EXPECT_EQ(case_of(schedule.take(1)), &first.cases[1]);
  EXPECT_EQ(std::get<Branch*>(*schedule.take(2)), &second);
  EXPECT_FALSE(schedule.take(0));
}

TEST(Schedule, LongestCase_StartsFirst) {
  Tree tree;
  Branch& quick = tree.module({0.1, 0.1});
  Branch& slow = tree.module({0.1, 30, 0.1, 40});
  Schedule schedule(tree.work, 2);
  schedule.add(slow);
  schedule.add(quick);  // would be next
  EXPECT_EQ(std::get<Branch*>(*schedule.take(0)), &slow);
  add_cases(schedule, slow);
  EXPECT_EQ(case_of(schedule.take(0)), &slow.cases[3]);
  EXPECT_EQ(case_of(schedule.take(1)), &slow.cases[1]);
  EXPECT_EQ(case_of(schedule.take(1)), &slow.cases[0]) << "what is left is in order again, open branches first";
  EXPECT_EQ(case_of(schedule.take(1)), &slow.cases[2]);
  EXPECT_EQ(std::get<Branch*>(*schedule.take(1)), &quick);
}

TEST(Schedule, CasesOfAlikeDuration_StartInOrder) {
  Tree tree;
  Branch& first = tree.module(std::vector<double>(40, 1.0));
  Branch& second = tree.module(std::vector<double>(40, 1.1));
  Schedule schedule(tree.work, 2);
  schedule.add(second);
  schedule.add(first);
  EXPECT_EQ(std::get<Branch*>(*schedule.take(0)), &first);
}

TEST(Schedule, Suspect_RunsWhenNothingElseDoes) {
  Tree tree;
  Branch& branch = tree.module({0, 0});
  branch.cases[1].suspect = true;
  Schedule schedule(tree.work, 2);
  add_cases(schedule, branch);
  EXPECT_FALSE(schedule.take(1)) << "nothing new begins before what runs has ended";
  EXPECT_EQ(case_of(schedule.take(0)), &branch.cases[1]);
  EXPECT_EQ(case_of(schedule.take(0)), &branch.cases[0]);
}

TEST(Schedule, LostBranch_LosesItsCases) {
  Tree tree;
  Branch& lost = tree.module({0, 50});
  Branch& kept = tree.module({0});
  lost.cases[0].suspect = true;
  Schedule schedule(tree.work, 2);
  add_cases(schedule, lost);
  add_cases(schedule, kept);
  schedule.drop_below(lost);
  EXPECT_EQ(case_of(schedule.take(1)), &kept.cases[0]);
  EXPECT_FALSE(schedule.take(0));
}

}  // namespace
}  // namespace snapshot_test::runner
