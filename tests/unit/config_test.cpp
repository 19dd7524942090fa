#include "config/config.hpp"
#include "config/layers.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>

#include "config/asv_conf.hpp"
#include "config/json_text.hpp"
#include "config/load.hpp"
#include "config/table.hpp"
#include "util/file.hpp"

namespace snapshot_test::config {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string name = (fs::temp_directory_path() / "config_test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ConfigTest() override { fs::remove_all(folder_); }

  void write(const fs::path& name, std::string_view text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }

  Result<Config> load_with(const Json& command_line = Json::object(), OptionalPath file = {}) {
    return load({std::move(file), folder_, command_line});
  }

  std::string error(std::string_view file) {
    write(kConfigFileName, file);
    const auto config = load_with();
    if (config) {
      return "no error";
    }
    EXPECT_EQ(config.error().kind, ErrorKind::kConfig);
    return config.error().message;
  }

  std::string from(const Config& config, std::string_view key) {
    for (const Entry& entry : entries(config)) {
      if (entry.key == key) {
        return entry.from;
      }
    }
    return "no such key";
  }

  fs::path folder_;
};

TEST(Settings, SettingsWritten_AreReadAgainTheSame) {
  Json given = Json::parse(R"({
    "benchmark_dir": "b", "max_memory": 2000000, "mode": "deepest", "min_verified_counts": "any", "reducers": ["r.py"],
    "tolerance": {"rtol": 0.5, "by_dtype": {"float16": null, "int8": {"atol": 1}}},
    "overrides": [{"benchmarks": ["x"], "tolerance": {"rtol": 1}}]})");
  Config config;
  ASSERT_TRUE(apply_settings(config, given, "here"));
  EXPECT_EQ(config.benchmark_dir, fs::path("b")) << "no folder is put before it";
  EXPECT_FALSE(config.comparison.rules.by_dtype.contains("float16"));
  const Json settings = settings_of(config);
  Config again;
  ASSERT_TRUE(apply_settings(again, settings, "here"));
  EXPECT_EQ(settings_of(again), settings);
  EXPECT_EQ(again.comparison.rules.by_dtype, config.comparison.rules.by_dtype);
  EXPECT_EQ(again.comparison.rules.tolerance.rtol, 0.5);
  EXPECT_EQ(again.demands.min_verified_counts, model::Counted::kAny);
}

TEST(Settings, InvalidSetting_IsAnErrorThatNamesItsSource) {
  Config config;
  const auto applied = apply_settings(config, {{"tolerance", {{"rtoll", 1}}}}, "here");
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().message, "here: tolerance.rtoll: unknown key; did you mean 'rtol'?");
}

TEST_F(ConfigTest, NoFile_GivesTheDefaults) {
  const auto config = load_with();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->benchmark_dir);
  EXPECT_EQ(config->snapshot_dir, ".snapshots/");
  EXPECT_EQ(config->comparison.rules.tolerance.rtol, 1e-5);
  EXPECT_EQ(config->comparison.rules.tolerance.atol, 1e-8);
  EXPECT_TRUE(config->comparison.rules.equal_nan);
  EXPECT_THAT(config->suite.exclude_benchmarks, ElementsAre());
  EXPECT_EQ(config->suite.timeout, 60);
  EXPECT_TRUE(config->method.stability_check);
  EXPECT_EQ(from(*config, "timeout"), "default");
}

TEST_F(ConfigTest, DocumentedFile_IsRead) {
  write(kConfigFileName, R"({
  "benchmark_dir": "benchmarks/",
  "snapshot_dir": ".snapshots/",
  "tolerance": {"rtol": 1e-4, "atol": 0, "equal_nan": false},
  "exclude_benchmarks": ["timeraw_*"],
  "trace_depth_limit": 100,
  "verbose": false,
  "quiet": true
})");
  const auto config = load_with();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->benchmark_dir, folder_ / "benchmarks/");
  EXPECT_EQ(config->snapshot_dir, folder_ / ".snapshots/");
  EXPECT_EQ(config->comparison.rules.tolerance.rtol, 1e-4);
  EXPECT_EQ(config->comparison.rules.tolerance.atol, 0);
  EXPECT_FALSE(config->comparison.rules.equal_nan);
  EXPECT_THAT(config->suite.exclude_benchmarks, ElementsAre("timeraw_*"));
  EXPECT_EQ(config->suite.trace_depth_limit, 100u);
  EXPECT_TRUE(config->quiet);
  EXPECT_EQ(from(*config, "tolerance.rtol"), (folder_ / kConfigFileName).string());
  EXPECT_EQ(from(*config, "seed"), "default");
}

TEST_F(ConfigTest, UnknownKey_IsAnErrorWithItsPathAndASuggestion) {
  EXPECT_THAT(error(R"({"tolerance": {"rtoll": 1}})"), HasSubstr("tolerance.rtoll: unknown key; did you mean 'rtol'?"));
  EXPECT_THAT(error(R"({"benchmark_dri": "x"})"),
              HasSubstr("benchmark_dri: unknown key; did you mean 'benchmark_dir'?"));
  EXPECT_THAT(error(R"({"tolerence": {}})"), HasSubstr("did you mean 'tolerance'?"));
  EXPECT_THAT(error(R"({"zzzzzzzz": 1})"), HasSubstr("zzzzzzzz: unknown key; known here are benchmark_dir, "));
  // A key of the wrong level is not silently taken.
  EXPECT_THAT(error(R"({"rtol": 1})"), HasSubstr("rtol: unknown key"));
  EXPECT_THAT(error(R"({"tolerance.rtol": 1})"), HasSubstr("unknown key"));
}

TEST_F(ConfigTest, WrongTypeOrRange_IsAnErrorWithKeyAndValue) {
  EXPECT_THAT(error(R"({"timeout": "5"})"), HasSubstr("timeout: must be a number greater than 0, not \"5\""));
  EXPECT_THAT(error(R"({"timeout": 0})"), HasSubstr("timeout: must be"));
  EXPECT_THAT(error(R"({"workers": 2.5})"), HasSubstr("workers: must be a whole number of at least 0"));
  EXPECT_THAT(error(R"({"workers": -1})"), HasSubstr("not -1"));
  EXPECT_THAT(error(R"({"trace_depth_limit": 0})"), HasSubstr("of at least 1"));
  EXPECT_THAT(error(R"({"tolerance": 1})"), HasSubstr("tolerance: must be an object"));
  EXPECT_THAT(error(R"({"tolerance": {"atol": -1e-9}})"), HasSubstr("tolerance.atol: must be a number of at least 0"));
  EXPECT_THAT(error(R"({"tolerance": {"atol": true}})"), HasSubstr("not true"));
  EXPECT_THAT(error(R"({"strict": 1})"), HasSubstr("strict: must be true or false, not 1"));
  EXPECT_THAT(error(R"({"min_verified": 101})"), HasSubstr("at most 100"));
  EXPECT_THAT(error(R"({"compression": "gzip"})"), HasSubstr("compression: must be \"auto\" or \"none\""));
  EXPECT_THAT(error(R"({"exclude_benchmarks": "timeraw_*"})"), HasSubstr("must be a list of glob patterns"));
  EXPECT_THAT(error(R"({"exclude_benchmarks": ["a", 1]})"), HasSubstr("must be a list of glob patterns"));
  EXPECT_THAT(error(R"({"snapshot_dir": ""})"), HasSubstr("snapshot_dir: must be a path"));
  EXPECT_THAT(error(R"([1])"), HasSubstr("must be an object"));
  EXPECT_THAT(error(R"({"verbose": true, "quiet": true})"), HasSubstr("verbose and quiet contradict"));
}

TEST_F(ConfigTest, TolerancesByDtypeAndBenchmark_AreRead) {
  write(kConfigFileName, R"({
  "tolerance": {"by_dtype": {"float32": {"rtol": 1e-4}, "datetime64[ns]": {"atol": 5}, "bfloat16": null}},
  "overrides": [{"benchmarks": "linalg.*", "tolerance": {"rtol": 1e-3, "by_dtype": {"int64": {"atol": 1}}}},
                {"benchmarks": ["a", "B.c"], "tolerance": {"ignore_order": true}}],
  "reducers": "tools/reducers.py"
})");
  const auto config = load_with();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->comparison.rules.by_dtype,
              ElementsAre(Pair("datetime64[ns]", model::Tolerance{0, 5}), Pair("float16", model::Tolerance{1e-3, 1e-5}),
                          Pair("float32", model::Tolerance{1e-4, 0})));
  ASSERT_EQ(config->comparison.changes.size(), 2u);
  EXPECT_THAT(config->comparison.changes[0].benchmarks, ElementsAre("linalg.*"));
  EXPECT_THAT(config->comparison.changes[0].given, ElementsAre("by_dtype", "rtol"));
  EXPECT_EQ(config->comparison.changes[0].rules.tolerance.rtol, 1e-3);
  EXPECT_THAT(config->comparison.changes[0].rules.by_dtype, ElementsAre(Pair("int64", model::Tolerance{0, 1})));
  EXPECT_THAT(config->comparison.changes[1].given, ElementsAre("ignore_order"));
  EXPECT_TRUE(config->comparison.changes[1].rules.ignore_order);
  EXPECT_THAT(config->suite.reducers, ElementsAre(folder_ / "tools/reducers.py"));
  // What is shown can be read back.
  for (const Entry& entry : entries(*config)) {
    EXPECT_EQ(complaint(entry.key, entry.value), std::nullopt) << entry.key;
  }
}

TEST_F(ConfigTest, InvalidTolerance_IsAnErrorThatNamesThePlace) {
  EXPECT_THAT(error(R"({"tolerance": {"by_dtype": {"flaot32": {}}}})"),
              HasSubstr("tolerance.by_dtype: flaot32: unknown dtype; did you mean 'float32'?"));
  EXPECT_THAT(error(R"({"tolerance": {"by_dtype": {"int8": 1}}})"), HasSubstr("int8: must be an object such as"));
  EXPECT_THAT(error(R"({"tolerance": {"by_dtype": {"int8": {"rtol": -1}}}})"),
              HasSubstr("int8: rtol: must be a number of at least 0, not -1"));
  EXPECT_THAT(error(R"({"tolerance": {"by_dtype": {"int8": {"tol": 1}}}})"), HasSubstr("int8: tol: unknown key"));
  EXPECT_THAT(error(R"({"overrides": {}})"), HasSubstr("overrides: must be a list of objects"));
  EXPECT_THAT(error(R"({"overrides": [{"benchmarks": "a", "tolerance": {"rtoll": 1}}]})"),
              HasSubstr("overrides: entry 1: tolerance.rtoll: unknown key; did you mean 'rtol'?"));
  EXPECT_THAT(error(R"({"overrides": [{"benchmarks": "a"}]})"),
              HasSubstr("entry 1: tolerance: says what is different"));
  EXPECT_THAT(error(R"({"overrides": [{"tolerance": {"rtol": 1}}]})"), HasSubstr("entry 1: benchmarks: says which"));
  EXPECT_THAT(error(R"({"overrides": [{"benchmarks": [], "tolerance": {"rtol": 1}}]})"),
              HasSubstr("is missing or empty"));
  EXPECT_THAT(error(R"({"reducers": [1]})"), HasSubstr("reducers: must be a path or a list of paths"));
}

TEST(Rules, LaterOverride_ReplacesTheKeysItGives) {
  model::Benchmark benchmark;
  benchmark.name = "linalg.Solve.time_lu";
  benchmark.class_name = "Solve";
  benchmark.function = "time_lu";
  std::vector<model::RuleChange> changes(3);
  changes[0].benchmarks = {"linalg.*"};
  changes[0].given = {"rtol", "equal_nan"};
  changes[0].rules.tolerance.rtol = 1e-3;
  changes[0].rules.equal_nan = false;
  changes[1].benchmarks = {"Solve.time_l?"};
  changes[1].given = {"rtol", "by_dtype"};
  changes[1].rules.tolerance.rtol = 1e-2;
  changes[1].rules.by_dtype = {{"int64", {0, 1}}};
  changes[2].benchmarks = {"time_qr"};
  changes[2].given = {"atol"};
  changes[2].rules.tolerance.atol = 1;
  const model::Rules rules = model::rules_for(benchmark, {}, changes);
  EXPECT_EQ(rules.tolerance, (model::Tolerance{1e-2, 1e-8}));
  EXPECT_FALSE(rules.equal_nan);
  EXPECT_EQ(rules.by_dtype.at("int64"), (model::Tolerance{0, 1}));
  EXPECT_EQ(rules.by_dtype.at("float16"), (model::Tolerance{1e-3, 1e-5}));
}

TEST_F(ConfigTest, MalformedJson_IsAnErrorWithFileLineAndColumn) {
  EXPECT_THAT(error("{\n  \"verbose\": yes\n}"), HasSubstr(std::string(kConfigFileName) + ":2:14: malformed JSON"));
}

TEST_F(ConfigTest, RelativePath_IsRelativeToTheFilesFolder) {
  write("ci/conf.json", R"({"benchmark_dir": "../bench", "snapshot_dir": "/abs", "project_dir": "src",
                            "python": "venv/bin/python"})");
  auto config = load_with(Json::object(), folder_ / "ci/conf.json");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->benchmark_dir, folder_ / "bench");
  EXPECT_EQ(config->snapshot_dir, "/abs");
  EXPECT_EQ(config->suite.project_dir, folder_ / "ci/src");
  EXPECT_EQ(config->suite.python, (folder_ / "ci/venv/bin/python").string());

  write("ci/conf.json", R"({"python": "python3.11"})");
  config = load_with(Json::object(), folder_ / "ci/conf.json");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->suite.python, "python3.11") << "a name is for PATH";
  EXPECT_EQ(config->snapshot_dir, ".snapshots/") << "a default is no path of the file's";
}

TEST_F(ConfigTest, NamedFileThatIsMissing_IsAnError) {
  const auto config = load_with(Json::object(), folder_ / "none.json");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(config.error().message, HasSubstr("none.json"));
}

TEST_F(ConfigTest, Precedence_IsCommandLineThenFileThenAsvThenDefault) {
  fs::create_directory(folder_ / "benchmarks");
  auto config = load_with();
  ASSERT_TRUE(config);
  EXPECT_EQ(config->benchmark_dir, folder_ / "benchmarks/");
  EXPECT_EQ(from(*config, "benchmark_dir"), "default");

  write("asv.conf.jsonc", "{benchmark_dir: 'asv_bench', default_benchmark_timeout: 300, /* other */ x: 1}");
  config = load_with();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->benchmark_dir, folder_ / "asv_bench");
  EXPECT_EQ(config->suite.timeout, 300);
  EXPECT_EQ(from(*config, "timeout"), (folder_ / "asv.conf.jsonc").string());

  write(kConfigFileName, R"({"benchmark_dir": "mine", "timeout": 9, "exclude_benchmarks": ["a*"], "strict": true})");
  config = load_with();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->benchmark_dir, folder_ / "mine");
  EXPECT_EQ(config->suite.timeout, 9);

  config = load_with({{"benchmark_dir", "cli"}, {"timeout", 1}, {"exclude_benchmarks", {"b*"}}, {"strict", false}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->benchmark_dir, "cli");
  EXPECT_EQ(config->suite.timeout, 1);
  EXPECT_FALSE(config->demands.strict);
  EXPECT_THAT(config->suite.exclude_benchmarks, ElementsAre("a*", "b*")) << "lists add up";
  EXPECT_EQ(from(*config, "benchmark_dir"), "command line");
  EXPECT_THAT(from(*config, "exclude_benchmarks"), HasSubstr("snapshot_config.json and command line"));
}

TEST_F(ConfigTest, FileInAFolderAbove_IsRead) {
  write("asv.conf.json", R"({"benchmark_dir": "suite", "default_benchmark_timeout": 7})");
  write(kConfigFileName, "{\"strict\": true,  // asv's files may have comments, too\n}");
  fs::create_directories(folder_ / "suite/deep");
  const auto config = load({{}, folder_ / "suite/deep", Json::object()});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->benchmark_dir, folder_ / "suite");
  EXPECT_EQ(config->suite.timeout, 7);
  EXPECT_TRUE(config->demands.strict);
  EXPECT_EQ(config->snapshot_dir, folder_ / ".snapshots/") << "beside the configuration";
  EXPECT_EQ(config->file, folder_ / kConfigFileName);
}

TEST_F(ConfigTest, NamedSuite_HasTheFilesOfItsOwnFolder) {
  write(kConfigFileName, R"({"strict": true})");
  write("other/asv.conf.json", R"({"default_benchmark_timeout": 8})");
  write("other/snapshot_config.json", R"({"snapshot_dir": "store"})");
  fs::create_directories(folder_ / "other/benchmarks");
  for (const char* named : {"other", "other/benchmarks", "other/benchmarks/"}) {
    const auto config = load_with({{"benchmark_dir", (folder_ / named).string()}});
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_TRUE(fs::equivalent(*config->benchmark_dir, folder_ / "other/benchmarks"))
        << named << ": the names of the cases do not depend on which of the two is named";
    EXPECT_EQ(config->suite.timeout, 8);
    EXPECT_FALSE(config->demands.strict);
    EXPECT_TRUE(fs::weakly_canonical(config->snapshot_dir) == fs::weakly_canonical(folder_ / "other/store"));
  }
}

TEST_F(ConfigTest, FileAboveTheRepository_IsNotRead) {
  write(kConfigFileName, R"({"strict": true})");
  fs::create_directories(folder_ / ".snapshots");
  fs::create_directories(folder_ / "checkout/.git");
  fs::create_directories(folder_ / "checkout/sub");
  const auto config = load({{}, folder_ / "checkout/sub", Json::object()});
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->demands.strict);
  EXPECT_EQ(config->snapshot_dir, ".snapshots/");
}

TEST_F(ConfigTest, StoreInAFolderAbove_IsUsed) {
  fs::create_directories(folder_ / ".snapshots");
  fs::create_directories(folder_ / "sub/deep");
  EXPECT_EQ(load({{}, folder_ / "sub/deep", Json::object()})->snapshot_dir, folder_ / ".snapshots/");
  EXPECT_EQ(load({{}, folder_ / "sub/deep", {{"snapshot_dir", "mine"}}})->snapshot_dir, "mine");
  EXPECT_EQ(load_with()->snapshot_dir, ".snapshots/");
}

TEST_F(ConfigTest, VerbosityOnTheCommandLine_ReplacesTheFiles) {
  write(kConfigFileName, R"({"quiet": true})");
  const auto config = load_with({{"verbose", true}});
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->verbose);
  EXPECT_FALSE(config->quiet);

  const auto both = load_with({{"verbose", true}, {"quiet", true}});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().kind, ErrorKind::kUsage);
}

TEST_F(ConfigTest, BrokenAsvConf_IsAnErrorOnlyWhereItDecides) {
  write("asv.conf.json", "{benchmark_dir: }");
  const auto config = load_with();
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(config.error().message, HasSubstr("asv.conf.json:1:17: malformed JSON"));
  EXPECT_THAT(config.error().message, HasSubstr("--timeout"));

  EXPECT_TRUE(load_with({{"benchmark_dir", "b"}, {"timeout", 5}}));
}

TEST_F(ConfigTest, Null_MeansUnset) {
  write("asv.conf.json", R"({"benchmark_dir": ".", "default_benchmark_timeout": null})");
  write(kConfigFileName, R"({"benchmark_dir": null, "timeout": null, "python": null, "project_dir": null})");
  const auto config = load_with();
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->suite.timeout, 60);
  EXPECT_TRUE(fs::equivalent(*config->benchmark_dir, folder_));
  EXPECT_FALSE(config->suite.python);
}

TEST(AsvConf, WrongValue_IsAnError) {
  EXPECT_FALSE(parse_asv_conf("{benchmark_dir: 1}", "asv.conf.json"));
  EXPECT_FALSE(parse_asv_conf("{default_benchmark_timeout: -1}", "asv.conf.json"));
  EXPECT_FALSE(parse_asv_conf("[]", "asv.conf.json"));
  const auto minimal = parse_asv_conf("{}", "asv.conf.json");
  ASSERT_TRUE(minimal);
  EXPECT_EQ(minimal->benchmark_dir, "benchmarks");
}

TEST(Complaint, ValueOutOfItsRange_IsAComplaint) {
  EXPECT_EQ(complaint("tolerance.rtol", 1e-3), std::nullopt);
  EXPECT_EQ(complaint("tolerance.rtol", -1), "must be a number of at least 0, not -1");
  EXPECT_EQ(complaint("min_verified", 200), "must be a number of at least 0 and at most 100, not 200");
}

TEST_F(ConfigTest, DefaultFile_ReadsBackAsTheDefaults) {
  write(kConfigFileName, default_file_text());
  const auto config = load_with();
  ASSERT_TRUE(config) << config.error().message;
  Config defaults;
  defaults.benchmark_dir = folder_ / "benchmarks/";
  defaults.snapshot_dir = folder_ / ".snapshots/";
  defaults.suite.timeout = model::kDefaultTimeout;
  const auto values = [](const Config& any) {
    std::vector<std::string> texts;
    for (const Entry& entry : entries(any)) {
      texts.push_back(entry.key + "=" + entry.value.dump());
    }
    return texts;
  };
  EXPECT_EQ(values(*config), values(defaults));
}

TEST(DefaultFile, RepositorysFile_IsWhatInitWrites) {
  const auto text = util::read_file(fs::path(SNAPSHOT_TEST_SOURCE_DIR) / kConfigFileName);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, default_file_text());
}

}  // namespace
}  // namespace snapshot_test::config
