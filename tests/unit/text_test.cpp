#include "util/text.hpp"

#include <gtest/gtest.h>

namespace snapshot_test::util {
namespace {

std::string utf8(std::uint32_t code) {
  std::string out;
  append_utf8(out, code);
  return out;
}

TEST(Text, WritesCodePointsOfEveryLength) {
  EXPECT_EQ(utf8(0), std::string(1, '\0'));
  EXPECT_EQ(utf8('~'), "~");
  EXPECT_EQ(utf8(0x7f), "\x7f");
  EXPECT_EQ(utf8(0x80), "\xc2\x80");
  EXPECT_EQ(utf8(0x7ff), "\xdf\xbf");
  EXPECT_EQ(utf8(0x800), "\xe0\xa0\x80");
  EXPECT_EQ(utf8(0x20ac), "\xe2\x82\xac");
  EXPECT_EQ(utf8(0xd800), "\xed\xa0\x80");
  EXPECT_EQ(utf8(0xffff), "\xef\xbf\xbf");
  EXPECT_EQ(utf8(0x10000), "\xf0\x90\x80\x80");
  EXPECT_EQ(utf8(0x10ffff), "\xf4\x8f\xbf\xbf");
}

TEST(Text, KeepsWhatIsBeyondUnicodeToFourBytes) {
  EXPECT_EQ(utf8(0xffffffff), "\xf7\xbf\xbf\xbf");
  EXPECT_EQ(utf8(0x00200000), "\xf0\x80\x80\x80");
}

}  // namespace
}  // namespace snapshot_test::util
