// Values through a socket, whole and broken.
#include "util/value_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "util/fd.hpp"

namespace snapshot_test::util {
namespace {

class Collected : public ByteSink {
 public:
  Result<void> write(std::span<const std::byte> bytes) override {
    all.insert(all.end(), bytes.begin(), bytes.end());
    return {};
  }
  std::vector<std::byte> all;
};

class ValueStream : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ours.reset(ends[0]);
    theirs.reset(ends[1]);
  }
  void send_raw(const std::string& bytes) {
    ASSERT_EQ(::send(theirs.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  Fd ours;
  Fd theirs;
};

TEST_F(ValueStream, Values_OfAllSizes_ArriveAsTheyWere) {
  const std::vector<std::size_t> sizes{0, 1, 3, 1 << 20, (1 << 20) + 1, 5 << 20};
  std::thread sender([&] {
    ValueStreamWriter writer(theirs.get());
    for (const std::size_t size : sizes) {
      const std::vector<std::byte> value(size, std::byte{static_cast<unsigned char>(size % 251)});
      ASSERT_TRUE(writer.write(value));
      ASSERT_TRUE(writer.end(""));
    }
  });
  for (const std::size_t size : sizes) {
    Collected got;
    std::string broken = "nothing yet";
    ASSERT_TRUE(read_value(ours.get(), got, broken));
    EXPECT_EQ(got.all, std::vector<std::byte>(size, std::byte{static_cast<unsigned char>(size % 251)}));
    EXPECT_EQ(broken, "");
  }
  sender.join();
}

TEST_F(ValueStream, Value_ThatIsNotWhole_SaysWhy) {
  ValueStreamWriter writer(theirs.get());
  const std::byte beginning[3] = {};
  ASSERT_TRUE(writer.write(beginning));
  ASSERT_TRUE(writer.end("a lock cannot be pickled"));
  Collected got;
  std::string broken;
  ASSERT_TRUE(read_value(ours.get(), got, broken));
  EXPECT_EQ(broken, "a lock cannot be pickled");
}

TEST_F(ValueStream, Stream_ThatIsNone_IsCorruptAndNeverWaitedFor) {
  for (const std::string& bytes : {std::string(), std::string("ab"), std::string("\x05\0\0\0abc", 7),
                                   std::string("\xff\xff\xff\xff", 4), std::string("\0\0\0\0\xff\xff\xff\xff", 8)}) {
    SetUp();
    send_raw(bytes);
    theirs.reset();
    Collected got;
    std::string broken;
    const auto read = read_value(ours.get(), got, broken);
    ASSERT_FALSE(read) << bytes.size();
    EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
  }
}

TEST_F(ValueStream, Reader_ThatIsGone_IsAnErrorAndNoSignal) {
  ours.reset();
  ValueStreamWriter writer(theirs.get());
  const std::byte one[1] = {};
  EXPECT_FALSE(writer.write(one) && writer.end(""));
}

}  // namespace
}  // namespace snapshot_test::util
