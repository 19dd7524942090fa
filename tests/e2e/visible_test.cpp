// Whatever a stranger's store, suite or files are called and hold: no output of any command steers a terminal, hides
// what it says, or says it in another order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

namespace fs = std::filesystem;

/// ESC, a C1 control in UTF-8 and as a byte, marks of direction, characters without width, backspace, delete, return.
constexpr const char* kPoison =
    "p\x1b[31m\xC2\x9b"
    "2J\xE2\x80\xAE\xE2\x80\x8B\xE2\x81\xA6\xD8\x9C\xEF\xBB\xBF\xE2\x81\xA0\xE2\x80\x8F\b\x7f\rq";
/// The same in Python and JSON source.
constexpr const char* kPoisonEscaped =
    "p\\u001b[31m\\u009b2J\\u202e\\u200b\\u2066\\u061c\\ufeff\\u2060\\u200f\\u0008\\u007f\\rq";

/// What of it is still in `output`.
std::string poison_in(const std::string& output) {
  static const std::vector<std::pair<const char*, std::string>> kNever{{"ESC", "\x1b"},
                                                                       {"BS", "\b"},
                                                                       {"DEL", "\x7f"},
                                                                       {"CR", "\r"},
                                                                       {"U+009B", "\xC2\x9b"},
                                                                       {"U+202E", "\xE2\x80\xAE"},
                                                                       {"U+200B", "\xE2\x80\x8B"},
                                                                       {"U+200F", "\xE2\x80\x8F"},
                                                                       {"U+2066", "\xE2\x81\xA6"},
                                                                       {"U+2060", "\xE2\x81\xA0"},
                                                                       {"U+061C", "\xD8\x9C"},
                                                                       {"U+FEFF", "\xEF\xBB\xBF"}};
  std::string found;
  for (const auto& [name, bytes] : kNever) {
    if (const auto at = output.find(bytes); at != std::string::npos) {
      found += std::string(name) + " behind '" + output.substr(at < 60 ? 0 : at - 60, at < 60 ? at : 60) + "'\n";
    }
  }
  for (std::size_t i = 0; i < output.size(); ++i) {
    const auto byte = static_cast<unsigned char>(output[i]);
    const bool continued = i > 0 && static_cast<unsigned char>(output[i - 1]) >= 0x80;
    if (byte >= 0x80 && byte < 0xC0 && !continued) found += "a stray byte at " + std::to_string(i) + "\n";
  }
  return found;
}

void expect_clean(const Run& run, const std::string& what) {
  EXPECT_EQ(poison_in(run.out), "") << what;
  EXPECT_EQ(poison_in(run.err), "") << what;
  EXPECT_FALSE(run.killed_at_deadline) << what;
}

/// Adds the poison to every text of a JSON value that is not what holds the store together.
void poison(nlohmann::json& json) {
  static const std::set<std::string> kStructure{"format", "site", "status", "ending", "object", "benchmark",
                                                "type",   "run",  "id",     "module", "class",  "function"};
  for (auto it = json.begin(); it != json.end(); ++it) {
    const bool named = json.is_object();
    if (named && kStructure.count(it.key()) != 0 && !it->is_structured()) continue;
    if (it->is_string()) {
      *it = it->get<std::string>() + kPoison;
    } else if (it->is_structured()) {
      poison(*it);
    }
  }
}

class Poisoned : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string text = kPoisonEscaped;
    box_.write("benchmarks/__init__.py", "");
    box_.write("benchmarks/bench.py",
               "import lib, os\n"
               "P = '" +
                   text +
                   "'\n"
                   "class Local: pass\n"
                   "Local.__name__ = Local.__qualname__ = P\n"
                   "def time_value(n): return lib.f(P + n)\n"
                   "time_value.params = [[P, 'plain']]\n"
                   "time_value.param_names = [P]\n"
                   "def time_raises(): raise ValueError(P)\n"
                   "def time_skips():\n"
                   "    raise NotImplementedError(P)\n"
                   "def time_prints():\n"
                   "    print(P); os.write(1, P.encode() + b'\\x9b31m\\xff'); return 1\n"
                   "def time_type(): return {P: Local}\n"
                   "def time_state(): globals()[P] = 1\n"
                   "def setup(*args): pass\n");
    box_.write("benchmarks/broken.py", "raise ImportError('" + text + "')\n");
    box_.write_library("def f(x): return {x: [1.0, x]}\n");
    (void)box_.capture();
    ASSERT_TRUE(fs::exists(box_.path(".snapshots/format.json")));
  }

  void poison_store(const std::string& folder) const {
    for (const auto& entry : fs::recursive_directory_iterator(box_.path(folder))) {
      const auto name = entry.path().filename().string();
      if (entry.is_regular_file() && name.ends_with(".json") && name != "format.json") {
        const auto relative = fs::relative(entry.path(), box_.root());
        auto json = box_.read_json(relative);
        poison(json);
        box_.write(relative, json.dump());
      }
    }
  }

  [[nodiscard]] std::vector<std::vector<std::string>> commands(const std::string& store) const {
    const auto suite = box_.path("benchmarks").string();
    const std::vector<std::string> run{
        suite, "--python", test_python(), "--project-dir", box_.path("project").string(), "--snapshot-dir", store};
    std::vector<std::vector<std::string>> all;
    const auto add = [&](std::vector<std::string> words, const std::vector<std::string>& more) {
      words.insert(words.end(), more.begin(), more.end());
      all.push_back(std::move(words));
    };
    for (const std::vector<std::string>& how : {std::vector<std::string>{},
                                                {"--verbose"},
                                                {"--json", "-"},
                                                {"--events", "-"},
                                                {"--summary", "-"},
                                                {"--quiet"},
                                                {"--filter", std::string("(") + kPoison},
                                                {"--bench-dir-of-nobody", kPoison}}) {
      add({"verify"}, run), all.back().insert(all.back().end(), how.begin(), how.end());
    }
    add({"list"}, run);
    add({"list", "--json"}, run);
    add({"list", "--cases"}, run);
    for (const std::vector<std::string>& how : {std::vector<std::string>{}, {"--json"}}) {
      add({"show", "--snapshot-dir", store}, how);
      add({"show", "time_value", "--snapshot-dir", store}, how);
      add({"show", "time_prints", "--snapshot-dir", store}, how);
      add({"show", "*", "--snapshot-dir", store}, how);
      add({"show", "time_type", "--snapshot-dir", store}, how);
      add({"show", "time_state", "--snapshot-dir", store}, how);
      add({"show", kPoison, "--snapshot-dir", store}, how);
      add({"diff", store, box_.path("other").string()}, how);
      add({"diff", "time_prints", box_.path("other").string() + "::time_prints", "--snapshot-dir", store}, how);
      add({"diff", kPoison, std::string("./") + kPoison}, how);
      add({"config", suite, "--show", "--snapshot-dir", store + kPoison}, how);
    }
    add({"config", suite, "--config", box_.path(kPoison).string()}, {});
    add({"clean", "--dry-run", "--snapshot-dir", store}, {});
    add({"clean", "--snapshot-dir", box_.path(kPoison).string()}, {});
    add({kPoison}, {});
    add({"verify", kPoison}, {});
    add({"verify", std::string("--") + kPoison}, {});
    add({"verify", suite, "--python", kPoison}, {});
    // The last: a capture writes over what is poisoned.
    add({"capture", "--verbose"}, run);
    add({"capture", "--json", "-"}, run);
    return all;
  }

  Sandbox box_;
};

TEST_F(Poisoned, OutputOfAnyCommand_HasNoControlCharacters) {
  fs::copy(box_.path(".snapshots"), box_.path("other"), fs::copy_options::recursive);
  box_.write_library("def f(x): return {x: [2.0, x, x]}\n");
  const auto odd = box_.path(std::string("store") + kPoison);
  fs::copy(box_.path(".snapshots"), odd, fs::copy_options::recursive);
  poison_store(".snapshots");
  poison_store(odd.filename().string());
  RunOptions options;
  options.environment = {{"VIRTUAL_ENV", kPoison}, {"TERM", kPoison}};
  for (const auto& store : {box_.path(".snapshots").string(), odd.string()}) {
    for (const auto& words : commands(store)) {
      std::string what;
      for (const auto& word : words) what += word + " ";
      expect_clean(box_.run(words, options), what);
    }
  }
}

TEST_F(Poisoned, ReportFiles_HaveNoControlCharacters) {
  poison_store(".snapshots");
  for (const char* command : {"verify", "capture"}) {
    auto words = box_.suite_arguments(command);
    const std::array<std::string, 3> files{box_.path("r.json").string(), box_.path("s.txt").string(),
                                           box_.path("e.jsonl").string()};
    words.insert(words.end(), {"--json", files[0], "--summary", files[1], "--events", files[2], "--verbose"});
    expect_clean(box_.run(words), command);
    for (const auto& file : files) EXPECT_EQ(poison_in(box_.read(fs::path(file).filename())), "") << file;
    EXPECT_NO_THROW((void)box_.read_json("r.json"));
  }
}

TEST_F(Poisoned, BranchName_IsPrintedWithoutControlCharacters) {
  const auto git = [&](const std::string& words) {
    return box_.run_command(
        {"/bin/bash", "-c", "git -c user.name=a -c user.email=b -C '" + box_.root().string() + "' " + words});
  };
  if (git("init -q").status != 0) GTEST_SKIP() << "no git here";
  (void)git("checkout -q -b \"$(printf 'b\\342\\200\\256\\302\\233x')\"");
  (void)git("add benchmarks && git -c user.name=a -c user.email=b commit -q -m x");
  for (const auto& words : {box_.suite_arguments("capture"), box_.suite_arguments("verify")}) {
    auto verbose = words;
    verbose.emplace_back("--verbose");
    expect_clean(box_.run(verbose), words[0]);
  }
  expect_clean(box_.run({"show", "time_prints", "--snapshot-dir", box_.path(".snapshots").string()}), "show");
}

}  // namespace
}  // namespace snapshot_test::support
