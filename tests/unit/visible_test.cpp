// Text that is not ours, made visible.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "util/visible.hpp"

namespace snapshot_test::util {
namespace {

TEST(Visible, OrdinaryText_Stays) {
  for (const char* text :
       {"", "plain ~", "gr\xC3\xB6\xC3\x9F", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xE6\x97\xA5\xE6\x9C\xAC"}) {
    EXPECT_EQ(visible(text, Keep::kNothing), text);
  }
}

TEST(Visible, AsciiControls_AreWrittenOut) {
  EXPECT_EQ(visible("\x1b[2J\a\r\x7f", Keep::kNothing), "\\x1b[2J\\x07\\x0d\\u007f");
  EXPECT_EQ(visible("a\nb\tc", Keep::kNothing), "a\\nb    c");
  EXPECT_EQ(visible("a\nb\tc\x1b", Keep::kLines), "a\nb\tc\\x1b");
  EXPECT_EQ(visible("\x1b[31ma\n", Keep::kControls), "\x1b[31ma\n");
  EXPECT_EQ(visible(std::string("\0", 1), Keep::kNothing), "\\x00");
}

TEST(Visible, ControlsAboveAscii_AreWrittenOut) {
  EXPECT_EQ(visible("\xC2\x9b"
                    "31m",
                    Keep::kControls),
            "\\u009b31m");
  EXPECT_EQ(visible("\x9b"
                    "31m",
                    Keep::kControls),
            "\\x9b31m");
  EXPECT_EQ(visible("\xC2\x85", Keep::kLines), "\\u0085");
}

TEST(Visible, DirectionMarksAndZeroWidth_AreWrittenOut) {
  for (const int code : {0xAD,   0x61C,  0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A,
                         0x202B, 0x202C, 0x202D, 0x202E, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xFEFF}) {
    std::string text;
    text += code < 0x800 ? static_cast<char>(0xC0 | code >> 6) : static_cast<char>(0xE0 | code >> 12);
    if (code >= 0x800) text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
    std::ostringstream wanted;
    wanted << "\\u" << std::hex << (code < 0x100 ? "00" : code < 0x1000 ? "0" : "") << code;
    EXPECT_EQ(visible(text, Keep::kControls), wanted.str());
  }
  EXPECT_EQ(visible("\xF3\xA0\x80\x81", Keep::kNothing), "\\udb40\\udc01") << "a tag, as JSON writes it";
}

TEST(Visible, BytesThatAreNoUtf8_AreWrittenOut) {
  EXPECT_EQ(visible("a\xff\xfe", Keep::kNothing), "a\\xff\\xfe");
  EXPECT_EQ(visible("\xC0\x8A", Keep::kNothing), "\\xc0\\x8a") << "a line end in two bytes";
  EXPECT_EQ(visible("\xED\xA0\x80", Keep::kNothing), "\\xed\\xa0\\x80") << "half a surrogate pair";
  EXPECT_EQ(visible("\xE2\x82", Keep::kNothing), "\\xe2\\x82") << "cut off";
  EXPECT_EQ(visible("\xF5\x80\x80\x80", Keep::kNothing), "\\xf5\\x80\\x80\\x80") << "beyond Unicode";
}

TEST(Visible, Json_StaysTheSameJson) {
  const nlohmann::json json = {{"a\xE2\x80\xAE", "\xC2\x9b\x7f\xEF\xBB\xBF\x1b\n\xF3\xA0\x80\x81\xC3\xA9"}};
  const std::string shown = visible(json.dump(2), Keep::kLines);
  EXPECT_EQ(nlohmann::json::parse(shown), json);
  EXPECT_EQ(shown.find("\xE2\x80\xAE"), std::string::npos);
}

TEST(Visible, CharacterCutOff_IsNotCounted) {
  EXPECT_EQ(whole_characters("abc"), 3U);
  EXPECT_EQ(whole_characters("ab\xE2\x80"), 2U);
  EXPECT_EQ(whole_characters("ab\xE2\x80\xAE"), 5U);
  EXPECT_EQ(whole_characters("\xF0\x9F\x98"), 0U);
  EXPECT_EQ(whole_characters("\x80\x80\x80\x80"), 4U) << "no character begins there";
}

}  // namespace
}  // namespace snapshot_test::util
