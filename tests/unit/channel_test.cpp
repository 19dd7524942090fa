#include "util/channel.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

namespace snapshot_test::util {
namespace {

class ChannelTest : public testing::Test {
 protected:
  void SetUp() override {
    auto ends = Channel::make_pair();
    ASSERT_TRUE(ends);
    left_.emplace(std::move(ends->first));
    right_.emplace(std::move(ends->second));
  }

  bool readable() const {
    pollfd wait{right_->fd(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
  }

  std::optional<Channel> left_;
  std::optional<Channel> right_;
};

TEST_F(ChannelTest, OrdersThatArriveTogether_AreAllSeen) {
  ASSERT_TRUE(left_->send({{"op", "preload"}}));
  ASSERT_TRUE(left_->send({{"op", "fork"}}));
  const auto first = right_->receive();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->body["op"], "preload");
  // Whoever polls for the second must know that it may have been read with the first.
  ASSERT_TRUE(right_->pending() || readable());
  const auto second = right_->receive();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->body["op"], "fork");
  EXPECT_FALSE(right_->pending());
}

TEST_F(ChannelTest, Descriptors_ComeWithTheirMessage) {
  const Fd null(::open("/dev/null", O_RDONLY));
  const int fds[] = {null.get(), null.get()};
  ASSERT_TRUE(left_->send({{"op", "none"}}));
  ASSERT_TRUE(left_->send({{"op", "two"}}, fds));
  const auto first = right_->receive();
  ASSERT_TRUE(first && *first);
  EXPECT_THAT((*first)->fds, testing::SizeIs(0));
  const auto second = right_->receive();
  ASSERT_TRUE(second && *second);
  ASSERT_THAT((*second)->fds, testing::SizeIs(2));
  EXPECT_GE(::fcntl((*second)->fds[0].get(), F_GETFD), 0);
}

TEST_F(ChannelTest, OtherEndClosed_IsNoMessageAndNoError) {
  left_.reset();
  const auto message = right_->receive();
  ASSERT_TRUE(message);
  EXPECT_FALSE(*message);
}

TEST_F(ChannelTest, OtherBytes_AreACorruptMessage) {
  const std::string garbage(64, 'x');
  ASSERT_EQ(::send(left_->fd(), garbage.data(), garbage.size(), 0), 64);
  const auto message = right_->receive();
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().kind, ErrorKind::kCorrupt);
}

TEST_F(ChannelTest, TextThatIsNotUtf8_Arrives) {
  ASSERT_TRUE(left_->send({{"output", "caf\xe9"}}));
  const auto message = right_->receive();
  ASSERT_TRUE(message && *message);
  EXPECT_THAT((*message)->body["output"].get<std::string>(), testing::StartsWith("caf"));
}

}  // namespace
}  // namespace snapshot_test::util
