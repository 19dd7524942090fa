// Which directories are suites, and how their root package becomes importable.
#include "host/suite_on_disk.hpp"

namespace snapshot_test::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class DiscoveryRoot : public SuiteTest {
 protected:
  /// Discovery must refuse the directory as wrong usage; returns the message.
  std::string refusal(const std::string& root) {
    const Result<model::Suite> found = host::discovery::discover(path(root));
    if (found) {
      ADD_FAILURE() << root << " was accepted";
      return "";
    }
    EXPECT_EQ(found.error().kind, ErrorKind::kUsage);
    return found.error().message;
  }
};

TEST_F(DiscoveryRoot, MissingDirectory_IsNamed) {
  EXPECT_THAT(refusal("nowhere"), AllOf(HasSubstr(path("nowhere").string()), HasSubstr("does not exist")));
}

TEST_F(DiscoveryRoot, File_IsRefused) {
  write("bench.py", "def time_x(): pass\n");
  EXPECT_THAT(refusal("bench.py"), HasSubstr("is not a directory"));
}

TEST_F(DiscoveryRoot, EmptyDirectory_IsRefused) {
  fs::create_directory(path("suite"));
  EXPECT_THAT(refusal("suite"), HasSubstr("is empty"));
}

TEST_F(DiscoveryRoot, DirectoryWithoutPythonFiles_IsRefused) {
  write("suite/README.md", "");
  write("suite/data/table.csv", "");
  EXPECT_THAT(refusal("suite"), HasSubstr("no Python files"));
}

TEST_F(DiscoveryRoot, NameWithADot_IsRefused) {
  write("suite.old/__init__.py", "");
  EXPECT_THAT(refusal("suite.old"), HasSubstr("dot"));
}

TEST_F(DiscoveryRoot, ModuleBesideAPackageOfItsName_IsRefused) {
  suite({{"shape.py", "def time_lost(): return 1\n"}, {"shape/__init__.py", ""}});
  EXPECT_THAT(refusal("suite"), AllOf(HasSubstr("shape.py"), HasSubstr("rename one")));
}

TEST_F(DiscoveryRoot, ModuleBesideADataDirectoryOfItsName_IsAccepted) {
  suite({{"shape.py", "def time_x(): return 1\n"}, {"shape/table.csv", ""}});
  EXPECT_THAT(names(discover_all()), ElementsAre("shape.time_x"));
}

TEST_F(DiscoveryRoot, LinkBackIntoTheTree_IsRefused) {
  suite({{"bench.py", "def time_x(): return 1\n"}});
  fs::create_directory_symlink(path("suite"), path("suite/again"));
  EXPECT_THAT(refusal("suite"), HasSubstr("never ends"));
}

TEST_F(DiscoveryRoot, RootWithoutInit_IsAcceptedWithANote) {
  write("suite/bench.py", "from . import helpers\ndef time_x(): return helpers.VALUE\n");
  write("suite/helpers.py", "VALUE = 1\n");
  const model::Suite found = discover_all();
  EXPECT_THAT(names(found), ElementsAre("bench.time_x"));
  EXPECT_THAT(found.notes, Contains(HasSubstr("no __init__.py")));
}

TEST_F(DiscoveryRoot, RootWithoutInit_IsTakenBeforeAModuleOfItsName) {
  write("suite.py", "raise AssertionError('not the suite')\n");
  write("suite/bench.py", "def time_x(): return 1\n");
  EXPECT_THAT(names(discover_all()), ElementsAre("bench.time_x"));
}

TEST_F(DiscoveryRoot, PackageWithoutInit_IsLeftOutWithANote) {
  suite({{"bench.py", "def time_x(): return 1\n"}, {"inner/lost.py", "def time_y(): return 1\n"}});
  const model::Suite found = discover_all();
  EXPECT_THAT(names(found), ElementsAre("bench.time_x"));
  EXPECT_THAT(found.notes, Contains(AllOf(HasSubstr("inner"), HasSubstr("no __init__.py"))));
}

TEST_F(DiscoveryRoot, OnlyPackagesWithoutInit_GiveANote) {
  write("suite/inner/deeper/lost.py", "def time_y(): return 1\n");
  write("suite/other/lost.py", "def time_z(): return 1\n");
  const model::Suite found = discover_all();
  EXPECT_THAT(names(found), IsEmpty());
  EXPECT_THAT(found.notes, Contains(AllOf(HasSubstr("other"), HasSubstr("no __init__.py"))));
}

TEST_F(DiscoveryRoot, NamedFolderWithoutInit_IsWalked) {
  suite({{"inner/lost.py", "from . import beside\ndef time_y(): return 1\n"}, {"inner/beside.py", ""}});
  const auto found = host::discovery::discover(path("suite"), {}, {}, {}, {}, {"inner"});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_THAT(names(*found), ElementsAre("inner.lost.time_y"));
  EXPECT_THAT(found->failures, IsEmpty());
}

TEST_F(DiscoveryRoot, HyphensInNames_AreAccepted) {
  write("my-suite/__init__.py", "");
  write("my-suite/foo-bar.py", "def time_x(): return 1\n");
  EXPECT_THAT(names(discover("my-suite")), ElementsAre("foo-bar.time_x"));
}

TEST_F(DiscoveryRoot, PathWithDotsAndSlash_IsNormalized) {
  suite({{"bench.py", "def time_x(): return 1\n"}});
  const Result<model::Suite> found = host::discovery::discover(path("suite/../suite/./"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->root, path("suite").string());
  EXPECT_THAT(names(*found), ElementsAre("bench.time_x"));
}

TEST_F(DiscoveryRoot, Siblings_ImportRelativelyOrByFullNameOnly) {
  suite({{"helpers.py", "VALUE = 1\n"},
         {"relative.py", "from .helpers import VALUE\ndef time_x(): return VALUE\n"},
         {"absolute.py", "import suite.helpers\ndef time_x(): return 1\n"},
         {"bare.py", "import helpers\ndef time_x(): return 1\n"}});
  write("outsider.py", "");
  write("suite/beside.py", "import outsider\ndef time_x(): return 1\n");
  const model::Suite found = discover();
  EXPECT_THAT(names(found), UnorderedElementsAre("absolute.time_x", "relative.time_x"));
  std::vector<std::string> failed;
  for (const model::DiscoveryFailure& failure : found.failures) {
    failed.push_back(failure.where);
  }
  EXPECT_THAT(failed, UnorderedElementsAre("bare", "beside"));
}

TEST_F(DiscoveryRoot, NameOfALoadedModule_IsRefused) {
  py::module_::import("json");
  write("json/__init__.py", "def time_x(): return 1\n");
  EXPECT_THAT(refusal("json"), AllOf(HasSubstr("'json'"), HasSubstr("rename the directory")));
}

TEST_F(DiscoveryRoot, NameOfAnInstalledModule_GivesTheSuiteWithANote) {
  write("site/rivals/__init__.py", "raise AssertionError('not the suite')\n");
  py::module_::import("sys").attr("path").attr("append")(path("site").string());
  write("rivals/__init__.py", "def time_x(): return 1\n");
  const model::Suite found = discover("rivals");
  EXPECT_THAT(names(found), ElementsAre("time_x"));
  EXPECT_THAT(found.failures, IsEmpty());
  EXPECT_THAT(found.notes, Contains(AllOf(HasSubstr("rivals"), HasSubstr("installed module"))));
}

TEST_F(DiscoveryRoot, SuiteThatIsOnThePath_GivesNoNote) {
  suite({{"bench.py", "def time_x(): return 1\n"}});
  py::module_::import("sys").attr("path").attr("append")(path("").string());
  EXPECT_THAT(discover_all().notes, Not(Contains(HasSubstr("installed module"))));
}

TEST_F(DiscoveryRoot, Discovery_LeavesThePathAndAddsOneFinder) {
  suite({{"bench.py", "def time_x(): return 1\n"}});
  const py::module_ sys = py::module_::import("sys");
  const std::string before = py::str(sys.attr("path"));
  const std::size_t finders = py::len(sys.attr("meta_path"));
  ASSERT_TRUE(host::discovery::install_root(path()).has_value());
  (void)discover_all();
  (void)resolve("bench.time_x");
  EXPECT_EQ(std::string(py::str(sys.attr("path"))), before);
  EXPECT_EQ(py::len(sys.attr("meta_path")), finders + 1);
}

}  // namespace
}  // namespace snapshot_test::testing
