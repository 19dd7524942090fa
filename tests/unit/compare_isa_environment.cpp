// Lets $SNAPSHOT_TEST_ISA choose the build of the inner loops that all tests of a program use.
#include <gtest/gtest.h>

#include <cstdlib>

#include "compare/kernels.hpp"

namespace snapshot_test::compare {
namespace {

class IsaEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* name = std::getenv("SNAPSHOT_TEST_ISA");
    if (name != nullptr && !use_instruction_set(name)) GTEST_SKIP() << "this machine cannot run " << name;
  }
};

const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new IsaEnvironment);

}  // namespace
}  // namespace snapshot_test::compare
