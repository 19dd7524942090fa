// Reports in files for CI systems and people, of the real program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSuite =
    "import lib\n"
    "class Core:\n"
    "    params = ['<b>', ']]>']\n"
    "    def time_value(self, text):\n"
    "        return lib.value(text)\n"
    "def time_nothing():\n"
    "    pass\n"
    "def time_vacuous():\n"
    "    print('x')\n";

class Reports : public testing::Test {
 protected:
  Reports() {
    sandbox_.write_suite(kSuite);
    sandbox_.write_library("def value(text): return 1\n");
    EXPECT_EQ(sandbox_.capture().run.status, 0);
    sandbox_.write_library("def value(text): return 2\n");
  }
  Sandbox sandbox_;
};

TEST_F(Reports, Junit_NamesModuleFileLineAndUnverifiedCases) {
  const Report verified = sandbox_.verify({"--junit", "junit.xml"});
  EXPECT_EQ(verified.run.status, 1);
  const std::string xml = sandbox_.read("junit.xml");
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"bench\""));
  EXPECT_THAT(xml, HasSubstr("file=\"benchmarks/bench.py\" tests=\"4\" failures=\"2\" errors=\"0\""));
  EXPECT_THAT(xml, HasSubstr("classname=\"bench.Core\" name=\"time_value('&lt;b>')\""));
  EXPECT_THAT(xml, HasSubstr("benchmarks/bench.py:4\n"));
  EXPECT_THAT(xml, HasSubstr("<skipped type=\"vacuous\" message=\"UNVERIFIED: vacuous: "));
  const auto entry = verified.entry("bench.Core.time_value('<b>')");
  EXPECT_EQ(entry["module"], "bench");
  EXPECT_EQ(entry["line"], 4);
  EXPECT_THAT(entry["file"].get<std::string>(), testing::EndsWith("/benchmarks/bench.py"));
}

TEST_F(Reports, JsonOfCloseAndDifferentValues_HasTheirSketches) {
  Sandbox sandbox;
  sandbox.write_suite("import lib\ndef time_close(): return lib.value()\ndef time_far(): return lib.far()\n");
  sandbox.write_library("def value(): return [1.0, 2.0]\ndef far(): return [1.0, 2.0, 3.0]\n");
  EXPECT_EQ(sandbox.capture().run.status, 0);
  sandbox.write_library("def value(): return [1.0, 2.0 + 2**-50]\ndef far(): return [2.0, 4.0, 6.0]\n");
  const Report verified = sandbox.verify();
  const auto close = verified.entry("bench.time_close")["sites"][0];
  EXPECT_EQ(close["match"], "close");
  EXPECT_EQ(close["details"]["sketch"]["reading"], "rounding: 2 ulp apart");
  EXPECT_EQ(verified.entry("bench.time_far")["sites"][0]["details"]["groups"][0]["count"], 3);
  EXPECT_THAT(verified.run.out, HasSubstr("structural: 100 % of 3 elements, by a factor 2"));
}

TEST_F(Reports, ReportThatCannotBeWritten_IsToldByTheOthers) {
  sandbox_.write_library("def value(text): return 1\n");
  const Report good = sandbox_.verify({"--summary", "summary.json"});
  EXPECT_EQ(good.run.status, 0) << good.text();
  EXPECT_EQ(sandbox_.read_json("summary.json")["ok"], true);
  const Report full = sandbox_.verify({"--summary", "summary.json", "--html", "/dev/full"});
  EXPECT_EQ(full.run.status, 3) << full.text();
  EXPECT_THAT(full.run.err, HasSubstr("/dev/full"));
  const auto summary = sandbox_.read_json("summary.json");
  EXPECT_TRUE(summary["ok"].is_null()) << summary;
  EXPECT_EQ(summary["status"], "internal");
  EXPECT_EQ(summary["exit_status"], 3);
  EXPECT_THAT(summary["failure"].get<std::string>(), HasSubstr("/dev/full"));
}

TEST_F(Reports, JunitOfARunThatCannotStart_HasAnError) {
  std::filesystem::remove_all(sandbox_.path(".snapshots"));
  const Report verified = sandbox_.verify({"--junit", "junit.xml"});
  EXPECT_EQ(verified.run.status, 4);
  EXPECT_THAT(sandbox_.read("junit.xml"), HasSubstr("<error type=\"no-baseline\""));
}

}  // namespace
}  // namespace snapshot_test::support
