// .npy files, read without numpy.
#include "snapshot_test/pickle/npy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/describe.hpp"
#include "support/pickles.hpp"

namespace snapshot_test::pickle {
namespace {

using testing::as_span;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::little;
using testing::raw;

std::string npy(const std::string& header, const std::string& data, int version = 1) {
  return std::string("\x93NUMPY") + static_cast<char>(version) + '\0' + little(header.size(), version == 1 ? 2 : 4) +
         header + data;
}

std::string header(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': " + shape + ", }          \n";
}

std::string error_of(const std::string& file) {
  const auto document = read_npy(as_span(file));
  return document ? "read" : document.error().message;
}

TEST(Npy, EveryVersion_IsReadInPlace) {
  for (const int version : {1, 2, 3}) {
    const std::string file = npy(header("'<f8'", "(2, 3)"), raw(std::vector<double>{0, 1, 2, 3, 4, 5}), version);
    const auto document = read_npy(as_span(file));
    ASSERT_TRUE(document) << document.error().message;
    const Array& array = document->root().array();
    EXPECT_EQ(dtype_name(*array.dtype), "float64");
    EXPECT_THAT(array.shape, ElementsAre(2, 3));
    EXPECT_EQ(array.data.data(), as_span(file).data() + file.size() - 48) << "a view, not a copy";
  }
}

TEST(Npy, FortranAndCOrder_AreIdentical) {
  const std::string c = npy(header("'<f8'", "(2, 2)"), raw(std::vector<double>{1, 2, 3, 4}));
  const std::string f = npy(header("'<f8'", "(2, 2)", "True"), raw(std::vector<double>{1, 3, 2, 4}));
  const std::string other = npy(header("'<f8'", "(2, 2)"), raw(std::vector<double>{1, 3, 2, 4}));
  const auto a = read_npy(as_span(c));
  const auto b = read_npy(as_span(f));
  const auto d = read_npy(as_span(other));
  ASSERT_TRUE(a && b && d);
  EXPECT_EQ(compare::compare(*a, *b).outcome, compare::Outcome::kIdentical);
  EXPECT_EQ(compare::compare(*a, *d).outcome, compare::Outcome::kDifferent);
}

TEST(Npy, PickleOfTheSameArray_IsIdentical) {
  const std::string file = npy(header("'<f8'", "(2,)"), raw(std::vector<double>{1, 2}));
  const std::string pickle = testing::pickle_of(testing::doubles({1, 2}));
  const auto a = read_npy(as_span(file));
  const auto b = read(as_span(pickle));
  ASSERT_TRUE(a && b);
  EXPECT_EQ(compare::compare(*a, *b).outcome, compare::Outcome::kIdentical);
}

TEST(Npy, StructuredAndDateTypes_AreUnderstood) {
  const std::string fields = "[('x', '<i4'), ('', '|V4'), (('title', 'y'), '>f8'), ('w', '<i2', (2,))]";
  const std::string file = npy(header(fields, "(1,)"), std::string(20, '\0'));
  const auto document = read_npy(as_span(file));
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(dtype_name(*document->root().array().dtype), "{x: int32, y: float64, w: (int16, (2,))}");
  const std::string dates = npy(header("'<M8[25s]'", "(1,)"), std::string(8, '\0'));
  const auto dated = read_npy(as_span(dates));
  ASSERT_TRUE(dated) << dated.error().message;
  EXPECT_EQ(dtype_name(*dated->root().array().dtype), "datetime64[25s]");
}

TEST(Npy, ArrayOfObjects_IsReadFromItsPickle) {
  const std::string file = npy(header("'|O'", "(2,)"), testing::pickle_of(testing::list({testing::integer(1)})));
  const auto document = read_npy(as_span(file));
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(preview(document->root()), "[1]");
}

TEST(Npy, ContradictoryFile_IsAnError) {
  const std::string good = npy(header("'<f8'", "(2,)"), raw(std::vector<double>{1, 2}));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(error_of(good.substr(0, size)), "read") << size;
  }
  EXPECT_THAT(error_of(good + "x"), HasSubstr("it holds 17"));
  EXPECT_THAT(error_of(npy(header("'<f8'", "(1, 2"), "")), HasSubstr("not a dict of literals"));
  EXPECT_THAT(error_of(npy(header("'<q9'", "(1,)"), "")), HasSubstr("its dtype '<q9' is not understood"));
  EXPECT_THAT(error_of(npy(header("'<f8'", "(4294967296, 4294967296)"), "")), HasSubstr("overflow"));
  EXPECT_THAT(error_of(npy(header("'<f8'", "(-1,)"), "")), HasSubstr("shape"));
  EXPECT_THAT(error_of(npy("{'descr': '<f8'}", "")), HasSubstr("lacks"));
  EXPECT_THAT(error_of(npy(header("'<f8'", "(0,)"), "", 4)), HasSubstr("newer"));
  EXPECT_THAT(error_of(npy(std::string(100000, '['), "", 2)), HasSubstr("not a dict of literals"));
  std::string nested = "'<f8'";
  for (int i = 0; i < 60; ++i) nested = "[('x', " + nested + ")]";
  EXPECT_THAT(error_of(npy(header(nested, "(1,)"), std::string(8, '\0'))), HasSubstr("not a"));
}

}  // namespace
}  // namespace snapshot_test::pickle
