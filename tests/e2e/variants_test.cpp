// Several baselines in one store.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Variants : public testing::Test {
 protected:
  Variants() {
    box_.write_suite(
        "import lib\n"
        "def time_same(): return list(range(3000))\n"
        "def time_other(): return lib.VALUE\n");
    use(1);
  }
  void use(int value) { box_.write_library("VALUE = " + std::to_string(value) + "\n"); }
  [[nodiscard]] std::string store() const { return box_.path(".snapshots").string(); }
  [[nodiscard]] std::size_t objects() const {
    std::size_t count = 0;
    for (const auto& [path, text] : box_.tree(".snapshots/objects")) {
      count += path.ends_with("/") ? 0 : 1;
    }
    return count;
  }
  support::Run run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--snapshot-dir", store()});
    return box_.run(arguments);
  }

  Sandbox box_;
};

TEST_F(Variants, EachHasItsBaselineAndTheyShareObjects) {
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  const std::size_t of_one = objects();
  use(2);
  ASSERT_EQ(box_.capture({"--variant", "b"}).run.status, 0);
  EXPECT_GT(objects(), of_one);
  EXPECT_LT(objects(), 2 * of_one);
  EXPECT_FALSE(std::filesystem::exists(box_.path(".snapshots/@variants/a/objects")));
  const auto with_b = box_.verify({"--variant", "b"});
  EXPECT_EQ(with_b.run.status, 0) << with_b.text();
  EXPECT_THAT(with_b.run.out, HasSubstr("variant b\n"));
  EXPECT_EQ(with_b.json["plan"]["variant"]["name"], "b");
  const auto with_a = box_.verify({"--variant", "a"});
  EXPECT_EQ(with_a.of("bench.time_other"), "different");
  EXPECT_EQ(with_a.of("bench.time_same"), "identical");
}

TEST_F(Variants, PlaceholdersAreOfTheEnvironment) {
  ST_NEEDS_NUMPY();
  ASSERT_EQ(box_.capture({"--variant", "{platform}-{machine}-py{python}-numpy{numpy}"}).run.status, 0);
  std::vector<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator(box_.path(".snapshots/@variants"))) {
    names.push_back(each.path().filename().string());
  }
  EXPECT_THAT(names, ElementsAre(testing::MatchesRegex("linux-[a-z0-9_]+-py3\\.[0-9]+-numpy[0-9.]+")));
  EXPECT_EQ(box_.verify({"--variant", "{platform}-{machine}-py{python}-numpy{numpy}"}).run.status, 0);
}

TEST_F(Variants, UnknownPlaceholders_AreErrorsWithASuggestion) {
  ST_NEEDS_NUMPY();
  const auto misspelt = box_.capture({"--variant", "numpy{numpi}"});
  EXPECT_EQ(misspelt.run.status, 2);
  EXPECT_THAT(misspelt.run.err, AllOf(HasSubstr("{numpi} is neither"), HasSubstr("did you mean {numpy}?")));
  const auto absent = box_.verify({"--variant", "{no-such-package-at-all}"});
  EXPECT_EQ(absent.run.status, 2);
  EXPECT_THAT(absent.run.err, HasSubstr("nor a package that is installed in"));
  EXPECT_TRUE(absent.json["summary"]["ok"].is_null());
  EXPECT_THAT(box_.capture({"--variant", "py{python"}).run.err, HasSubstr("a placeholder is a name in braces"));
  EXPECT_EQ(box_.capture({"--variant", ""}).run.status, 2);
  EXPECT_FALSE(std::filesystem::exists(box_.path(".snapshots")));
}

TEST_F(Variants, WithoutABaseline_EveryCaseIsNoSnapshotAndNamesThoseThatAreThere) {
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  const auto before = box_.tree(".snapshots");
  const auto verified = box_.verify({"--variant", "c"});
  EXPECT_EQ(verified.run.status, 5) << verified.text();
  EXPECT_TRUE(verified.json["summary"]["ok"].is_null());
  EXPECT_EQ(verified.of("bench.time_same"), "no-snapshot");
  EXPECT_EQ(verified.entry("bench.time_same")["reason"], "the store has no baseline of the variant 'c'; it has 'a'");
  EXPECT_EQ(box_.tree(".snapshots"), before);
  EXPECT_EQ(box_.verify({"--variant", "c", "--missing", "fail"}).run.status, 1);
  const auto captured = box_.verify({"--variant", "c", "--missing", "capture"});
  EXPECT_EQ(captured.run.status, 5) << captured.text();
  EXPECT_EQ(box_.verify({"--variant", "c"}).run.status, 0);
}

TEST_F(Variants, NoStoreAtAll_HasStatus4) {
  EXPECT_EQ(box_.verify({"--variant", "a"}).run.status, 4);
  EXPECT_FALSE(std::filesystem::exists(box_.path(".snapshots")));
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  const auto plain = box_.verify();
  EXPECT_EQ(plain.run.status, 4);
  EXPECT_THAT(plain.run.err, HasSubstr("no snapshots but those of the variants 'a', which --variant chooses"));
}

TEST_F(Variants, FallsBackAlongTheOrderAlone) {
  ASSERT_EQ(box_.capture().run.status, 0);
  use(2);
  ASSERT_EQ(box_.capture({"--variant", "b"}).run.status, 0);
  box_.write("order.json", R"({"variant": "c", "variant_fallback": ["d", "b", "@base"]})");
  const auto used = box_.verify({"--config", box_.path("order.json").string()});
  EXPECT_EQ(used.run.status, 0) << used.text();
  EXPECT_THAT(used.run.out, HasSubstr("variant b, since c has no baseline (variant_fallback)\n"));
  EXPECT_EQ(used.json["plan"]["variant"]["wanted"], "c");
  box_.write("base.json", R"({"variant": "c", "variant_fallback": ["@base"]})");
  const auto base = box_.verify({"--config", box_.path("base.json").string()});
  EXPECT_EQ(base.of("bench.time_other"), "different");
  EXPECT_THAT(base.run.out, HasSubstr("variant @base, since c has no baseline"));
  box_.write("none.json", R"({"variant": "c", "variant_fallback": ["d"]})");
  const auto none = box_.verify({"--config", box_.path("none.json").string()});
  EXPECT_EQ(none.run.status, 5);
  EXPECT_THAT(none.run.out, HasSubstr("no baseline of the variant 'c', nor of 'd'; it has 'b'"));
}

TEST_F(Variants, OldStores_AreUsedWithoutAVariantAsEver) {
  ASSERT_EQ(box_.capture().run.status, 0);
  const auto before = box_.tree(".snapshots/cases");
  use(2);
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  EXPECT_EQ(box_.tree(".snapshots/cases"), before);
  EXPECT_EQ(box_.verify().of("bench.time_other"), "different");
}

TEST_F(Variants, CleanKeepsWhatAnotherVariantNames) {
  ASSERT_EQ(box_.capture().run.status, 0);
  use(2);
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  use(3);
  ASSERT_EQ(box_.capture({"--variant", "b"}).run.status, 0);
  const std::size_t all = objects();
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"clean", "--dry-run"}, {"clean"}, {"clean", "--variant", "a"}}) {
    const support::Run cleaned = run(arguments);
    EXPECT_EQ(cleaned.status, 0) << cleaned.err;
    EXPECT_EQ(objects(), all) << cleaned.out;
  }
  use(4);
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  EXPECT_GT(objects(), all);
  EXPECT_EQ(run({"clean"}).status, 0);
  EXPECT_EQ(objects(), all) << "what the variant held before is gone";
  EXPECT_EQ(box_.verify({"--variant", "a", "--read-data"}).run.status, 0);
  use(3);
  EXPECT_EQ(box_.verify({"--variant", "b", "--read-data"}).run.status, 0);
  use(1);
  EXPECT_EQ(box_.verify({"--read-data"}).run.status, 0);
}

TEST_F(Variants, CleanObsolete_LooksAtAllVariants) {
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  ASSERT_EQ(box_.capture({"--variant", "b"}).run.status, 0);
  box_.write_suite("def time_same(): return list(range(3000))\n");
  const support::Run cleaned =
      run({"clean", "--obsolete", "--python", test_python(), box_.path("benchmarks").string()});
  EXPECT_EQ(cleaned.status, 0) << cleaned.err;
  EXPECT_THAT(cleaned.out, AllOf(HasSubstr("obsolete: bench.time_other (variant a)"),
                                 HasSubstr("obsolete: bench.time_other (variant b)")));
  EXPECT_EQ(box_.verify({"--variant", "b", "--strict"}).run.status, 0);
}

TEST_F(Variants, UndoAndPendingAreTheVariantsOwn) {
  ASSERT_EQ(box_.capture().run.status, 0);
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  use(2);
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  ASSERT_EQ(run({"capture", "--undo", "--variant", "a"}).status, 0);
  use(1);
  EXPECT_EQ(box_.verify({"--variant", "a"}).run.status, 0);
  EXPECT_EQ(run({"capture", "--undo"}).status, 2) << "the base was captured once";
  use(5);
  EXPECT_EQ(box_.verify({"--variant", "a", "--pending", "always"}).json["summary"]["pending"], 1);
  EXPECT_TRUE(std::filesystem::exists(box_.path(".snapshots/@variants/a/pending")));
  EXPECT_THAT(run({"pending"}).out, HasSubstr("nothing is pending"));
  const support::Run pending = run({"pending", "--variant", "a"});
  EXPECT_THAT(pending.out, HasSubstr("bench.time_other"));
  EXPECT_THAT(pending.err, HasSubstr("variant a\n"));
  const support::Run accepted = run({"accept", "--all", "--variant", "a"});
  EXPECT_EQ(accepted.status, 0) << accepted.err;
  EXPECT_EQ(box_.verify({"--variant", "a"}).run.status, 0);
  EXPECT_EQ(box_.verify().of("bench.time_other"), "different");
}

TEST_F(Variants, ShowDiffAndList_SayWhichTheyUse) {
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  use(2);
  ASSERT_EQ(box_.capture({"--variant", "b"}).run.status, 0);
  const support::Run shown = run({"show", "bench.time_other", "--variant", "b"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_THAT(shown.err, HasSubstr("variant b\n"));
  EXPECT_THAT(shown.out, HasSubstr("2"));
  const support::Run unknown = run({"show", "--variant", "c"});
  EXPECT_EQ(unknown.status, 4);
  EXPECT_THAT(unknown.err, HasSubstr("it has 'a', 'b'; choose one with --variant"));
  const support::Run diff = box_.run({"diff", store() + "/@variants/a", store() + "/@variants/b"});
  EXPECT_EQ(diff.status, 1) << diff.err;
  EXPECT_THAT(diff.out, HasSubstr("bench.time_other"));
  auto arguments = box_.suite_arguments("list");
  arguments.insert(arguments.end(), {"--variant", "b"});
  const support::Run listed = box_.run(arguments);
  EXPECT_THAT(listed.err, HasSubstr("note: variant b\n"));
}

TEST_F(Variants, CommittedCaptureThatWasKilled_IsFinished) {
  ASSERT_EQ(box_.capture({"--variant", "a"}).run.status, 0);
  // As a process leaves it that dies after the marker, before it has moved anything.
  const std::filesystem::path root = box_.path(".snapshots/@variants/a");
  const std::filesystem::path staged = root / "staging/20260101T000000Z-abcdef";
  std::filesystem::create_directories(staged / "objects");
  std::filesystem::rename(root / "cases", staged / "cases");
  std::filesystem::rename(root / "runs", staged / "runs");
  for (const auto& folder : std::filesystem::directory_iterator(box_.path(".snapshots/objects"))) {
    std::filesystem::rename(folder.path(), staged / "objects" / folder.path().filename());
  }
  box_.write(".snapshots/@variants/a/staging/20260101T000000Z-abcdef/COMMIT", "20260101T000000Z-abcdef\n");
  EXPECT_EQ(run({"clean"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(staged));
  EXPECT_EQ(box_.verify({"--variant", "a", "--read-data"}).run.status, 0);
}

TEST_F(Variants, OneWriterAtATime) {
  box_.write_suite("import time\ndef time_slow():\n    time.sleep(3)\n    return 1\n");
  auto arguments = box_.suite_arguments("capture");
  arguments.insert(arguments.end(), {"--variant", "a", "--no-stability-check"});
  const auto first = box_.start(arguments);
  for (int i = 0; i < 200 && !std::filesystem::exists(box_.path(".snapshots/@variants/a/staging")); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const auto second = box_.capture({"--variant", "b"});
  EXPECT_EQ(second.run.status, 3) << second.text();
  EXPECT_THAT(second.run.err, HasSubstr("another capture is writing to"));
}

}  // namespace
}  // namespace snapshot_test::support
