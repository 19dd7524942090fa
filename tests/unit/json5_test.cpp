#include "config/json5.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "config/json_text.hpp"

namespace snapshot_test::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

nlohmann::json parsed(std::string_view json5) {
  auto result = parse_json(json5, "asv.conf.json", Dialect::kJson5);
  return result ? nlohmann::json(*result) : nlohmann::json("ERROR " + result.error().message);
}

std::string error(std::string_view text, Dialect dialect = Dialect::kJson5) {
  auto result = parse_json(text, "dir/f.json", dialect);
  return result ? "no error: " + result->dump() : result.error().message;
}

TEST(Json5, AsvQuickstartFile_IsRead) {
  const auto json = parsed(R"({
    // The version of the config file format.
    "version": 1,
    "project_url": "https://example.org//x", /* a block
    comment, with "quotes" */
    "branches": ["main", 'dev',],  // for git
    // "pythons": ["3.9"],
    "matrix": {"req": {"numpy": [], "six": ["", null]},},
    benchmark_dir: 'bench',
})");
  EXPECT_EQ(json, nlohmann::json::parse(R"({"version": 1, "project_url": "https://example.org//x",
      "branches": ["main", "dev"], "matrix": {"req": {"numpy": [], "six": ["", null]}}, "benchmark_dir": "bench"})"));
}

TEST(Json5, EveryStringForm_IsRead) {
  EXPECT_EQ(parsed(R"(['say "hi"', "it's", 'it\'s', "a\
b", '\x41\u00e9\v\0', "\q", "\\", '//', "/* no */"])"),
            (nlohmann::json{"say \"hi\"", "it's", "it's", "ab", std::string("A\xC3\xA9\x0B\0", 5), "q", "\\", "//",
                            "/* no */"}));
}

TEST(Json5, EveryNumberForm_IsRead) {
  EXPECT_EQ(parsed("[0x1F, +1, -2, .5, 5., -.5e1, 1.e2, 1e-3]"), (nlohmann::json{31, 1, -2, .5, 5., -5., 100., 1e-3}));
}

TEST(Json5, Keyword_IsReadAsValueAndAsKey) {
  EXPECT_EQ(parsed("{true: true, $x_1: false, null /* k */ : null}"),
            (nlohmann::json{{"true", true}, {"$x_1", false}, {"null", nullptr}}));
}

TEST(Json5, ByteOrderMark_IsSkipped) { EXPECT_EQ(parsed("\xEF\xBB\xBF{}"), nlohmann::json::object()); }

TEST(Json5, LineCommentAtTheEnd_IsSkipped) { EXPECT_EQ(parsed("{} // end"), nlohmann::json::object()); }

// Every rewriting before the error (quotes added, escapes lengthened, comments removed) must leave its place alone.
TEST(Json5, Error_HasTheOriginalPlace) {
  EXPECT_THAT(error("{\n  key: 'a\"b', // c\n  other: 'x', /* y */ kk 3\n}"),
              StartsWith("dir/f.json:3:23: malformed JSON: syntax error"));
  EXPECT_THAT(error("{a: 1"), StartsWith("dir/f.json:1:6: "));
  EXPECT_THAT(error("{a: Infinity}"), StartsWith("dir/f.json:1:5: "));
}

TEST(Json5, UnendedStringOrComment_IsAnError) {
  EXPECT_THAT(error("{a: 'x\n}"), StartsWith("dir/f.json:1:7: "));
  EXPECT_THAT(error("{a: 'x"), StartsWith("dir/f.json:1:7: "));
  EXPECT_THAT(error("{a: 1 /* x }"), StartsWith("dir/f.json:1:7: "));
  EXPECT_THAT(error("{a: '\\"), StartsWith("dir/f.json:1:"));
  EXPECT_THAT(error("{a: '\\x4'}"), StartsWith("dir/f.json:1:"));
  EXPECT_THAT(error(""), StartsWith("dir/f.json:1:1: "));
}

TEST(JsonText, Json5InStrictJson_IsAnError) {
  EXPECT_THAT(error("{\n  \"a\": 1,\n}", Dialect::kJson), StartsWith("dir/f.json:3:1: malformed JSON: syntax error"));
  EXPECT_THAT(error("{'a': 1}", Dialect::kJson), StartsWith("dir/f.json:1:2: "));
}

TEST(JsonText, DuplicateKey_IsAnError) {
  EXPECT_THAT(error(R"({"a": {"x": 1}, "b": {"x": 1, "x": 2}})", Dialect::kJson), HasSubstr("'x' comes twice"));
}

TEST(JsonText, OverflowingNumber_IsAnError) {
  EXPECT_THAT(error("{\"a\": 1e999}", Dialect::kJson), HasSubstr("number overflow"));
}

TEST(JsonText, MissingFile_IsAConfigError) {
  const auto result = read_json("/nonexistent/x.json", Dialect::kJson);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kConfig);
  EXPECT_THAT(result.error().message, HasSubstr("/nonexistent/x.json"));
}

}  // namespace
}  // namespace snapshot_test::config
