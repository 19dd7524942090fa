// What commits are read and built by: commands of asv.conf.json, and which folder of a tree is imported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <string>
#include <vector>

#include "commits/asv_matrix.hpp"
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

/// The packages of the environment that is chosen, and its variables.
std::string chosen(const std::string& matrix, const std::string& exclude = "[]", const std::string& include = "[]") {
  model::AsvProject asv;
  asv.matrix = nlohmann::ordered_json::parse(matrix);
  asv.exclude = nlohmann::ordered_json::parse(exclude);
  asv.include = nlohmann::ordered_json::parse(include);
  const auto found = first_environment(asv, "3.11.2");
  if (!found) return "error: " + found.error().message;
  std::string text;
  for (const std::string& package : found->packages) text += package + " ";
  for (const auto& [name, value] : found->run_variables) {
    text += (found->build_variables.contains(name) ? "" : "nobuild ") + name + "=" + value + " ";
  }
  return text;
}

TEST(AsvMatrix, FirstOfEachKey_IsTaken) {
  EXPECT_EQ(chosen("{}"), "");
  EXPECT_EQ(chosen(R"({"six": [], "numpy": ["1.26", "2.0"]})"), "six numpy==1.26 ")
      << "an older file has packages alone";
  EXPECT_EQ(chosen(R"({"req": {"pip+b": [">=2"], "a": [null, ""]}, "env": {"X": ["1"]}, "env_nobuild": {"Y": "2"}})"),
            "b>=2 X=1 nobuild Y=2 ");
  EXPECT_EQ(chosen(R"({"numpy": [1.26]})"), "numpy==1.26 ");
}

TEST(AsvMatrix, Excluded_IsTheNextWithTheLastKeyFastest) {
  const char* matrix = R"({"req": {"z": ["1", "2"], "a": ["3", "4"]}})";
  EXPECT_EQ(chosen(matrix, R"([{"req": {"z": "1", "a": "3"}}])"), "z==1 a==4 ");
  EXPECT_EQ(chosen(matrix, R"([{"z": "1"}])"), "z==2 a==3 ");
  EXPECT_EQ(chosen(matrix, R"([{"z": "[1-9]", "a": "3"}])"), "z==1 a==4 ") << "patterns match the whole value";
  EXPECT_EQ(chosen(matrix, R"([{"python": "3.1", "z": "1"}])"), "z==1 a==3 ") << "the whole of it";
  EXPECT_EQ(
      chosen(matrix, R"([{"python": "3.11", "sys_platform": "linux", "environment_type": "virtualenv", "z": "1"}])"),
      "z==2 a==3 ");
  EXPECT_EQ(chosen(matrix, R"([{"sys_platform": "win32", "z": "1"}])"), "z==1 a==3 ");
  EXPECT_EQ(chosen(matrix, R"([{"absent": null}])"), chosen(matrix, R"([{}])"));
  EXPECT_EQ(chosen(R"({"six": [null, "1"]})", R"([{"six": null}])"), "six==1 ") << "null is what is not installed";
  EXPECT_EQ(chosen(matrix, R"([{"absent": ".*"}])"), "z==1 a==3 ") << "what is not there matches no pattern";
}

TEST(AsvMatrix, Include_IsTakenWhereAllIsExcluded) {
  const char* all = R"([{"python": "3\\.[0-9]+"}])";
  EXPECT_EQ(chosen(R"({"a": ["1"]})", all, R"([{"python": "3.8", "a": "7"}, {"python": "3.11", "req": {"a": "8"}}])"),
            "a==8 ");
  EXPECT_EQ(chosen(R"({"a": ["1"]})", "[]", R"([{"python": "3.11", "a": "8"}])"), "a==1 ") << "after the matrix";
  EXPECT_EQ(chosen("{}", all,
                   R"([{"python": "3.11", "sys_platform": "win.*", "a": "7"}, {"python": "3.11", "env": {"X": "8"}}])"),
            "X=8 ");
}

TEST(AsvMatrix, Wrong_SaysWhy) {
  EXPECT_THAT(chosen("{}", R"([{"python": ".*"}])"), HasSubstr("no environment"));
  EXPECT_THAT(chosen("{}", R"([{"python": "("}])"), HasSubstr("'(' is no regular expression"));
  EXPECT_THAT(chosen("{}", R"([{"python": ".*"}])", R"([{"a": "1"}])"), HasSubstr("does not say which Python"));
  EXPECT_THAT(chosen(R"({"req": {}, "numpy": []})"), HasSubstr("unknown key 'numpy'"));
  EXPECT_THAT(chosen(R"({"req": 1})"), HasSubstr("req must be an object"));
  EXPECT_THAT(chosen(R"({"a": [["1"]]})"), HasSubstr("must be a text"));
  EXPECT_THAT(chosen("{}", R"(["a"])"), HasSubstr("must hold objects"));
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
