// Values as text and JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "render/value_json.hpp"
#include "render/value_text.hpp"
#include "snapshot_test/pickle/document.hpp"
#include "support/pickles.hpp"

namespace snapshot_test::render {
namespace {

using namespace snapshot_test::testing;  // NOLINT(google-build-using-namespace): the pickles' vocabulary
using ::testing::HasSubstr;

std::string text_of(const std::string& body, const TextLimits& limits = {}) {
  const std::string pickle = pickle_of(body);
  const auto document = pickle::read(as_span(pickle));
  return document ? value_text(document->root(), limits, "") : document.error().message;
}

nlohmann::ordered_json json_of(const std::string& body, const JsonLimits& limits = {}) {
  const std::string pickle = pickle_of(body);
  const auto document = pickle::read(as_span(pickle));
  return document ? value_json(document->root(), limits) : nlohmann::ordered_json(document.error().message);
}

TEST(ValueText, ShortContainer_FitsALineAndOthersAreTrees) {
  EXPECT_EQ(text_of(list({integer(1), real(2.5), none()})), "[1, 2.5, None]\n");
  EXPECT_EQ(text_of(dict({text("a"), list({integer(1)}), text("b"), text("x")})),
            "dict of 2\n  ['a']: [1]\n  ['b']: 'x'\n");
  EXPECT_EQ(text_of(tuple({doubles({1, 2}), none()})),
            "tuple of 2\n  [0]: numpy.ndarray float64 (2,), from 1 to 2\n    [1, 2]\n  [1]: None\n");
}

TEST(ValueText, Array_HasItsRangeAndElements) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(text_of(doubles({3, nan, -1})), "numpy.ndarray float64 (3,), from -1 to 3, 1 NaN\n  [3, nan, -1]\n");
  TextLimits few;
  few.items = 2;
  EXPECT_THAT(text_of(doubles({1, 2, 3, 4, 5, 6, 7, 8, 9}), few), HasSubstr("[1, 2, …, 7, 8, 9]"));
}

TEST(ValueText, DeepOrSharedValue_IsCut) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "](";
  deep += "K\1";
  for (int i = 0; i < 100000; ++i) deep += "e";
  EXPECT_LT(text_of(deep).size(), 10000U);
  const std::string cycle =
      "]q\x01h\x01"
      "a";
  EXPECT_LT(text_of(cycle).size(), 10000U);
  // Each level holds the one below it twice.
  std::string bomb = "]q" + std::string(1, '\0');
  for (int i = 1; i < 60; ++i) {
    const std::string below(1, static_cast<char>(i - 1));
    bomb += "](h" + below + "h" + below + "eq" + std::string(1, static_cast<char>(i));
  }
  EXPECT_LT(text_of(bomb).size(), 100000U);
  EXPECT_LT(json_of(bomb).dump().size(), 20'000'000U);
}

TEST(ValueText, ControlCharacters_AreEscaped) {
  EXPECT_EQ(text_of(text("\x1b[31mred")).find('\x1b'), std::string::npos);
  EXPECT_EQ(text_of(instance("evil\x1b[2J", "Name", {})).find('\x1b'), std::string::npos);
}

TEST(ValueJson, Value_HasItsTypeAndWhatWasCut) {
  const auto json = json_of(dict({text("a"), doubles({1.5, 2})}));
  EXPECT_EQ(json["type"], "dict");
  EXPECT_EQ(json["entries"][0]["key"]["value"], "a");
  const auto& array = json["entries"][0]["value"];
  EXPECT_EQ(array["dtype"], "float64");
  EXPECT_EQ(array["shape"], nlohmann::ordered_json({2}));
  EXPECT_EQ(array["elements"], nlohmann::ordered_json({1.5, 2.0}));
  EXPECT_FALSE(array.contains("truncated"));
  JsonLimits one;
  one.items = 1;
  EXPECT_EQ(json_of(doubles({1, 2}), one)["truncated"], true);
  EXPECT_EQ(json_of(real(std::numeric_limits<double>::infinity()))["value"], nullptr);
  EXPECT_EQ(json_of(real(std::numeric_limits<double>::infinity()))["text"], "inf");
}

}  // namespace
}  // namespace snapshot_test::render
