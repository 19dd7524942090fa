#include "util/folder_names.hpp"

#include <gtest/gtest.h>

#include <string>

namespace snapshot_test::util {
namespace {

FolderNames names() {
  FolderNames made;
  made.add_scratch("/tmp/run-Ab12Cd");
  made.add("/home/me", "<home>");
  made.add("/home/me/project/", "<project>");
  made.add("/", "<root>");
  made.add("", "<nothing>");
  return made;
}

std::string named(const std::string& text) { return names().replaced(text).value_or("(as it is)"); }

TEST(FolderNames, WorkingFolderOfAnyNumber_HasOneName) {
  EXPECT_EQ(named("/tmp/run-Ab12Cd/case-0000017/work/out.csv"), "<scratch>/out.csv");
  EXPECT_EQ(named("/tmp/run-Ab12Cd/module-0000003/work"), "<scratch>");
  EXPECT_EQ(named("/tmp/run-Ab12Cd/base-0000000/work/x"), "<scratch>/x");
  EXPECT_EQ(named("/tmp/run-Ab12Cd"), "<scratch>");
  EXPECT_EQ(named("/tmp/run-Ab12Cd/case-0000017"), "<scratch>/..");
  EXPECT_EQ(named("open('/tmp/run-Ab12Cd/case-1/work/a') failed, /tmp/run-Ab12Cd/case-2/work/b, too"),
            "open('<scratch>/a') failed, <scratch>/b, too");
}

TEST(FolderNames, TemporaryFile_LosesItsRandomName) {
  EXPECT_EQ(named("/tmp/run-Ab12Cd/case-0000017/tmp"), "<tmp>");
  EXPECT_EQ(named("/tmp/run-Ab12Cd/case-0000017/tmp/x"), "<tmp>/x");
  EXPECT_EQ(named("/tmp/run-Ab12Cd/case-0000017/tmp/tmpab_2cd34.csv"), "<tmp>/tmp*.csv");
  EXPECT_EQ(named("/tmp/run-Ab12Cd/case-0000017/tmp/tmpab_2cd34/x"), "<tmp>/tmp*/x");
  EXPECT_EQ(named("/tmp/run-Ab12Cd/case-0000017/tmp/tmpfile"), "<tmp>/tmpfile");
}

TEST(FolderNames, PartOfAFolderName_IsNotReplaced) {
  EXPECT_EQ(named("/tmp/run-Ab12Cd9/x"), "(as it is)");
  EXPECT_EQ(named("/tmp/other"), "(as it is)");
  EXPECT_EQ(named("/home/meadow"), "(as it is)");
  EXPECT_EQ(named("there/home/me"), "(as it is)");
  EXPECT_EQ(named(""), "(as it is)");
}

TEST(FolderNames, FolderInAFolder_HasTheNameOfTheInner) {
  EXPECT_EQ(named("/home/me/x"), "<home>/x");
  EXPECT_EQ(named("file:///home/me/project/x"), "file://<project>/x");
}

TEST(FolderNames, ParameterId_HasOnlyTheScratchFolderReplaced) {
  EXPECT_EQ(names().replaced("'/tmp/run-Ab12Cd/base-0/work/x'", FolderNames::Which::kScratch), "'<scratch>/x'");
  EXPECT_FALSE(names().replaced("'/home/me/x'", FolderNames::Which::kScratch));
}

TEST(FolderNames, NoFolders_ReplaceNothing) { EXPECT_FALSE(FolderNames().replaced("/tmp/x")); }

}  // namespace
}  // namespace snapshot_test::util
