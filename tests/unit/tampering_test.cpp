// Files that decide what a run looks at, then and now.
#include "session/tampering.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace snapshot_test::session {
namespace {

namespace fs = std::filesystem;
using model::ChangedFile;
using What = ChangedFile::What;
using Change = ChangedFile::Change;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(::testing::TempDir()) /
            (std::string("tampering-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    write("suite/bench.py", "one");
    write("suite/helpers/tools.py", "two");
    write("suite/__pycache__/bench.py", "never");
    write("suite/data.txt", "no Python");
    write("snapshot_config.json", "{}");
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  [[nodiscard]] WatchedFiles look(const std::map<std::string, std::string>& start_up = {}) const {
    SettingsFiles files;
    files.configuration = {root_ / "snapshot_config.json"};
    model::ImportedSuite imported;
    imported.start_up = start_up;
    return watched_files(root_ / "suite", files, imported);
  }
  [[nodiscard]] std::vector<std::string> changes(const WatchedFiles& then, const WatchedFiles& now) const {
    std::vector<std::string> out;
    for (const ChangedFile& each : changed_files(then, now, root_ / "suite", AskGit::kYes)) {
      out.push_back(std::string(name(each.change)) + " " + std::string(name(each.what)) + " " + each.file);
    }
    return out;
  }

  fs::path root_;
};

TEST_F(Files, Untouched_NothingIsSaid) { EXPECT_THAT(changes(look(), look()), IsEmpty()); }

TEST_F(Files, ChangedNewAndGone_AreSaidByContent) {
  const WatchedFiles then = look({{"a.pth", "1"}, {"b.pth", "2"}});
  write("suite/bench.py", "another");
  write("suite/new.py", "");
  fs::remove(root_ / "suite/helpers/tools.py");
  write("suite/data.txt", "still no Python");
  write("suite/__pycache__/bench.py", "whatever");
  write("snapshot_config.json", "{ }");
  EXPECT_THAT(
      changes(then, look({{"a.pth", "1,3"}, {"sitecustomize.py", "4"}})),
      UnorderedElementsAre("changed benchmark bench.py", "added benchmark new.py", "removed benchmark helpers/tools.py",
                           "changed configuration ../snapshot_config.json", "changed start-up a.pth",
                           "added start-up sitecustomize.py", "removed start-up b.pth"));
}

TEST_F(Files, WhatACaptureWroteDown_IsReadAgain) {
  store::RunInfo run;
  EXPECT_EQ(watched_files_of(run), std::nullopt) << "an older version wrote nothing";
  write_down(look(), run);
  EXPECT_EQ(watched_files_of(run), look());
  run.settings["files"] = 3;
  EXPECT_EQ(watched_files_of(run), std::nullopt);
  run.settings["files"] = {{"unknown:x", "1"}, {"no colon", "2"}};
  EXPECT_THAT(changes(*watched_files_of(run), {}), IsEmpty()) << "of a later version";
}

TEST_F(Files, FileThatCannotBeRead_IsSaidToBeSo) {
  SettingsFiles files;
  files.expectations = {root_ / "expected.toml"};
  EXPECT_EQ(watched_files(root_ / "suite", files, {}).at("expectations:../expected.toml"), "unreadable");
}

TEST(TamperReports, Json_IsReadAsItWasWritten) {
  model::TamperReport report;
  report.recorded = true;
  report.since = "2026-11-28T15:00:00Z";
  report.files = {{What::kStartUp, Change::kRemoved, "x.pth", ""},
                  {What::kExpectations, Change::kAdded, "../expected.toml", "not committed"}};
  report.imported.replaced = {"builtins.sum is a type"};
  report.imported.modules = {{"a.b", "/a/b.py"}};
  const nlohmann::json json = report;
  EXPECT_EQ(nlohmann::json(json.get<model::TamperReport>()), json);
  EXPECT_EQ(json.get<model::TamperReport>().findings(), 3U);
  nlohmann::json other = json;
  other["files"][0]["what"] = "weather";
  EXPECT_THROW((void)other.get<model::TamperReport>(), std::exception);
}

}  // namespace
}  // namespace snapshot_test::session
