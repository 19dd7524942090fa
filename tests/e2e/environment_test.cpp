// What is said of an environment that is not that of the baseline.
#include <gmock/gmock.h>

#include <string>

#include "support/sandbox.hpp"

namespace snapshot_test::support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Environment : public testing::Test {
 protected:
  Environment() {
    box_.write_suite("import lib\ndef time_a(): return lib.VALUE\ndef time_b(): return 2\n");
    box_.write_library("VALUE = 1\n");
  }
  void use_tool(const std::string& version) { box_.write("project/tool.py", "__version__ = '" + version + "'\n"); }
  static RunOptions with(const std::string& name, const std::string& value) {
    RunOptions options;
    options.environment[name] = value;
    return options;
  }
  Sandbox box_;
};

TEST_F(Environment, IsNotSpokenOfWhereItIsTheSame) {
  ASSERT_EQ(box_.capture().run.status, 0);
  const auto verified = box_.verify();
  EXPECT_THAT(verified.run.out, Not(HasSubstr("since the baseline was captured")));
  EXPECT_TRUE(verified.json["plan"]["environment"].empty());
}

TEST_F(Environment, Differs_IsSaidAtTheTopAndBesideEachFailure) {
  ASSERT_EQ(box_.capture({}, with("OPENBLAS_CORETYPE", "Haswell")).run.status, 0);
  box_.write_library("VALUE = 3\n");
  const auto verified = box_.verify({}, with("OPENBLAS_CORETYPE", "SkylakeX"));
  EXPECT_EQ(verified.run.status, 1);
  EXPECT_THAT(verified.run.out,
              AllOf(HasSubstr("\nsince the baseline was captured: OPENBLAS_CORETYPE Haswell -> SkylakeX\n"),
                    HasSubstr("\n  since it was captured: OPENBLAS_CORETYPE Haswell -> SkylakeX\n")))
      << verified.run.out;
  EXPECT_EQ(verified.json["plan"]["environment"][0]["now"], "SkylakeX");
  EXPECT_EQ(verified.entry("bench.time_a")["environment"][0]["before"], "Haswell");
  EXPECT_FALSE(verified.entry("bench.time_b").contains("environment"));
}

TEST_F(Environment, DiffersWhereItMustBeTheSame_IsAnError) {
  ASSERT_EQ(box_.capture().run.status, 0);
  const auto refused = box_.verify({"--same-environment", "OPENBLAS_*"}, with("OPENBLAS_NUM_THREADS", "1"));
  EXPECT_EQ(refused.run.status, 2);
  EXPECT_THAT(refused.run.err, HasSubstr("OPENBLAS_NUM_THREADS none -> 1"));
  EXPECT_TRUE(refused.json["summary"]["ok"].is_null());
  EXPECT_EQ(
      box_.verify({"--same-environment", "python", "--same-environment", "cpu"}, with("OPENBLAS_NUM_THREADS", "1"))
          .run.status,
      0);
}

TEST_F(Environment, PortableCapture_IsRecordedAndChecked) {
  ST_NEEDS_NUMPY();
  box_.write_suite(
      "import numpy, os\n"
      "def time_a(): return numpy.linspace(0, 1, 1000) @ numpy.linspace(1, 2, 1000)\n"
      "def time_features(): return os.environ['OPENBLAS_CORETYPE']\n");
  const auto captured = box_.capture({"--portable"});
  ASSERT_EQ(captured.run.status, 0) << captured.text();
  EXPECT_EQ(captured.of("bench.time_a"), "outer") << captured.text();
  EXPECT_EQ(captured.of("bench.time_features"), "outer") << captured.text();
  const auto same = box_.verify({"--portable", "--same-environment", "*"});
  EXPECT_EQ(same.run.status, 0) << same.text();
  const auto other = box_.verify();
  EXPECT_THAT(other.run.out, HasSubstr("since the baseline was captured: NPY_DISABLE_CPU_FEATURES AVX"));
  EXPECT_EQ(box_.verify({"--same-environment", "NPY_*"}).run.status, 2);
}

}  // namespace
}  // namespace snapshot_test::support
