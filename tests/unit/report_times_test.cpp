// The times of two sides' calls: sums, and what is more than chance.
#include "report/times_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snapshot_test::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Times, LargeChanges_AreListedTheLargestFirst) {
  const std::string text = times_text({{"a", 1.0, 0.2}, {"b", 2.0, 8.0}, {"same", 1.0, 1.1}, {"short", 0.001, 0.02}});
  EXPECT_THAT(text, AllOf(HasSubstr("4 cases: 4.00 s at BASE, 9.32 s at HEAD"),
                          HasSubstr("\n  b: 2.00 s at BASE, 8.00 s at HEAD\n  a: 1.00 s"), Not(HasSubstr("same")),
                          Not(HasSubstr("short"))));
  EXPECT_EQ(times_text({}), "");
}

}  // namespace
}  // namespace snapshot_test::report
