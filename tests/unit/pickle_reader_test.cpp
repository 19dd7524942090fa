// The reader on hand-made streams: every kind of value, and everything that a hostile pickle can try.
#include <gmock/gmock.h>

#include <limits>
#include <random>
#include <vector>

#include "snapshot_test/pickle/describe.hpp"
#include "snapshot_test/pickle/document.hpp"
#include "support/pickles.hpp"

namespace snapshot_test::pickle {
namespace {

using namespace snapshot_test::testing;
using ::testing::HasSubstr;

std::string shown(const std::string& pickle) {
  const auto document = read(as_span(pickle));
  return document ? preview(document->root(), 400) : "error: " + document.error().message;
}

TEST(PickleReader, ProtocolZero_IsRead) {
  EXPECT_EQ(shown("(lp0\nI1\naI01\naL123456789012345678901234567890L\naF2.5\naS'a\\x41'\naVh\\u00e9\na."),
            "[1, True, 123456789012345678901234567890, 2.5, 'aA', 'h\xc3\xa9']");
  EXPECT_EQ(shown("(dp0\nS'a'\np1\nI1\nsS'b'\ng1\ns."), "{'a': 1, 'b': 'a'}");
  EXPECT_EQ(shown("(I1\nI2\nicollections\nThing\n."), "collections.Thing(1, 2)");
}

TEST(PickleReader, IntegersOfEveryWidth_AreRead) {
  EXPECT_EQ(shown(pickle_of("K\xff")), "255");
  EXPECT_EQ(shown(pickle_of("M\xff\xff")), "65535");
  EXPECT_EQ(shown(pickle_of(integer(-7))), "-7");
  EXPECT_EQ(shown(pickle_of(std::string("\x8a\x00", 2))), "0");
  EXPECT_EQ(shown(pickle_of(std::string("\x8a\x08", 2) + std::string(7, '\xff') + "\x7f")), "9223372036854775807");
  EXPECT_EQ(shown(pickle_of(std::string("\x8a\x09", 2) + std::string(8, '\0') + "\x01")), "18446744073709551616");
  EXPECT_EQ(shown(pickle_of(std::string("\x8a\x09", 2) + std::string(8, '\0') + "\xff")), "-18446744073709551616");
  EXPECT_EQ(shown("L-18446744073709551616L\n."), "-18446744073709551616");
}

TEST(PickleReader, Complex_IsRead) {
  EXPECT_EQ(shown(pickle_of(reduce(global("__builtin__", "complex"), {real(1), real(-2)}))), "(1-2j)");
}

TEST(PickleReader, Array_IsReadInPlace) {
  const std::string pickle = pickle_of(array(dtype("f8"), shape({2, 1}), raw<double>({1, 2})));
  const auto document = read(as_span(pickle));
  ASSERT_TRUE(document) << document.error().message;
  ASSERT_EQ(document->root().kind(), Kind::kArray);
  const Array& found = document->root().array();
  EXPECT_EQ(dtype_name(*found.dtype), "float64");
  EXPECT_EQ(shape_text(found.shape), "(2, 1)");
  const auto* first = reinterpret_cast<const char*>(found.data.data());
  EXPECT_TRUE(first > pickle.data() && first < pickle.data() + pickle.size()) << "the bytes were copied";
}

TEST(PickleReader, NumpyOneAndTwo_AreReadAlike) {
  for (const std::string module : {"numpy.core", "numpy._core"}) {
    const auto found =
        shown(pickle_of(reduce(global(module + ".multiarray", "_reconstruct"),
                               {global("numpy", "ndarray"), tuple({integer(0)}), bytes("b")}) +
                        tuple({integer(1), shape({2}), dtype("i2", ">"), boolean(false), bytes("abcd")}) + "b"));
    EXPECT_EQ(found, "<numpy.ndarray int16 (2,)>");
  }
}

TEST(PickleReader, SharedPart_IsOneNode) {
  const std::string pickle = pickle_of("(]q\x01h\x01t");
  const auto document = read(as_span(pickle));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().items()[0], document->root().items()[1]);
  EXPECT_TRUE(document->root().items()[0]->shared());
}

TEST(PickleReader, Cycle_IsRead) {
  const std::string pickle = pickle_of(
      "]q\x01h\x01"
      "a");
  const auto document = read(as_span(pickle));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().items()[0], &document->root());
  EXPECT_LT(preview(document->root()).size(), 100U);
}

TEST(PickleReader, StateSetByAFunction_IsKept) {
  // copyreg's sixth part as CPython 3.11 writes it: the function is called, and what it returns is thrown away.
  const std::string pickle =
      "\x80\x02]q\x01(c__main__\nNode\nq\x02)Rq\x03"
      "c__main__\nset_state\nh\x03K\x07\x86R0e.";
  const auto document = read(as_span(pickle));
  ASSERT_TRUE(document) << document.error().message;
  const Object& node = document->root().items().front()->object();
  ASSERT_NE(node.state, nullptr);
  EXPECT_EQ(preview(*node.state, 400), "(__main__.set_state, 7)");
}

TEST(PickleReader, CallOfAFunction_IsOnlyNamed) {
  EXPECT_EQ(shown("cos\nsystem\n(S'touch /tmp/called'\ntR."), "os.system('touch /tmp/called')");
  EXPECT_EQ(shown("(S'id'\nios\nsystem\n."), "os.system('id')");
  EXPECT_EQ(shown("(cbuiltins\neval\nS'1'\no."), "eval('1')");
  EXPECT_EQ(shown(pickle_of("\x82\x01)R")), "<extension 1>()");
  EXPECT_EQ(shown(pickle_of(text("7") + "Q")), "<persistent id '7'>");
  EXPECT_EQ(shown("P12\n."), "<persistent id '12'>");
}

TEST(PickleReader, OutOfBandBuffers_AreReadInPlace) {
  const std::string one = "abc";
  const std::string two(5000, 'x');
  const std::vector<std::span<const std::byte>> buffers = {as_span(one), as_span(two)};
  const std::string pickle = pickle_of("\x97\x97\x98\x86");
  const auto document = read(as_span(pickle), buffers);
  ASSERT_TRUE(document) << document.error().message;
  const auto items = document->root().items();
  EXPECT_EQ(items[0]->kind(), Kind::kByteArray);
  EXPECT_EQ(items[0]->bytes().data(), as_span(one).data()) << "a copy was made";
  EXPECT_EQ(items[1]->kind(), Kind::kBytes);
  EXPECT_EQ(items[1]->bytes().size(), two.size());
  EXPECT_EQ(document->consumed(), pickle.size());
  EXPECT_EQ(document->extent(), pickle.size() + one.size() + two.size());
}

TEST(PickleReader, OutOfBandBuffer_IsUsedExactlyOnce) {
  const std::string bytes = "abc";
  const std::vector<std::span<const std::byte>> buffers = {as_span(bytes)};
  const auto error = [&](const std::string& pickle, std::size_t count) {
    const auto document = read(as_span(pickle), std::span(buffers).first(count));
    return document ? Error{ErrorKind::kInternal, "read"} : document.error();
  };
  const auto few = error(pickle_of("\x97\x97\x86"), 1);
  EXPECT_EQ(few.kind, ErrorKind::kCorrupt);
  EXPECT_THAT(few.message, HasSubstr("only 1 buffers"));
  EXPECT_EQ(error(pickle_of("\x97"), 0).kind, ErrorKind::kCorrupt);
  EXPECT_EQ(error(pickle_of("\x98"), 1).kind, ErrorKind::kCorrupt);
  const auto many = error(pickle_of("N"), 1);
  EXPECT_EQ(many.kind, ErrorKind::kCorrupt);
  EXPECT_THAT(many.message, HasSubstr("leaves 1 of its buffers unused"));
  const auto stored = read(as_span(pickle_of("\x97")));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().kind, ErrorKind::kUnsupported);
}

TEST(PickleReader, WhatIsNotThere_IsAnError) {
  EXPECT_THAT(shown("\x80\x06."), HasSubstr("protocol 6"));
  EXPECT_THAT(shown(pickle_of("\x97")), HasSubstr("out of band"));
  EXPECT_THAT(shown(pickle_of("h\x05")), HasSubstr("memo entry 5"));
  EXPECT_THAT(shown(pickle_of("N") + "N."), HasSubstr("2 bytes follow"));
  EXPECT_THAT(shown(pickle_of("\xf0")), HasSubstr("0xf0"));
  EXPECT_THAT(shown(""), HasSubstr("without STOP"));
  EXPECT_THAT(shown("."), HasSubstr("empty stack"));
  EXPECT_TRUE(read(as_span("N.N."), Trailing::kAllow));
}

TEST(PickleReader, LengthBeyondTheEnd_IsAnError) {
  const std::string huge(8, '\xff');
  for (const std::string opcode : {"\x8d", "\x8e", "\x95", "\x96"}) {
    EXPECT_THAT(shown(pickle_of(opcode + huge)), HasSubstr("are left")) << static_cast<int>(opcode[0]);
  }
  EXPECT_THAT(shown(pickle_of("\x8b\xff\xff\xff\xff")), HasSubstr("negative length"));
}

TEST(PickleReader, ContradictoryArray_IsAnError) {
  EXPECT_THAT(shown(pickle_of(array(dtype("f8"), shape({3}), raw<double>({1, 2})))), HasSubstr("24 bytes"));
  const std::string largest = std::string("\x8a\x08", 2) + std::string(7, '\xff') + "\x7f";
  EXPECT_THAT(shown(pickle_of(array(dtype("f8"), tuple({largest, largest}), "12345678"))), HasSubstr("overflows"));
  // The product wraps to 8 in 64 bits.
  const std::string two_to_61 = std::string("\x8a\x08", 2) + std::string(7, '\0') + "\x20";
  EXPECT_THAT(shown(pickle_of(array(dtype("f8"), tuple({two_to_61, integer(8)}), ""))), HasSubstr("overflows"));
}

TEST(PickleReader, DtypeChangedLater_LeavesTheArrayAsChecked) {
  const std::string wider =
      tuple({integer(3), text("|"), none(), none(), none(), integer(1 << 20), integer(1), integer(0)});
  const std::string type = reduce(global("numpy", "dtype"), {text("V8"), boolean(false), boolean(true)}) + "q\x07";
  const std::string pickle = pickle_of(tuple({array(type, shape({1}), "12345678"), "h\x07" + wider + "b"}));
  const auto document = read(as_span(pickle));
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->root().items()[0]->array().dtype->itemsize, 8U);
}

TEST(PickleReader, DeepNesting_IsReadAndShownShort) {
  const std::string deep = std::string(1'000'000, ']') + std::string(999'999, 'a');
  EXPECT_TRUE(read(as_span(pickle_of(deep))));
  const std::string calls = pickle_of(global("a", "b") + [] {
    std::string out;
    for (int i = 0; i < 300'000; ++i) out += ")R";
    return out;
  }());
  EXPECT_LT(shown(calls).size(), 1000U);
}

TEST(PickleReader, RepeatedItems_TakeFewNodes) {
  // One long text and one long list, referred to again and again by what copies elsewhere.
  std::string bomb = text(std::string(1 << 20, 'x')) + "q\x01" + "0" + text("latin1") + "q\x02" + "0" +
                     global("_codecs", "encode") + "q\x03" + "0";
  for (int i = 0; i < 100'000; ++i) bomb += "h\x03h\x01h\x02\x86R0";
  const auto document = read(as_span(pickle_of(bomb + "N")));
  EXPECT_TRUE(document);
  const std::string many = pickle_of("](" + std::string(1 << 20, 'N') + "e0N");
  const auto nones = read(as_span(many));
  ASSERT_TRUE(nones);
  EXPECT_LT(nones->nodes(), 100U);
}

std::string everything() {
  const std::string record =
      reduce(global("numpy", "dtype"), {text("V12"), boolean(false), boolean(true)}) +
      tuple({integer(3), text("|"), none(), tuple({text("a"), text("b")}),
             dict({text("a"), tuple({dtype("f8"), integer(0)}), text("b"), tuple({dtype("i4", ">"), integer(8)})}),
             integer(12), integer(1), integer(0)}) +
      "b";
  return pickle_of(
      list({integer(1), real(2.5), text("t"), bytes("b"), tuple({none(), boolean(true)}),
            dict({text("k"), set({integer(3)})}), doubles({1, 2, 3}), array(record, shape({1}), "123456789012"),
            scalar(dtype("f4"), "abcd"), instance("m", "C", {text("x"), integer(1)}),
            "\x8a\x0a" + std::string(10, '\x11'), reduce(global("builtins", "complex"), {real(1), real(2)})}));
}

TEST(PickleReader, CutPickle_IsAnError) {
  const std::string whole = everything();
  ASSERT_TRUE(read(as_span(whole))) << read(as_span(whole)).error().message;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(read(as_span(whole.substr(0, length)))) << "cut to " << length;
  }
}

TEST(PickleReader, FlippedBits_DoNotCrash) {
  const std::string whole = everything();
  std::size_t readable = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    const auto document = read(as_span(flipped));
    if (!document) continue;
    ++readable;
    EXPECT_LT(preview(document->root()).size(), 10'000U);
  }
  EXPECT_GT(readable, 0U);
}

TEST(PickleReader, RandomOpcodes_DoNotCrash) {
  std::mt19937 random(1);
  constexpr std::string_view kLikely =
      "(].)}N\x88\x85\x86\x87"
      "ae0t12bRosuld\x81\x8f\x90\x91\x94h\x01q\x01K\x02";
  for (int round = 0; round < 20'000; ++round) {
    std::string stream = "\x80\x04";
    for (int i = 0; i < 40; ++i) stream.push_back(kLikely[random() % kLikely.size()]);
    const auto document = read(as_span(stream + "."), Trailing::kAllow);
    if (document) {
      EXPECT_LE(document->nodes(), 3 * stream.size() + 4);
    }
  }
}

}  // namespace
}  // namespace snapshot_test::pickle
