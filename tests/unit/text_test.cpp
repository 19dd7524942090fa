#include "util/text.hpp"

#include <gtest/gtest.h>

#include "util/addresses.hpp"

namespace snapshot_test::util {
namespace {

std::string utf8(std::uint32_t code) {
  std::string out;
  append_utf8(out, code);
  return out;
}

TEST(Plural, NumberOtherThanOne_HasAnS) {
  EXPECT_EQ(plural(1, "case"), "case");
  EXPECT_EQ(plural(0, "case"), "cases");
  EXPECT_EQ(plural(2, "case"), "cases");
}

TEST(Text, CodePointOfAnyLength_IsWritten) {
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

TEST(Text, CodeBeyondUnicode_HasFourBytes) {
  EXPECT_EQ(utf8(0xffffffff), "\xf7\xbf\xbf\xbf");
  EXPECT_EQ(utf8(0x00200000), "\xf0\x80\x80\x80");
}

TEST(Addresses, AddressOfAnObject_IsLeftOut) {
  EXPECT_EQ(without_addresses("<Foo object at 0x7f12ab>"), "<Foo object at 0x>");
  EXPECT_EQ(without_addresses("<f at 0x7F12AB>"), "<f at 0x>");
  EXPECT_EQ(without_addresses("<bound method X.f of <Y at 0x1f>>"), "<bound method X.f of <Y at 0x>>");
  EXPECT_EQ(without_addresses("<function f.<locals>.<lambda> at 0x1>"), "<function f.<locals>.<lambda> at 0x>");
  EXPECT_EQ(without_addresses("[<A at 0x1>, <B (x) -> int at 0x2>]"), "[<A at 0x>, <B (x) -> int at 0x>]");
  EXPECT_EQ(without_addresses("<A <B at 0x1> at 0x2>"), "<A <B at 0x> at 0x>");
}

TEST(Addresses, AddressInALongerForm_IsLeftOut) {
  EXPECT_EQ(without_addresses("<code object f at 0x7f, file \"a.py\", line 1>"),
            "<code object f at 0x, file \"a.py\", line 1>");
  EXPECT_EQ(without_addresses("<weakref at 0x1; to 'A' at 0x2>"), "<weakref at 0x; to 'A' at 0x>");
  EXPECT_EQ(without_addresses("<cell at 0x1: int object at 0x2>"), "<cell at 0x: int object at 0x>");
  EXPECT_EQ(without_addresses("<Future at 0x1 state=pending>"), "<Future at 0x state=pending>");
  EXPECT_EQ(without_addresses("[Generator(PCG64) at 0x7F3]"), "[Generator(PCG64) at 0x]");
}

TEST(Addresses, OtherNumber_Stays) {
  for (const std::string text :
       {"error at 0x10", "jump at 0x7fff to 0x12", "<p>fault at 0x10</p>", "<f> at 0x10", "f(x) at 0x10", "at 0x10>",
        "<a at 0x10 b>", "<a at 0x>", "<a at 0x1g>", "<a\nb at 0x10>", "<a at 0x0123456789abcdef0>", "0x10 -> <0x12>",
        "<error at 0x10, retry>", "<b>at 0x1</b> at 0x2>", "x at 0x1"}) {
    EXPECT_EQ(without_addresses(text), text);
  }
}

}  // namespace
}  // namespace snapshot_test::util
