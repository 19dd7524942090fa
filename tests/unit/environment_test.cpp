// What of an environment is said to differ from that of a baseline.
#include "session/environment.hpp"

#include <gmock/gmock.h>

namespace snapshot_test::session {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Variables = std::map<std::string, std::string>;

store::RunInfo place() {
  store::RunInfo info;
  info.python.version = "3.11.7";
  info.machine.cpu_features = {"sse2", "sse4_2", "avx", "avx2", "avx512f"};
  info.packages = {{"numpy", "1.26.4"}, {"wavelab", "0.1"}, {"only_then", "1"}};
  info.environment = Variables{{"OPENBLAS_CORETYPE", "Haswell"}};
  return info;
}

std::vector<std::string> texts(const store::RunInfo& now, const std::vector<model::TestedPackage>& tested = {}) {
  std::vector<std::string> all;
  for (const model::EnvironmentChange& change : environment_changes(place(), now, tested)) {
    all.push_back(model::text_of(change));
  }
  return all;
}

TEST(Environment, ThatIsTheSame_HasNoChanges) { EXPECT_THAT(texts(place()), IsEmpty()); }

TEST(Environment, ThatDiffers_IsSaidPartByPart) {
  store::RunInfo now = place();
  now.python.version = "3.12.1";
  now.machine.cpu_features = {"sse2", "avx2"};
  now.packages = {{"numpy", "2.1.0"}, {"only_now", "1"}};
  now.environment = Variables{{"OPENBLAS_CORETYPE", "SkylakeX"}, {"MKL_CBWR", "COMPATIBLE"}};
  EXPECT_THAT(texts(now), ElementsAre("python 3.11.7 -> 3.12.1", "AVX-512 -> AVX2", "numpy 1.26.4 -> 2.1.0",
                                      "OPENBLAS_CORETYPE Haswell -> SkylakeX", "MKL_CBWR none -> COMPATIBLE"));
}

TEST(Environment, WhatIsTested_MayChange_UnlessItIsInstalled) {
  store::RunInfo now = place();
  now.packages = {{"numpy", "2.1.0"}, {"wavelab", "0.2"}};
  model::TestedPackage wavelab;
  wavelab.name = "wavelab";
  wavelab.location = "/home/me/wavelab/wavelab";
  model::TestedPackage numpy;
  numpy.name = "numpy";
  numpy.location = "/home/me/venv/lib/python3.11/site-packages/numpy";
  EXPECT_THAT(texts(now, {wavelab, numpy}), ElementsAre("numpy 1.26.4 -> 2.1.0"));
}

TEST(Environment, OfAnOlderStore_HasNoVariables) {
  store::RunInfo then = place();
  then.environment.reset();
  EXPECT_THAT(environment_changes(then, place(), {}), IsEmpty());
}

TEST(Environment, ThatMustBeTheSame_IsRefusedByName) {
  const std::vector<model::EnvironmentChange> changes{{"numpy", "1.26.4", "2.1.0"}, {"cpu", "AVX2", "AVX"}};
  EXPECT_TRUE(refuse_environment({}, changes));
  EXPECT_TRUE(refuse_environment({"python", "scipy"}, changes));
  EXPECT_THAT(refuse_environment({"num*"}, changes).error().message, HasSubstr("numpy 1.26.4 -> 2.1.0;"));
  EXPECT_THAT(refuse_environment({"cpu"}, changes).error().message, HasSubstr("AVX2 -> AVX"));
}

}  // namespace
}  // namespace snapshot_test::session
