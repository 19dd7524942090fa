// A verification against a baseline whose values come as they are needed.
#include <gmock/gmock.h>

#include "session_support.hpp"

namespace snapshot_test::session {
namespace {

using model::ExitStatus;
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Has what it is asked for, unless a test says something else.
class FakeSource : public ValueSource {
 public:
  Result<std::map<std::string, std::string>> fetch(const std::vector<std::string>& objects) override {
    asked.push_back(objects);
    if (error) {
      return tl::unexpected(*error);
    }
    fetched = damage.empty();
    return damage;
  }
  void ended() override { ++ends; }

  std::vector<std::vector<std::string>> asked;
  std::map<std::string, std::string> damage;
  std::optional<Error> error;
  bool fetched = false;
  int ends = 0;
};

class VerifyingElsewhere : public SessionTest {
 protected:
  VerifyingElsewhere() {
    suite.add("same", Shown{});
    suite.add("other", Shown{});
    EXPECT_TRUE(capture());
    // Its values have fingerprints only where a process writes them; without one each is fetched before the run.
    suite.change("other", [this](const Look&) {
      Shown shown;
      shown.value = "2";
      shown.readable = source.fetched && source.asked.size() > 1;
      return shown;
    });
    verifying.source = &source;
  }
  static std::string object() { return store::sha256_hex("1"); }

  FakeSource source;
};

TEST_F(VerifyingElsewhere, CaseThatDiffers_RunsAgainWhenItsValueWasFetched) {
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.verdict_on("same").verdict, Verdict::kIdentical);
  EXPECT_EQ(heard.verdict_on("other").verdict, Verdict::kDifferent);
  EXPECT_EQ(summary->status, ExitStatus::kFailed);
  EXPECT_THAT(suite.ran, ElementsAre("same", "other", "other"));
  EXPECT_EQ(source.asked.back(), std::vector<std::string>{object()});
  EXPECT_EQ(source.ends, 1);
  EXPECT_THAT(summary->not_run, IsEmpty());
  for (const auto& [name, running] : heard.running) {
    EXPECT_EQ(running, 0) << name;
  }
}

TEST_F(VerifyingElsewhere, ValueThatCannotBeHad_IsUnreadableAndSaysWhy) {
  source.damage = {{object(), "the remote lacks it"}};
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  const auto& judged = heard.verdict_on("other");
  EXPECT_EQ(judged.verdict, Verdict::kUnreadable);
  ASSERT_EQ(judged.sites.size(), 1U);
  EXPECT_EQ(judged.sites[0].explanation, "the remote lacks it");
  EXPECT_EQ(heard.verdict_on("same").verdict, Verdict::kIdentical);
  EXPECT_NE(summary->status, ExitStatus::kSuccess);
}

TEST_F(VerifyingElsewhere, RemoteThatIsGone_EndsTheRunAndJudgesNothing) {
  source.error = Error{ErrorKind::kUnavailable, "gone"};
  const auto summary = verify();
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(heard.verdicts, IsEmpty());
}

TEST_F(VerifyingElsewhere, CaseThatIsNeverReadable_IsGivenUpAndUnreadable) {
  suite.change("other", [](const Look&) {
    Shown shown;
    shown.readable = false;
    return shown;
  });
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(heard.verdict_on("other").verdict, Verdict::kUnreadable);
  EXPECT_LE(suite.ran.size(), 6U);
}

TEST_F(VerifyingElsewhere, Store_IsCalledByItsNameInReports) {
  verifying.baseline_name = "/mnt/baselines@main";
  const auto summary = verify();
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->snapshot_dir, "/mnt/baselines@main");
}

}  // namespace
}  // namespace snapshot_test::session
