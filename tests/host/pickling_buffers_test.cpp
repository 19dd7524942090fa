// Large memory beside a pickle: nothing of it is in the stream, nothing is copied, and the value is the same.
#include "host/pickling/buffers.hpp"

#include <gmock/gmock.h>

#include "host/pickling/standard_reducers.hpp"
#include "host/pickling_support.hpp"
#include "snapshot_test/compare/compare.hpp"

namespace snapshot_test::test {
namespace {

namespace py = pybind11;
namespace pickling = host::pickling;

struct Written {
  StringSink sink;
  pickling::Buffers buffers;
  Result<pickling::PickledInfo> info;
};

std::unique_ptr<Written> written(py::handle value, const pickling::Limits& limits = {}) {
  const auto reducers = pickling::standard_reducers();
  pickling::DrainCache drained{pickling::pickle_items};
  auto out = std::make_unique<Written>();
  out->info = pickling::Pickler(out->sink, limits, reducers, drained, &out->buffers).dump(value);
  return out;
}

py::object value_of(const char* code) {
  py::dict scope;
  py::exec(code, scope);
  return scope["value"];
}

/// The value must be what it is in band.
void expect_same(py::handle value, std::size_t buffers) {
  const auto with = written(value);
  ASSERT_TRUE(with->info) << with->info.error().message;
  EXPECT_EQ(with->buffers.spans().size(), buffers);
  EXPECT_LT(with->sink.data.size(), 20'000U);
  const auto reducers = pickling::standard_reducers();
  pickling::DrainCache drained{pickling::pickle_items};
  StringSink sink;
  ASSERT_TRUE(pickling::Pickler(sink, {}, reducers, drained).dump(value));
  const auto bytes = [](const std::string& text) { return std::as_bytes(std::span(text)); };
  const auto x = pickle::read(bytes(with->sink.data), with->buffers.spans());
  const auto y = pickle::read(bytes(sink.data));
  ASSERT_TRUE(x) << x.error().message;
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ(compare::compare(*x, *y).outcome, compare::Outcome::kIdentical);
  EXPECT_GE(with->info->bytes, y->extent() - 100);
}

TEST(PicklingBuffers, LargeBytes_AreHeldInPlace) {
  const py::object value = value_of("value = b'x' * 10_000");
  const auto with = written(value);
  ASSERT_EQ(with->buffers.spans().size(), 1U);
  EXPECT_EQ(with->buffers.spans()[0].data(), reinterpret_cast<const std::byte*>(PyBytes_AS_STRING(value.ptr())));
  expect_same(value, 1);
  expect_same(value_of("value = b'x' * 100"), 0);
  expect_same(value_of("x = b'x' * 100_000\nvalue = [x, x, {'again': x}]"), 1);
  expect_same(
      value_of("import pickle\nvalue = [pickle.PickleBuffer(b'x' * 5000), pickle.PickleBuffer(bytearray(5000))]"), 2);
}

TEST(PicklingBuffers, HeldBytearray_CannotBeResized) {
  const py::object value = value_of("value = bytearray(10_000)");
  expect_same(value, 1);
  {
    const auto with = written(value);
    EXPECT_THROW(value.attr("append")(1), py::error_already_set);
  }
  value.attr("append")(1);
}

TEST(PicklingBuffers, Arrays_AreHeldInPlaceOrGathered) {
  SKIP_WITHOUT_NUMPY();
  for (const char* code : {
           "import numpy as np\nvalue = np.arange(1000.)",
           "import numpy as np\nvalue = np.arange(1200.).reshape(30, 40).T",
           "import numpy as np\nvalue = np.arange(6000.).reshape(10, 20, 30).transpose(1, 0, 2)[:, ::-2]",
           "import numpy as np\nvalue = np.arange(6000.)[::-3]",
           "import numpy as np\nvalue = np.broadcast_to(np.arange(3), (700, 3))",
           "import numpy as np\nvalue = [np.zeros(3), {'x': np.zeros(1000, 'f8,i4')[::2]}]",
       }) {
    SCOPED_TRACE(code);
    expect_same(value_of(code), 1);
  }
  expect_same(value_of("import numpy as np\nvalue = np.ma.masked_array(np.arange(9000.), np.arange(9000) % 2)"), 2);
}

TEST(PicklingBuffers, HeldBytes_CountForTheLimit) {
  pickling::Limits limits;
  limits.max_bytes = 9'000;
  const auto with = written(value_of("value = b'x' * 10_000"), limits);
  ASSERT_FALSE(with->info);
  EXPECT_THAT(with->info.error().message, ::testing::HasSubstr("larger than the limit"));
}

}  // namespace
}  // namespace snapshot_test::test
