// What several stores take part in, under every crash: pending values, and the shards of a run as one baseline.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "crash/baselines.hpp"
#include "crash/trials.hpp"
#include "merge/shard_stores.hpp"
#include "session/pending.hpp"
#include "session/sharding.hpp"
#include "shards/plan.hpp"
#include "util/try.hpp"

namespace snapshot_test::crash {
namespace {

namespace fs = std::filesystem;
using session::PendingValues;
using store::must;

class PendingCrashes : public ::testing::Test {
 protected:
  /// What `verify --pending always` stages: values that are to replace those of run-1.
  [[nodiscard]] Result<void> stage(unsigned generation) const {
    TRY_ASSIGN(const auto baseline, store::FolderStore::open(root));
    TRY_ASSIGN(const auto pending, store::FolderStore::open_or_create(root / "pending"));
    TRY(session::leave_out_of_git(root / "pending"));
    const std::string run = "run-" + std::to_string(generation);
    TRY_ASSIGN(const auto transaction, pending.begin_capture(run));
    for (const auto& [name, contents] : values_of(generation)) {
      TRY_ASSIGN(const auto before, baseline.load_manifest(name));
      std::vector<model::SiteValue> sites;
      for (const std::string& content : contents) {
        TRY_ASSIGN(const auto info, store::put_object(*transaction, content));
        sites.push_back(store::site_of(info));
        sites.back().site = {model::SiteKind::kBody, static_cast<int>(sites.size()) - 1};
      }
      auto manifest = store::simple_manifest(name, run, std::move(sites));
      manifest.cases[0].proposal =
          store::Proposal{"different", "it differs", before->cases[0].run, store::objects_of(before->cases[0]), "", ""};
      TRY(transaction->put_manifest(manifest));
    }
    store::RunInfo info;
    info.id = run;
    TRY(transaction->put_run(info));
    return transaction->commit();
  }
  [[nodiscard]] Subject subject(std::string name) const {
    Subject made;
    made.name = std::move(name);
    made.world = folder.path();
    made.prepare = [this] {
      must(capture(root, "run-1", values_of(1)));
      must(stage(2));
    };
    made.look = [this] { return look_at_store(root); };
    return made;
  }
  /// What is pending can be accepted, all of it, or nothing is; and afterwards nothing is left.
  [[nodiscard]] std::string accept_the_rest() const {
    const auto values = PendingValues::open(root, root / "pending");
    if (!values) {
      return values.error().kind == ErrorKind::kUsage ? "" : values.error().message;
    }
    if (const auto accepted = values->accept(values->cases(), "ada", "the rest"); !accepted) {
      return accepted.error().message;
    }
    const auto again = PendingValues::open(root, root / "pending");
    return again && !again->cases().empty() ? "something is pending still" : "";
  }
  [[nodiscard]] std::string next_commands() const {
    if (const std::string wrong = accept_the_rest(); !wrong.empty()) {
      return wrong;
    }
    // Everything is put away by the cleaning of both.
    must(must(store::FolderStore::open_or_create(root / "pending")).clean(std::nullopt, store::CleanMode::kRemove));
    return capture_and_clean(root);
  }

  store::TemporaryFolder folder{quick_folder()};
  fs::path root = folder.path() / "store";
};

TEST_F(PendingCrashes, Staging_LeavesTheBaselineAlone) {
  Subject staging = subject("verify --pending");
  staging.prepare = [this] { must(capture(root, "run-1", values_of(1))); };
  staging.command = [this] { return stage(2); };
  staging.next = [this](const std::string&) { return next_commands(); };
  try_all(staging);
}

TEST_F(PendingCrashes, StagingAnew_LeavesTheOldOrTheNewValues) {
  Subject staging = subject("verify --pending, again");
  staging.look = [this] { return look_at_store(root / "pending"); };
  staging.command = [this] { return stage(3); };
  staging.next = [this](const std::string&) { return next_commands(); };
  try_all(staging);
}

TEST_F(PendingCrashes, Accept_IsDoneOrNot) {
  Subject accept = subject("accept");
  accept.command = [this]() -> Result<void> {
    TRY_ASSIGN(const auto values, PendingValues::open(root, root / "pending"));
    return values.accept(values.cases(), "ada", "");
  };
  accept.says_done = [](const std::string& says) { return says.starts_with("the values are accepted"); };
  accept.next = [this](const std::string&) { return next_commands(); };
  const Figures figures = try_all(accept);
  EXPECT_GT(figures.old_ones, 0U);
  EXPECT_GT(figures.new_ones, 0U);
}

TEST_F(PendingCrashes, Reject_LeavesTheBaselineAndAllValuesOrNone) {
  Subject reject = subject("reject");
  reject.look = [this] {
    // The rest is whole: reject removes what nothing names any more, and only then.
    return look_at_store(root) + " pending: " + look_at_store(root / "pending");
  };
  reject.command = [this]() -> Result<void> {
    TRY_ASSIGN(const auto values, PendingValues::open(root, root / "pending"));
    return values.reject({values.cases().at(0), values.cases().at(1)});
  };
  reject.next = [this](const std::string&) { return next_commands(); };
  try_all(reject);
}

class MergeCrashes : public ::testing::Test {
 protected:
  /// The cases of a run of two shards, each captured into a store of its own.
  void write_shards() const {
    const Values values = values_of(2);
    std::vector<std::vector<shards::PlannedCase>> shares(2);
    std::vector<Values> parts(2);
    std::size_t n = 0;
    for (const auto& [name, contents] : values) {
      const auto manifest = store::simple_manifest(name, "run-2", {});
      shares[n % 2].push_back(shards::planned_case(name, 0, store::case_label(manifest, manifest.cases[0])));
      parts[n++ % 2].emplace(name, contents);
    }
    model::Shard shard;
    shard.plan.tool_version = "1";
    shard.plan.settings = nlohmann::json::object();
    for (const auto& share : shares) {
      shard.plan.shares.push_back({share.size(), shards::digest_of(share)});
    }
    shard.plan.digest = shards::digest_of(shard.plan);
    shard.benchmarks = shard.cases = values.size();
    shard.demands = session::demands_json({});
    for (std::size_t i = 0; i < 2; ++i) {
      shard.number = i + 1;
      nlohmann::json settings = {{"shard", shard}};
      settings["shard"]["kept"] = nlohmann::json::array();
      must(capture(shard_store(i), "run-2", parts[i], settings));
    }
  }
  [[nodiscard]] fs::path shard_store(std::size_t i) const { return folder.path() / ("shard-" + std::to_string(i + 1)); }
  [[nodiscard]] Result<void> merge() const {
    merge::StoreMerge options;
    options.into = root;
    model::Listener listener;
    TRY_ASSIGN(const auto summary, merge::merge_stores({shard_store(0), shard_store(1)}, options, listener));
    return summary.failure.empty() ? Result<void>() : fail(ErrorKind::kInternal, summary.failure);
  }
  [[nodiscard]] Subject subject(std::string name) const {
    Subject made;
    made.name = std::move(name);
    made.world = folder.path();
    made.command = [this] { return merge(); };
    made.look = [this] {
      return look_at_store(root) + " from " + look_at_store(shard_store(0)) + " and " + look_at_store(shard_store(1));
    };
    made.next = [this](const std::string&) -> std::string {
      if (const auto merged = merge(); !merged) {
        return "merged again: " + merged.error().message;
      }
      return capture_and_clean(root);
    };
    return made;
  }

  store::TemporaryFolder folder{quick_folder()};
  fs::path root = folder.path() / "store";
};

TEST_F(MergeCrashes, MergeIntoANewStore_IsDoneOrNot) {
  Subject merging = subject("merge of stores, into a new one");
  merging.prepare = [this] { write_shards(); };
  const Figures figures = try_all(merging);
  EXPECT_GT(figures.old_ones, 0U);
  EXPECT_GT(figures.new_ones, 0U);
}

TEST_F(MergeCrashes, MergeIntoABaseline_LeavesTheOldOrTheNew) {
  Subject merging = subject("merge of stores, over a baseline");
  merging.prepare = [this] {
    must(capture(root, "run-1", values_of(1)));
    write_shards();
  };
  const Figures figures = try_all(merging);
  EXPECT_GT(figures.old_ones, 0U);
  EXPECT_GT(figures.new_ones, 0U);
}

}  // namespace
}  // namespace snapshot_test::crash
