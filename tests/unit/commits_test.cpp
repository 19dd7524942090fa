// What commits are read and built by: commands of asv.conf.json, and which folder of a tree is imported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <string>
#include <vector>

#include "commits/command.hpp"
#include "commits/commands_of_asv.hpp"
#include "commits/project.hpp"

namespace snapshot_test::commits {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

const std::map<std::string, std::string> kVariables = {{"env_dir", "/envs/a b"}, {"build_dir", "/tree"}};

TEST(AsvCommand, WordsAndVariables_AreAsAsvReadsThem) {
  const auto command = parse_asv_command(
      "in-dir={env_dir} CFLAGS='-O1 -g' return-code=0,3 python -m pip \"install {build_dir}\" {{x}} a\\ b X=1",
      kVariables);
  ASSERT_TRUE(command) << command.error().message;
  EXPECT_EQ(command->folder, "/envs/a b");
  EXPECT_THAT(command->environment, UnorderedElementsAre(Pair("CFLAGS", "-O1 -g")));
  EXPECT_THAT(command->argv, ElementsAre("python", "-m", "pip", "install /tree", "{x}", "a b", "X=1"));
  EXPECT_THAT(command->return_codes.value(), UnorderedElementsAre(0, 3));
  EXPECT_FALSE(parse_asv_command("return-code=any false", kVariables)->return_codes);
}

TEST(AsvCommand, Wrong_SaysWhy) {
  EXPECT_THAT(parse_asv_command("echo 'x", kVariables).error().message, HasSubstr("quote"));
  EXPECT_THAT(parse_asv_command("echo {nothing}", kVariables).error().message, HasSubstr("{nothing}"));
  EXPECT_THAT(parse_asv_command("pip install {wheel_file}", kVariables).error().message, HasSubstr("one wheel"));
  EXPECT_THAT(parse_asv_command("return-code=x true", kVariables).error().message, HasSubstr("return-code"));
}

TEST(ImportFolder, Layouts_AreFound) {
  const auto flat = find_import_folder({"setup.py", "wave/__init__.py", "tests/__init__.py", "extra.py"}, "", {});
  EXPECT_EQ(flat.folder, "");
  EXPECT_THAT(flat.packages, ElementsAre("wave")) << "a file beside a package may be a script";
  EXPECT_THAT(find_import_folder({"setup.py", "six.py"}, "", {}).packages, ElementsAre("six"));
  const auto source = find_import_folder({"setup.py", "hub.py", "tools/x.py", "src/wave/__init__.py"}, "", {});
  EXPECT_EQ(source.folder, "src");
  EXPECT_THAT(source.packages, ElementsAre("wave"));
  const auto named = find_import_folder({"other/__init__.py", "src/wave/core.py"}, "", "wave");
  EXPECT_EQ(named.folder, "src") << "a namespace package, by its name";
  EXPECT_THAT(named.packages, ElementsAre("wave"));
  const auto below = find_import_folder({"py/src/wave/__init__.py", "py/src/_fast.c", "py/src/wave/x.c"}, "py", {});
  EXPECT_EQ(below.folder, "py/src");
  EXPECT_THAT(below.packages, ElementsAre("_fast", "wave"));
  EXPECT_THAT(find_import_folder({"a/b/c.py"}, "", {}).packages, IsEmpty());
}

TEST(Command, PastItsDeadline_IsKilledWithAllItHasStarted) {
  const auto begun = std::chrono::steady_clock::now();
  const auto end = run_command({{"/bin/sh", "-c", "sleep 100 & echo started; sleep 100"}, {}, {}, {}, 0.5});
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_TRUE(end->timed_out);
  EXPECT_EQ(end->out, "started\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST(Command, Environment_IsSetAndTakenAway) {
  const auto end =
      run_command({{"/bin/sh", "-c", "echo $ONE ${HOME-none} >&2; exit 3"}, "/", {{"ONE", "1"}, {"HOME", {}}}, {}, 60});
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->err, "1 none\n");
  EXPECT_EQ(WEXITSTATUS(end->status), 3);
  const auto missing = run_command({{"no-such-program-here"}, {}, {}, {}, 60});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace snapshot_test::commits
