// What is said of an environment that is not that of the baseline.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

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

/// An environment with another numpy: scripts/test makes it.
std::string other_python() {
  const char* path = std::getenv("SNAPSHOT_TEST_OTHER_PYTHON");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  return path == nullptr ? "" : path;
}
#define ST_NEEDS_OTHER_NUMPY() \
  ST_NEEDS_NUMPY();            \
  ST_SKIP_UNLESS(!other_python().empty(), "there is no environment with another numpy")

class TwoEnvironments : public Environment {
 protected:
  Report in_other(const std::string& command, const std::vector<std::string>& extra) {
    std::vector<std::string> arguments = box_.suite_arguments(command);
    *(std::find(arguments.begin(), arguments.end(), "--python") + 1) = other_python();
    arguments.insert(arguments.end(), {"--json", box_.path("other.json").string()});
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    Report report{box_.run(arguments), nullptr};
    report.json = box_.read_json("other.json");
    return report;
  }
  static std::string version_in(const std::string& python) {
    const Sandbox box;
    std::string said = box.run_command({python, "-c", "import numpy; print(numpy.__version__)"}).out;
    return said.substr(0, said.find('\n'));
  }
};

TEST_F(TwoEnvironments, AnotherNumpy_IsSaidRefusedAndNeverTolerated) {
  ST_NEEDS_OTHER_NUMPY();
  const std::string change = "numpy " + version_in(test_python()) + " -> " + version_in(other_python());
  box_.write_suite(
      "import numpy\n"
      "def time_version(): return numpy.__version__\n"
      "def time_sum(): return numpy.arange(1000).sum()\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  const auto here = box_.verify({"--same-environment", "*"});
  EXPECT_EQ(here.run.status, 0) << here.text();
  const auto there = in_other("verify", {});
  EXPECT_EQ(there.run.status, 1) << there.text();
  EXPECT_EQ(there.of("bench.time_version"), "different");
  EXPECT_THAT(there.run.out, AllOf(HasSubstr("since the baseline was captured: " + change),
                                   HasSubstr("  since it was captured: " + change)));
  EXPECT_EQ(there.entry("bench.time_version")["environment"][0]["part"], "numpy");
  const auto refused = in_other("verify", {"--same-environment", "numpy"});
  EXPECT_EQ(refused.run.status, 2);
  EXPECT_THAT(refused.run.err,
              HasSubstr("the environment is not that of the baseline (--same-environment): " + change));
  EXPECT_TRUE(refused.json["summary"]["ok"].is_null());
  EXPECT_EQ(in_other("verify", {"--same-environment", "python", "--same-environment", "cpu"}).run.status, 1);
}

TEST_F(TwoEnvironments, Variants_KeepABaselineForEach) {
  ST_NEEDS_OTHER_NUMPY();
  box_.write_suite("import numpy\ndef time_version(): return numpy.__version__\n");
  const std::vector<std::string> variant{"--variant", "numpy{numpy}"};
  ASSERT_EQ(box_.capture(variant).run.status, 0);
  const auto none = in_other("verify", variant);
  EXPECT_EQ(none.run.status, 5);
  EXPECT_THAT(none.run.out, HasSubstr("the store has no baseline of the variant 'numpy" + version_in(other_python()) +
                                      "'; it has 'numpy" + version_in(test_python()) + "'"));
  ASSERT_EQ(in_other("capture", variant).run.status, 0);
  EXPECT_EQ(in_other("verify", variant).run.status, 0);
  EXPECT_EQ(box_.verify(variant).run.status, 0);
}

TEST_F(TwoEnvironments, StatusOfOneIsComparedInTheOther) {
  ST_NEEDS_OTHER_NUMPY();
  box_.write_suite(
      "import numpy\n"
      "def time_old():\n"
      "    if int(numpy.__version__[0]) > 1: raise AttributeError('gone')\n"
      "    return 1\n"
      "def time_one(): return 1\n");
  ASSERT_EQ(box_.capture().run.status, 0);
  auto arguments = box_.suite_arguments("baseline");
  ASSERT_EQ(box_.run(arguments).status, 0);
  const auto there = in_other("verify", {"--against-status", box_.path(".snapshots/status.json").string()});
  EXPECT_EQ(there.run.status, 1) << there.text();
  EXPECT_THAT(there.run.out, AllOf(HasSubstr("since the status file was written: numpy "),
                                   HasSubstr("pass to fail: 1 case\n  bench.time_old\n")));
}

TEST_F(Environment, DisabledCpuFeatures_AreSaidRefusedAndPinnedByPortable) {
  ST_NEEDS_NUMPY();
  box_.write_suite(
      "import numpy\n"
      "core = getattr(numpy, '_core', None) or numpy.core\n"
      "def time_avx2(): return core._multiarray_umath.__cpu_features__['AVX2']\n"
      "def time_exp(): return numpy.exp(numpy.linspace(-1, 1, 999, dtype='f4'))\n");
  const bool has_avx2 = box_.run_command({"/bin/sh", "-c", "grep -qw avx2 /proc/cpuinfo"}).status == 0;
  ASSERT_EQ(box_.capture().run.status, 0);
  const RunOptions disabled = with("NPY_DISABLE_CPU_FEATURES", "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX");
  const auto other = box_.verify({}, disabled);
  EXPECT_EQ(other.of("bench.time_avx2"), has_avx2 ? "different" : "identical") << other.text();
  EXPECT_THAT(other.of("bench.time_exp"), testing::AnyOf("identical", "close"));
  EXPECT_THAT(other.run.out,
              HasSubstr("since the baseline was captured: NPY_DISABLE_CPU_FEATURES none -> AVX2 FMA3 AVX512F"));
  EXPECT_EQ(box_.verify({"--same-environment", "NPY_DISABLE_CPU_FEATURES"}, disabled).run.status, 2);
  ASSERT_EQ(box_.capture({"--portable", "--yes"}).run.status, 0);
  // Whatever the environment says, --portable has the same kernels.
  const auto portable = box_.verify({"--portable", "--same-environment", "*"}, disabled);
  EXPECT_EQ(portable.run.status, 0) << portable.text();
  EXPECT_EQ(portable.of("bench.time_avx2"), "identical");
  EXPECT_EQ(portable.of("bench.time_exp"), "identical");
  const auto without = box_.verify();
  EXPECT_EQ(without.of("bench.time_avx2"), has_avx2 ? "different" : "identical");
}

}  // namespace
}  // namespace snapshot_test::support
