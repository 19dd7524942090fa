#include "util/cgroup.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace snapshot_test::util {
namespace {

namespace fs = std::filesystem;

/// proc/ and sys/ of a machine that is not there.
class CgroupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cgroup_test.XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }
  void put(const std::string& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  fs::path root_;
};

TEST_F(CgroupTest, NoControlGroups_LimitNothing) {
  EXPECT_FALSE(cgroup_limits(root_).cpus);
  EXPECT_FALSE(cgroup_limits(root_).memory);
  cpu_set_t processors;
  ASSERT_EQ(::sched_getaffinity(0, sizeof processors, &processors), 0);
  EXPECT_EQ(usable_processors(root_), static_cast<unsigned>(CPU_COUNT(&processors)));
}

TEST_F(CgroupTest, Version2_IsReadFromItsGroup) {
  put("proc/self/cgroup", "0::/job\n");
  put("sys/fs/cgroup/job/cpu.max", "150000 100000\n");
  put("sys/fs/cgroup/job/memory.max", "536870912\n");
  EXPECT_DOUBLE_EQ(*cgroup_limits(root_).cpus, 1.5);
  EXPECT_EQ(*cgroup_limits(root_).memory, 512u << 20);
}

TEST_F(CgroupTest, Version2InItsOwnNamespace_IsReadFromTheMount) {
  put("proc/self/cgroup", "0::/\n");
  put("sys/fs/cgroup/cpu.max", "50000 100000\n");
  put("sys/fs/cgroup/memory.max", "max\n");
  EXPECT_DOUBLE_EQ(*cgroup_limits(root_).cpus, 0.5);
  EXPECT_FALSE(cgroup_limits(root_).memory);
  EXPECT_EQ(usable_processors(root_), 1u) << "less than one is one";
}

TEST_F(CgroupTest, TightestGroupOfAll_Counts) {
  put("proc/self/cgroup", "0::/a/b/c\n");
  put("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  put("sys/fs/cgroup/a/b/cpu.max", "100000 100000\n");
  put("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  put("sys/fs/cgroup/a/memory.max", "1000000\n");
  put("sys/fs/cgroup/a/b/c/memory.max", "2000000\n");
  EXPECT_DOUBLE_EQ(*cgroup_limits(root_).cpus, 1);
  EXPECT_EQ(*cgroup_limits(root_).memory, 1000000u);
}

TEST_F(CgroupTest, PathOfTheMachine_WhichIsNotThereInTheContainer_DoesNoHarm) {
  put("proc/self/cgroup", "0::/system.slice/docker-1a2b.scope\n");
  put("sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_DOUBLE_EQ(*cgroup_limits(root_).cpus, 1);
}

TEST_F(CgroupTest, Version1_IsReadByController) {
  put("proc/self/cgroup", "9:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n2:cpuset:/docker/1\n1:name=systemd:/x\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "250000\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "268435456\n");
  EXPECT_DOUBLE_EQ(*cgroup_limits(root_).cpus, 2.5);
  EXPECT_EQ(*cgroup_limits(root_).memory, 256u << 20);
}

TEST_F(CgroupTest, Version1WithoutLimits_LimitsNothing) {
  put("proc/self/cgroup", "9:memory:/\n4:cpu:/\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_FALSE(cgroup_limits(root_).cpus);
  EXPECT_FALSE(cgroup_limits(root_).memory);
}

TEST_F(CgroupTest, Nonsense_LimitsNothing) {
  put("proc/self/cgroup", "what\n0::/../../..\n0::\n");
  for (const char* text : {"", "0 0", "x y", "100000 0", "-5 100000", "1 2 3"}) {
    put("sys/fs/cgroup/cpu.max", text);
    EXPECT_FALSE(cgroup_limits(root_).cpus) << text;
  }
}

TEST_F(CgroupTest, ProcessorsOfTheProcess_AreCounted) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &before)) {
      CPU_SET(i, &one);
      break;
    }
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(usable_processors(root_), 1u);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
  put("proc/self/cgroup", "0::/\n");
  put("sys/fs/cgroup/cpu.max", "99900000 100000\n");
  EXPECT_EQ(usable_processors(root_), static_cast<unsigned>(CPU_COUNT(&before)))
      << "a quota gives no more than there are";
}

}  // namespace
}  // namespace snapshot_test::util
