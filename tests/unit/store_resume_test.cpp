// Captures that were stopped, as the next one finds them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/journal.hpp"
#include "store_support.hpp"

namespace snapshot_test::store {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const json kKey{{"seed", 42}, {"settings", {{"timeout", 60}}}};

class StoreResume : public ::testing::Test {
 protected:
  [[nodiscard]] FolderStore store() const { return must(FolderStore::open_or_create(folder_.path())); }
  [[nodiscard]] std::unique_ptr<CaptureTransaction> resume(const std::string& id, const json& key = kKey) const {
    return must(store().resume_capture(id, key));
  }
  [[nodiscard]] fs::path staged(const std::string& id) const { return folder_.path() / "staging" / id; }

  TemporaryFolder folder_;
};

TEST_F(StoreResume, StagedJournal_IsContinued) {
  {
    auto first = resume("run-1");
    EXPECT_THAT(first->resumed().journal, IsEmpty());
    must(first->write_journal({{"case", 1}}));
    must(first->write_journal({{"case", "\xff"}}));  // no UTF-8
  }
  auto second = resume("run-2");
  EXPECT_EQ(second->run_id(), "run-1");
  ASSERT_THAT(second->resumed().journal, SizeIs(2));
  EXPECT_EQ(second->resumed().journal[0], json({{"case", 1}}));
  EXPECT_THAT(second->resumed().notes, IsEmpty());
}

TEST_F(StoreResume, OtherKey_BeginsAnew) {
  { must(resume("run-1")->write_journal({{"case", 1}})); }
  json other = kKey;
  other["settings"]["timeout"] = 61;
  auto second = resume("run-2", other);
  EXPECT_EQ(second->run_id(), "run-2");
  EXPECT_THAT(second->resumed().journal, IsEmpty());
  ASSERT_THAT(second->resumed().notes, SizeIs(1));
  EXPECT_THAT(second->resumed().notes[0], HasSubstr("settings/timeout"));
  EXPECT_FALSE(fs::exists(staged("run-1"))) << "nobody will go on with it";
}

TEST_F(StoreResume, TornLine_IsCutOff) {
  {
    auto first = resume("run-1");
    must(first->write_journal({{"case", 1}}));
    must(first->write_journal({{"case", 2}}));
  }
  const fs::path journal = staged("run-1") / "journal";
  fs::resize_file(journal, fs::file_size(journal) - 3);
  { must(resume("run-2")->write_journal({{"case", 3}})); }
  auto third = resume("run-3");
  ASSERT_THAT(third->resumed().journal, SizeIs(2));
  EXPECT_EQ(third->resumed().journal[1], json({{"case", 3}}));
  EXPECT_THAT(third->resumed().notes, IsEmpty()) << "that is how a killed capture ends";
}

TEST_F(StoreResume, DamagedLine_IsNotedAndEndsTheJournal) {
  { must(resume("run-1")->write_journal({{"case", 1}})); }
  std::ofstream(staged("run-1") / "journal", std::ios::app) << "nonsense\n{\"case\": 2}\n";
  auto second = resume("run-2");
  EXPECT_THAT(second->resumed().journal, SizeIs(1));
  ASSERT_THAT(second->resumed().notes, SizeIs(1));
  EXPECT_THAT(second->resumed().notes[0], HasSubstr("damaged after 1 case"));
}

TEST_F(StoreResume, FileThatIsNoJournal_IsNotRead) {
  for (const char* text : {"", "\n", "[]\n", "{}\n", "{\"kind\": 3}\n", "null\n"}) {
    { must(resume("run-1")->write_journal({{"case", 1}})); }
    std::ofstream(staged("run-1") / "journal") << text;
    auto second = resume("run-2");
    EXPECT_EQ(second->run_id(), "run-2") << text;
  }
}

TEST_F(StoreResume, LinkInPlaceOfTheJournal_IsNotFollowed) {
  { must(resume("run-1")->write_journal({{"case", 1}})); }
  const fs::path journal = staged("run-1") / "journal";
  fs::rename(journal, folder_.path() / "elsewhere");
  fs::create_symlink(folder_.path() / "elsewhere", journal);
  auto second = resume("run-2");
  EXPECT_EQ(second->run_id(), "run-2");
}

TEST_F(StoreResume, PlainCapture_RemovesAnInterruptedOne) {
  { must(resume("run-1")->write_journal({{"case", 1}})); }
  { auto plain = must(store().begin_capture("run-2")); }
  EXPECT_FALSE(fs::exists(folder_.path() / "staging"));
}

TEST(Difference, OtherValues_AreNamedByTheirPath) {
  EXPECT_EQ(difference(kKey, kKey), "");
  EXPECT_EQ(difference(kKey, {{"seed", 7}, {"settings", {{"timeout", 60}}}}), "seed");
  EXPECT_EQ(difference({{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}}, {{"a", 2}, {"b", 2}, {"c", 2}, {"d", 2}}),
            "a, b, c and 1 more");
}

}  // namespace
}  // namespace snapshot_test::store
