// A store under every crash: what a reader sees is the old baseline or the new one, whole, and the next command works.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "crash/baselines.hpp"
#include "crash/trials.hpp"
#include "store/check.hpp"
#include "util/try.hpp"

namespace snapshot_test::crash {
namespace {

namespace fs = std::filesystem;
using store::must;

class StoreCrashes : public ::testing::Test {
 protected:
  [[nodiscard]] Subject subject(std::string name) const {
    Subject made;
    made.name = std::move(name);
    made.world = folder.path();
    made.prepare = [this] { must(capture(root, "run-1", values_of(1))); };
    made.look = [this] { return look_at_store(root); };
    made.next = [this](const std::string&) { return capture_and_clean(root); };
    return made;
  }
  [[nodiscard]] Subject undo_named(std::string name) const {
    Subject undo = subject(std::move(name));
    undo.prepare = [this] {
      must(capture(root, "run-1", values_of(1)));
      must(capture(root, "run-2", values_of(2)));
    };
    undo.command = [this]() -> Result<void> {
      TRY_ASSIGN(const auto there, store::FolderStore::open(root));
      TRY_ASSIGN(const auto last, there.find_undoable());
      return last ? there.undo_capture(last->run_id) : Result<void>();
    };
    return undo;
  }
  [[nodiscard]] store::FolderStore opened() const { return must(store::FolderStore::open(root)); }

  store::TemporaryFolder folder{quick_folder()};
  fs::path root = folder.path() / "store";
};

TEST_F(StoreCrashes, FirstCapture_IsThereOrNot) {
  Subject first = subject("capture, the first");
  first.prepare = [] {};
  first.command = [&] { return capture(root, "run-1", values_of(1)); };
  const Figures figures = try_all(first);
  EXPECT_GT(figures.old_ones, 0U);
  EXPECT_GT(figures.new_ones, 0U);
}

TEST_F(StoreCrashes, SecondCapture_LeavesTheOldOrTheNewBaseline) {
  Subject second = subject("capture, the second");
  second.command = [&] { return capture(root, "run-2", values_of(2)); };
  const Figures figures = try_all(second);
  EXPECT_GT(figures.old_ones, 0U);
  EXPECT_GT(figures.new_ones, 0U);
}

TEST_F(StoreCrashes, CaptureOfTheSameValues_ChangesNothing) {
  Subject same = subject("capture, unchanged");
  same.command = [&] { return capture(root, "run-2", values_of(1)); };
  try_all(same);
}

TEST_F(StoreCrashes, CaptureWithFewerBenchmarks_RemovesAllOrNone) {
  Subject fewer = subject("capture that removes");
  fewer.command = [&] {
    Values values = values_of(2);
    values.erase("bench.time_a");
    return capture(root, "run-2", values);
  };
  try_all(fewer);
}

TEST_F(StoreCrashes, CaptureOfAVariant_LeavesTheOthers) {
  const fs::path variant = store::variant_location(root, "a");
  Subject of_variant = subject("capture of a variant");
  of_variant.prepare = [&] {
    must(capture(root, "run-1", values_of(1)));
    must(capture(variant, "run-1", values_of(3)));
  };
  of_variant.command = [&] { return capture(variant, "run-2", values_of(2)); };
  try_all(of_variant);
}

/// Goes on where the first one stopped: what the journal has and the capture holds is not stored again.
Result<void> capture_resumed(const fs::path& root, const Values& values, std::size_t most) {
  TRY_ASSIGN(const auto opened, store::FolderStore::open_or_create(root));
  TRY_ASSIGN(const auto transaction, opened.resume_capture("run-2", {{"seed", 1}}));
  const std::string run = transaction->run_id();
  std::map<std::string, std::vector<model::SiteValue>> known;
  for (const nlohmann::json& line : transaction->resumed().journal) {
    for (const nlohmann::json& each : line.at("sites")) {
      model::SiteValue site = store::site_of({each.at(0).get<std::string>(), each.at(1).get<std::uint64_t>(), 0});
      site.site = {model::SiteKind::kBody, static_cast<int>(known[line.at("name")].size())};
      known[line.at("name")].push_back(site);
    }
  }
  for (const auto& [name, contents] : values) {
    std::vector<model::SiteValue> sites = known[name];
    const bool whole = !sites.empty() && std::all_of(sites.begin(), sites.end(),
                                                     [&](const auto& site) { return transaction->holds(site); });
    if (!whole) {
      if (most == 0) {
        return {};
      }
      --most;
      sites.clear();
      nlohmann::json line{{"name", name}, {"sites", nlohmann::json::array()}};
      for (const std::string& content : contents) {
        TRY_ASSIGN(const auto info, store::put_object(*transaction, content));
        sites.push_back(store::site_of(info));
        sites.back().site = {model::SiteKind::kBody, static_cast<int>(sites.size()) - 1};
        line["sites"].push_back({info.sha256, info.plain_bytes});
      }
      TRY(transaction->write_journal(line));
    }
    TRY(transaction->put_manifest(store::simple_manifest(name, run, std::move(sites))));
  }
  store::RunInfo info;
  info.id = run;
  TRY(transaction->put_run(info));
  transaction->keep_replaced();
  return transaction->commit();
}

TEST_F(StoreCrashes, CaptureThatIsResumed_LeavesTheOldOrTheNewBaseline) {
  Subject resumed = subject("capture, resumed");
  resumed.command = [&]() -> Result<void> {
    TRY(capture_resumed(root, values_of(2), 1));
    return capture_resumed(root, values_of(2), 9);
  };
  try_all(resumed);
}

TEST_F(StoreCrashes, Undo_IsDoneOrNot) { try_all(undo_named("capture --undo")); }

TEST_F(StoreCrashes, ForgettingACase_RemovesItOrNot) {
  Subject forget = subject("removal of a case");
  forget.command = [&]() -> Result<void> {
    TRY_ASSIGN(const auto there, store::FolderStore::open(root));
    TRY_ASSIGN(const bool was_there, there.forget_case("bench.time_a", {}));
    return was_there ? Result<void>() : fail(ErrorKind::kUsage, "there is none");
  };
  try_all(forget);
}

/// What is undone after a clean that was stopped has its values.
std::string undo_what_can_be(const fs::path& root) {
  const auto there = must(store::FolderStore::open(root));
  const auto last = there.find_undoable();
  if (!last) {
    return "find_undoable: " + last.error().message;
  }
  if (!*last) {
    return "";
  }
  if (const auto undone = there.undo_capture((*last)->run_id); !undone) {
    return "undo: " + undone.error().message;
  }
  const std::string seen = look_at_store(root);
  return seen.find("check:") == std::string::npos ? "" : "undone: " + seen;
}

TEST_F(StoreCrashes, Clean_LosesNothingAndGoesOn) {
  Subject clean = subject("clean");
  clean.prepare = [&] {
    const fs::path variant = store::variant_location(root, "a");
    must(capture(root, "run-1", values_of(1)));
    must(capture(root, "run-2", values_of(2)));
    must(capture(root, "run-3", values_of(3)));
    must(capture(variant, "run-1", values_of(4)));
    must(capture(variant, "run-2", values_of(5)));
    fs::create_directories(root / "staging/run-7/objects/ab");
    store::write_file(root / "staging/run-7/objects/ab/x", "of a capture that was killed");
    store::write_file(root / "staging/run-7/journal", "{}\n");
  };
  clean.command = [&]() -> Result<void> {
    TRY_ASSIGN(const auto there, store::FolderStore::open(root));
    return there.clean(std::nullopt, store::CleanMode::kRemove).map([](const auto&) {});
  };
  clean.next = [&](const std::string&) {
    const std::string wrong = undo_what_can_be(root);
    return wrong.empty() ? capture_and_clean(root) : wrong;
  };
  try_all(clean);
}

TEST_F(StoreCrashes, CleanOfObsoleteBenchmarks_LeavesEachWholeOrRemoved) {
  Subject clean = subject("clean --obsolete");
  clean.command = [&]() -> Result<void> {
    TRY_ASSIGN(const auto there, store::FolderStore::open(root));
    return there.clean(std::vector<std::string>{"other.time_c"}, store::CleanMode::kRemove).map([](const auto&) {});
  };
  // Obsolete benchmarks go one by one.
  clean.also_right = [](const std::string& seen) {
    return seen.find("check:") == std::string::npos && seen.find("other.time_c: ") != std::string::npos;
  };
  try_all(clean);
}

void damage_a_value(const fs::path& root) {
  for (const auto& entry : fs::recursive_directory_iterator(root / "objects")) {
    if (entry.is_regular_file()) {
      store::write_file(entry.path(), "rotten");
    }
  }
}

TEST_F(StoreCrashes, Repair_NeverMakesItWorse) {
  const store::TemporaryFolder other;
  must(capture(other.path() / "store", "run-1", values_of(1)));
  const auto whole = must(store::FolderStore::open(other.path() / "store"));
  Subject repair = subject("check --repair");
  repair.prepare = [&] {
    must(capture(root, "run-1", values_of(1)));
    damage_a_value(root);
  };
  repair.command = [&]() -> Result<void> {
    store::CheckOptions options;
    options.reading = store::CheckOptions::Reading::kBytes;
    options.repair_from = &whole;
    return store::check_store(root, options).map([](const auto&) {});
  };
  // Each value is damaged, put aside, or repaired.
  repair.also_right = [](const std::string& seen) {
    return seen.find("check:") != std::string::npos || seen.starts_with("thrown: object ");
  };
  repair.next = [&](const std::string&) -> std::string {
    if (const auto again = repair.command(); !again) {
      return again.error().message;
    }
    const std::string seen = look_at_store(root);
    return seen.find("check:") == std::string::npos ? capture_and_clean(root) : "repaired again: " + seen;
  };
  try_all(repair);
}

TEST_F(StoreCrashes, Quarantine_DeletesNothing) {
  Subject quarantine = subject("check --quarantine");
  quarantine.prepare = [&] {
    must(capture(root, "run-1", values_of(1)));
    damage_a_value(root);
  };
  quarantine.command = [&]() -> Result<void> {
    store::CheckOptions options;
    options.reading = store::CheckOptions::Reading::kBytes;
    options.damaged = store::CheckOptions::Damaged::kQuarantined;
    return store::check_store(root, options).map([](const auto&) {});
  };
  // Every damaged file is in one of the two places, never in none.
  quarantine.look = [&] {
    std::size_t there = 0;
    std::size_t aside = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const bool rotten = entry.is_regular_file() && store::read_text(entry.path()) == "rotten";
      const bool is_aside = entry.path().parent_path().filename() == "quarantine";
      (is_aside ? aside : there) += rotten ? 1 : 0;
    }
    return std::to_string(there + aside) + " rotten files, " + (there == 0 ? "all put aside" : "not all put aside");
  };
  quarantine.next = [&](const std::string&) -> std::string {
    if (const auto again = quarantine.command(); !again) {
      return again.error().message;
    }
    if (store::read_text(root / "quarantine/.gitignore") != "*\n") {
      return "git sees the quarantine";
    }
    return capture_and_clean(root);
  };
  try_all(quarantine);
}

/// As on FUSE: every file and folder is synced by itself.
class StoreCrashesWithoutSyncfs : public StoreCrashes {
 protected:
  void SetUp() override { pretend_fuse(true); }
  void TearDown() override { pretend_fuse(false); }
};

TEST_F(StoreCrashesWithoutSyncfs, FirstCapture_IsThereOrNot) {
  Subject first = subject("capture, the first (no syncfs)");
  first.prepare = [] {};
  first.command = [&] { return capture(root, "run-1", values_of(1)); };
  try_all(first);
}

TEST_F(StoreCrashesWithoutSyncfs, SecondCapture_LeavesTheOldOrTheNewBaseline) {
  Subject second = subject("capture, the second (no syncfs)");
  second.command = [&] { return capture(root, "run-2", values_of(2)); };
  try_all(second);
}

TEST_F(StoreCrashesWithoutSyncfs, CaptureWithFewerBenchmarks_RemovesAllOrNone) {
  Subject fewer = subject("capture that removes (no syncfs)");
  fewer.command = [&]() -> Result<void> {
    Values values = values_of(2);
    values.erase("bench.time_a");
    TRY(capture(root, "run-2", values));
    return capture(root, "run-3", values_of(3));
  };
  fewer.also_right = [](const std::string& seen) {
    return seen.find("check:") == std::string::npos && seen.find("time_a") == std::string::npos &&
           seen.find("other.time_c") != std::string::npos;
  };
  try_all(fewer);
}

TEST_F(StoreCrashesWithoutSyncfs, Undo_IsDoneOrNot) { try_all(undo_named("capture --undo (no syncfs)")); }

}  // namespace
}  // namespace snapshot_test::crash
