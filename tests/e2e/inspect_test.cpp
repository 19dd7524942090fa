// `show` and `diff`: what a store holds and how two differ, without Python.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "support/corpus.hpp"
#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::AnyOf;
using testing::corpus_files;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSuite =
    "import lib\n"
    "def time_value(): return lib.value()\n"
    "def time_scaled(n): return [n * 0.5, {'n': n}]\n"
    "time_scaled.params = [1, 2]\n"
    "def time_gone(): return 'here'\n";

/// A captured suite in .snapshots, and another capture of changed code in after/.
class Inspected : public ::testing::Test {
 protected:
  void SetUp() override {
    box_.write_suite(kSuite);
    box_.write_library("def value(): return {'mean': 1.5, 'names': ['a', 'b']}\n");
    ASSERT_EQ(box_.capture().run.status, 0);
    box_.write_suite(std::string(kSuite).substr(0, std::string(kSuite).find("def time_gone")) +
                     "def time_new(): return 1\n");
    box_.write_library("def value(): return {'mean': 1.75, 'names': ['a', 'b']}\n");
    fs::rename(before(), box_.path("first"));
    ASSERT_EQ(box_.capture().run.status, 0);
    fs::rename(before(), after());
    fs::rename(box_.path("first"), before());
  }

  [[nodiscard]] support::Run show(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "show");
    arguments.insert(arguments.end(), {"--snapshot-dir", before()});
    return box_.run(arguments);
  }
  [[nodiscard]] support::Run diff(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "diff");
    arguments.insert(arguments.end(), {"--snapshot-dir", before()});
    return box_.run(arguments);
  }
  [[nodiscard]] std::string before() const { return box_.path(".snapshots").string(); }
  [[nodiscard]] std::string after() const { return box_.path("after").string(); }

  Sandbox box_;
};

TEST_F(Inspected, Show_WithoutAName_ListsTheBenchmarks) {
  const auto run = show({});
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.out, HasSubstr("bench.time_value"));
  EXPECT_THAT(run.out, HasSubstr("3 benchmarks with 4 cases"));
  const auto json = nlohmann::json::parse(show({"--json"}).out);
  EXPECT_EQ(json["benchmarks"].size(), 3U);
}

TEST_F(Inspected, Show_OfACase_PrintsItsValues) {
  const auto run = show({"time_scaled(2)", "--site", "return"});
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.out, HasSubstr("list of 2\n      [0]: 1.0\n      [1]: dict of 1\n        ['n']: 2\n")) << run.out;
  const auto json = nlohmann::json::parse(show({"bench.time_scaled(2)", "--site", "return", "--json"}).out);
  EXPECT_EQ(json["cases"][0]["sites"][0]["value"]["items"][0]["value"], 1.0) << json.dump(1);
  EXPECT_EQ(json["cases"].size(), 1U);
}

TEST_F(Inspected, Show_OfSeveralCases_NamesThem) {
  const auto run = show({"time_scaled"});
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.out, HasSubstr("bench.time_scaled(1)"));
  EXPECT_THAT(run.out, HasSubstr("means 2 cases; name one, such as 'bench.time_scaled(1)'"));
}

TEST_F(Inspected, Show_WithPickle_WritesAPickleThatPythonReads) {
  ASSERT_EQ(show({"time_value", "--pickle", box_.path("value.pkl").string()}).status, 0);
  const auto read =
      box_.run_command({test_python(), "-c", "import pickle; print(pickle.load(open('value.pkl', 'rb')))"});
  EXPECT_EQ(read.out, "{'mean': 1.5, 'names': ['a', 'b']}\n") << read.text();
}

TEST_F(Inspected, Show_OfAnUnknownName_SaysWhatIsWrong) {
  EXPECT_THAT(show({"time_valeu"}).err, HasSubstr("did you mean 'time_value'?"));
  EXPECT_EQ(show({"time_valeu"}).status, 2);
  EXPECT_THAT(show({"time_value", "--site", "body[9]"}).err, HasSubstr("has no site body[9]; there are return"));
  EXPECT_THAT(show({"time_value", "--site", "somewhere"}).err, HasSubstr("is no site"));
  EXPECT_EQ(box_.run({"show", "--snapshot-dir", "nowhere"}).status, 4);
  EXPECT_EQ(show({"./nothing.pkl"}).status, 2);
}

TEST_F(Inspected, Diff_OfAStoreWithItself_Passes) {
  const auto run = diff({before(), before()});
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.out, HasSubstr("4 of 4 cases"));
}

TEST_F(Inspected, Diff_OfTwoStores_NamesEveryDifference) {
  const auto run = diff({before(), after()});
  EXPECT_EQ(run.status, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("['mean']: actual 1.75, expected 1.5")) << run.out;
  EXPECT_THAT(run.out, HasSubstr("bench.time_gone"));
  EXPECT_THAT(run.out, HasSubstr("bench.time_new"));
  const auto json = nlohmann::json::parse(diff({before(), after(), "--json"}).out);
  std::map<std::string, std::string> verdicts;
  for (const auto& each : json["cases"]) {
    verdicts[each["label"]] = each["verdict"];
  }
  EXPECT_EQ(verdicts["bench.time_value"], "different");
  EXPECT_EQ(verdicts["bench.time_scaled(1)"], "identical");
  EXPECT_EQ(verdicts["bench.time_gone"], "obsolete");
  EXPECT_EQ(verdicts["bench.time_new"], "no-snapshot");
}

TEST_F(Inspected, DiffWithHtml_WritesAPageOfStoresAndOfValues) {
  const auto page = [this](const std::string& name) {
    std::ifstream file(box_.path(name));
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(diff({before(), after(), "--html", box_.path("stores.html").string()}).status, 1);
  EXPECT_THAT(page("stores.html"), HasSubstr("bench.time_scaled(1)"));
  const std::string now = after() + "::time_value";
  EXPECT_EQ(diff({"time_value", now, "--html", box_.path("values.html").string()}).status, 1);
  EXPECT_THAT(page("values.html"), AllOf(HasSubstr("time_value → "), HasSubstr("different")));
  EXPECT_EQ(diff({"time_value", "time_value", "--html", box_.path("same.html").string()}).status, 0);
  EXPECT_THAT(page("same.html"), HasSubstr("identical"));
  EXPECT_EQ(diff({"time_value", now, "--html", "-"}).status, 2);
  EXPECT_EQ(diff({"time_value", now, "--html", box_.path("nowhere/page.html").string()}).status, 3);
}

TEST_F(Inspected, Diff_ThatOnlyLosesOrGainsACase_Fails) {
  fs::copy(before(), box_.path("less"), fs::copy_options::recursive);
  for (const auto& entry : fs::recursive_directory_iterator(box_.path("less/cases"))) {
    if (entry.path().filename().string().find("time_gone") != std::string::npos) fs::remove(entry.path());
  }
  EXPECT_EQ(diff({before(), box_.path("less").string()}).status, 1);
  EXPECT_EQ(diff({box_.path("less").string(), before()}).status, 1);
}

TEST_F(Inspected, Diff_OfTwoSnapshots_ComparesTheirSites) {
  const std::string now = after() + "::time_value";
  auto run = diff({"time_value", now});
  EXPECT_EQ(run.status, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("return: different"));
  run = diff({"time_value", now, "--tolerance", "0.2", "0"});
  EXPECT_EQ(run.status, 0) << run.text();
  EXPECT_THAT(run.out, HasSubstr("return: close"));
  EXPECT_EQ(diff({"time_value", "time_value"}).status, 0);
  EXPECT_EQ(diff({"time_scaled", "time_value"}).status, 2) << "which of the two cases?";
  EXPECT_EQ(diff({before(), "time_value"}).status, 2);
}

TEST_F(Inspected, Diff_OfPlainPickles_ComparesTheirValues) {
  const auto made = box_.run_command({test_python(), "-c",
                                      "import pickle\n"
                                      "for p in range(3): pickle.dump([1.0, 'x'], open(f'p{p}.pkl', 'wb'), p)\n"
                                      "pickle.dump([1.0, 'y'], open('other.pkl', 'wb'))"});
  ASSERT_EQ(made.status, 0) << made.text();
  EXPECT_EQ(diff({box_.path("p0.pkl").string(), box_.path("p2.pkl").string()}).status, 0);
  const auto run = diff({box_.path("p0.pkl").string(), box_.path("other.pkl").string()});
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.out, HasSubstr("[1]"));
  EXPECT_EQ(diff({"time_scaled(1)", box_.path("p0.pkl").string()}).status, 1) << "a snapshot with a file";
}

TEST_F(Inspected, ShowAndDiff_OfADamagedObject_SayItIsUnreadable) {
  for (const auto& entry : fs::recursive_directory_iterator(box_.path("after/objects"))) {
    if (entry.is_regular_file()) fs::resize_file(entry.path(), entry.file_size() - 1);
  }
  const auto run = diff({"time_value", after() + "::time_value"});
  EXPECT_EQ(run.status, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("unreadable"));
  const auto shown = box_.run({"show", "time_value", "--snapshot-dir", after()});
  EXPECT_THAT(shown.out, HasSubstr("cannot be read")) << shown.text();
}

TEST_F(Inspected, Show_OfAnObjectsPath_Succeeds) {
  box_.write_suite("def time_large(): return list(range(100000))\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  std::size_t compressed = 0;
  for (const auto& entry : fs::recursive_directory_iterator(box_.path(".snapshots/objects"))) {
    if (!entry.is_regular_file()) continue;
    compressed += entry.path().extension() == ".zst" ? 1 : 0;
    EXPECT_EQ(show({entry.path().string()}).status, 0) << entry.path();
  }
  EXPECT_GT(compressed, 0U) << "the large list is stored as a zstd frame";
}

// A store whose values would make a file, were they unpickled.
TEST_F(Inspected, AnyCommand_OnAHostileStore_RunsNothingOfIt) {
  const std::string evil =
      "import hashlib, json, os, pathlib, pickle\n"
      "class Evil:\n"
      "    def __reduce__(self): return os.system, ('touch ' + os.getcwd() + '/ran',)\n"
      "data = pickle.dumps({'mean': Evil()})\n"
      "pathlib.Path('evil.pkl').write_bytes(data)\n"
      "name = hashlib.sha256(data).hexdigest()\n"
      "at = pathlib.Path('.snapshots/objects', name[:2], name[2:] + '.pkl')\n"
      "at.parent.mkdir(exist_ok=True)\n"
      "at.write_bytes(data)\n"
      "manifest = next(pathlib.Path('.snapshots/cases').rglob('time_value.json'))\n"
      "content = json.loads(manifest.read_text())\n"
      "for site in content['cases'][0]['sites']: site.update(object=name, bytes=len(data))\n"
      "manifest.write_text(json.dumps(content))\n";
  ASSERT_EQ(box_.run_command({test_python(), "-c", evil}).status, 0);

  EXPECT_THAT(show({"time_value"}).out, HasSubstr("system")) << "it is shown for what it is";
  EXPECT_EQ(show({"time_value", "--json"}).status, 0);
  EXPECT_EQ(diff({before(), after()}).status, 1);
  EXPECT_EQ(diff({"time_value", after() + "::time_value"}).status, 1);
  EXPECT_EQ(box_.verify().of("bench.time_value"), "different");
  EXPECT_FALSE(fs::exists(box_.path("ran"))) << "something unpickled it";

  // Unpickling it does make the file: the test can fail.
  ASSERT_EQ(box_.run_command({test_python(), "-c", "import pickle; pickle.load(open('evil.pkl', 'rb'))"}).status, 0);
  EXPECT_TRUE(fs::exists(box_.path("ran")));
}

// A pickle that would run a program, were it unpickled: every hostile file of the corpus, shown and compared, under
// strace. The only program that starts is ours, and nothing is connected to.
TEST_F(Inspected, ShowAndDiff_OfHostilePickles_StartNoProgram) {
  ST_SKIP_UNLESS(fs::exists("/usr/bin/strace"), "strace is not installed");
  const std::string hostile = std::string(SNAPSHOT_TEST_SOURCE_DIR) + "/tests/corpus/hostile";
  std::size_t traced = 0;
  const auto watch = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {
        "/usr/bin/strace", "-f", "-qq", "-e", "trace=execve,execveat,socket,connect", "-o", box_.path("calls").string(),
        Sandbox::binary()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto run = box_.run_command(command);
    ASSERT_THAT(run.status, AnyOf(0, 1, 2, 3, 4)) << run.text();
    const std::string calls = box_.read("calls");
    if (calls.find("PTRACE") != std::string::npos) GTEST_SKIP() << "strace may not trace here";
    EXPECT_EQ(calls.find("execve", calls.find("execve") + 1), std::string::npos) << arguments[1] << "\n" << calls;
    EXPECT_THAT(calls, Not(HasSubstr("socket("))) << arguments[1];
    ++traced;
  };
  for (const auto& file : corpus_files(hostile)) {
    const bool calls_out = file.name.find("system") != std::string::npos ||
                           file.name.find("eval") != std::string::npos || file.name.find("popen") != std::string::npos;
    if (!calls_out) continue;
    const std::string path = hostile + "/" + file.name;
    watch({"show", path});
    watch({"diff", path, path});
  }
  EXPECT_GT(traced, 20U);
  // A whole store of such values goes through the comparison, too.
  watch({"diff", before(), after()});
}

}  // namespace
}  // namespace snapshot_test::support
