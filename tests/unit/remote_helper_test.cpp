#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "remote/conformance.hpp"
#include "remote/helper_frames.hpp"
#include "remote/helper_storage.hpp"
#include "remote/redaction.hpp"
#include "util/process.hpp"

namespace snapshot_test::remote {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

HelperOptions fake(const std::string& fault = "", const std::string& key = "") {
  HelperOptions options;
  options.command = {SNAPSHOT_TEST_BUILD_PYTHON, SNAPSHOT_TEST_SOURCE_DIR "/tests/remote/fake_helper.py", fault, key};
  options.timeout = 20s;
  return options;
}

std::unique_ptr<HelperStorage> opened(const HelperOptions& options) {
  auto storage = open_helper_storage("s3://user:secret-word@bucket/folder?token=abcdef", options);
  EXPECT_TRUE(storage) << storage.error().message;
  return storage ? *std::move(storage) : nullptr;
}

/// What a request comes to where the helper does something wrong.
Error failure(const std::string& fault, std::chrono::milliseconds timeout = 20s) {
  HelperOptions options = fake(fault);
  options.timeout = timeout;
  options.grace = 0ms;
  const auto storage = opened(options);
  const auto content = storage->get("key");
  EXPECT_FALSE(content);
  // It stays that way, and nobody waits for it twice.
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(storage->list("")) << fault;
  EXPECT_LT(std::chrono::steady_clock::now() - start, timeout + 2s);
  return content ? Error{} : content.error();
}

TEST(HelperStorage, FakeHelper_DoesWhatAStorageHasToDo) {
  const auto folder = std::filesystem::temp_directory_path() / ("st-fake-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto storage = opened(fake());
  EXPECT_EQ(storage->name(), "s3://bucket/folder");
  conformance::check(*storage, folder.string());
  const HelperTraffic traffic = storage->traffic();
  EXPECT_GT(traffic.requests, 1200U);
  EXPECT_GT(traffic.bytes_received, 40'000'000U);
  std::filesystem::remove_all(folder);
}

TEST(HelperStorage, HelperThatDies_IsUnavailableWithItsLastWords) {
  const Error error = failure("dies");
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("s3://bucket/folder"), HasSubstr("exit status 3"), HasSubstr("Fatal: out of luck"),
                    Not(HasSubstr("hunter22")), Not(HasSubstr("secret-word")), Not(HasSubstr("abcdef"))));
}

TEST(HelperStorage, HelperThatCannotStart_SaysWhy) {
  const auto storage = open_helper_storage("s3://bucket", fake("dies-at-start"));
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(storage.error().message, HasSubstr("no module named obstore"));
  HelperOptions options;
  options.command = {"/no/such/helper"};
  const auto none = open_helper_storage("s3://bucket", options);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(none.error().message, HasSubstr("/no/such/helper"));
}

TEST(HelperStorage, WhatIsNoProtocol_IsUnavailable) {
  EXPECT_THAT(failure("garbage").message, HasSubstr("no frame of the protocol"));
  EXPECT_THAT(failure("garbage").message, HasSubstr("Traceback (most recent call last)"));
  EXPECT_THAT(failure("not-json").message, HasSubstr("no JSON object"));
  EXPECT_THAT(failure("unknown-id").message, HasSubstr("which it was not sent"));
  EXPECT_THAT(failure("too-long").message, HasSubstr("which the protocol has not"));
  EXPECT_THAT(failure("closes-output").message, HasSubstr("closed its standard output"));
  for (const char* fault : {"garbage", "not-json", "unknown-id", "too-long", "closes-output"}) {
    EXPECT_EQ(failure(fault).kind, ErrorKind::kUnavailable) << fault;
  }
}

TEST(HelperStorage, AnswerOfAnotherForm_IsNoSuccess) {
  const auto storage = opened(fake("wrong-type"));
  EXPECT_FALSE(storage->get("key"));
  const auto written = storage->put("key", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kUnavailable);
  const auto unasked = opened(fake("unasked-body"))->put("key", "x");
  ASSERT_FALSE(unasked);
  EXPECT_THAT(unasked.error().message, HasSubstr("nobody asked for"));
}

TEST(HelperStorage, HelperThatIsSilent_IsUnavailableInTime) {
  const auto start = std::chrono::steady_clock::now();
  const Error error = failure("silent", 1s);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr("did not answer within 1 s"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST(HelperStorage, HelperThatReadsNothing_IsUnavailableInTime) {
  HelperOptions options = fake("reads-nothing");
  options.timeout = 1s;
  options.grace = 0ms;
  const auto written = opened(options)->put("key", std::string(8 << 20, 'x'));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kUnavailable);
}

TEST(HelperStorage, BodyThatIsShort_IsCorrupt) {
  const auto storage = opened(fake("short"));
  ASSERT_TRUE(storage->put("key", "12345"));
  const auto content = storage->get("key");
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().kind, ErrorKind::kCorrupt);
  EXPECT_THAT(content.error().message, HasSubstr("4 bytes came, and 5 were announced"));
}

TEST(HelperStorage, HelperThatDiesInABody_FailsAllWhoWait) {
  const auto storage = opened(fake("dies-in-body"));
  ASSERT_TRUE(storage->put("key", "12345"));
  conformance::in_threads(8, [&](int) {
    const auto content = storage->get("key");
    ASSERT_FALSE(content);
    EXPECT_EQ(content.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(content.error().message, HasSubstr("exit status 7"));
  });
}

TEST(HelperStorage, OneSlowRequest_HoldsUpNoOther) {
  HelperOptions options = fake("silent", "slow");
  options.interrupted = nullptr;
  options.timeout = 4s;
  options.grace = 0ms;
  const auto storage = opened(options);
  std::thread waits([&] { EXPECT_FALSE(storage->get("slow")); });
  std::this_thread::sleep_for(200ms);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(storage->put("fast", "x"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
  waits.join();
}

TEST(HelperStorage, UserWhoStops_IsNotKeptWaiting) {
  HelperOptions options = fake("silent", "slow");
  std::atomic<bool> stopped = false;
  options.interrupted = [&] { return stopped.load(); };
  const auto storage = opened(options);
  std::thread stops([&] {
    std::this_thread::sleep_for(300ms);
    stopped = true;
  });
  const auto start = std::chrono::steady_clock::now();
  const auto content = storage->get("slow");
  stops.join();
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().kind, ErrorKind::kInterrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
}

TEST(HelperStorage, WhenItIsGone_SoIsItsProcess) {
  auto storage = opened(fake());
  storage.reset();
  EXPECT_THAT(util::child_processes(), testing::IsEmpty());
}

TEST(HelperStorage, CredentialsInWhatAHelperSays_AreNotShown) {
  ::setenv("FAKE_MESSAGE",
           "403 for http://user:secret-word@host/a?X-Amz-Signature=0123456789&x=1 of AKIAIOSFODNN7EXAMPLE "
           "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/2026, Signature=feedbeef",
           1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMIK7MDENG", 1);
  const auto content = opened(fake("error"))->get("key");
  ::unsetenv("FAKE_MESSAGE");
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().message,
              AllOf(HasSubstr("403 for http://***@host/a?***"), Not(HasSubstr("secret-word")),
                    Not(HasSubstr("0123456789")), Not(HasSubstr("AKIA")), Not(HasSubstr("feedbeef"))));
}

TEST(HelperUrl, Schemes_AreThoseOfTheHelper) {
  EXPECT_TRUE(is_helper_url("s3://bucket/x"));
  EXPECT_TRUE(is_helper_url("webdavs://host/x"));
  EXPECT_FALSE(is_helper_url("file:///x"));
  EXPECT_FALSE(is_helper_url("/x"));
  EXPECT_FALSE(is_helper_url("s3"));
}

TEST(Redaction, SecretsOfTheUrl_AreKnownInAnyPlace) {
  const Redaction redact("sftp://me:p%40ss-word@host/x?token=query-token");
  EXPECT_EQ(redact("login p@ss-word, p%40ss-word, query-token"), "login ***, ***, ***");
  EXPECT_EQ(shown_url("sftp://me:p%40ss@host/x/y?token=abc#f"), "sftp://host/x/y");
  EXPECT_EQ(shown_url("https://host/a@b"), "https://host/a@b");
}

TEST(Redaction, VariablesThatAreCalledASecret_AreNotShown) {
  ::setenv("MY_SERVICE_TOKEN", "value-of-token", 1);
  ::setenv("AZURE_STORAGE_ACCOUNT_KEY", "value/of+key==", 1);
  ::setenv("OTHER_TOKEN", "on", 1);
  const Redaction redact("s3://bucket");
  ::unsetenv("MY_SERVICE_TOKEN");
  ::unsetenv("AZURE_STORAGE_ACCOUNT_KEY");
  ::unsetenv("OTHER_TOKEN");
  EXPECT_EQ(redact("on value-of-token and value/of+key=="), "on *** and ***");
}

TEST(Redaction, WhatLooksLikeASecret_IsNotShown) {
  const Redaction redact("s3://bucket");
  EXPECT_EQ(redact("GET https://a:b@h/p?sig=1%2F2&se=3 failed"), "GET https://***@h/p?*** failed");
  EXPECT_EQ(redact("Authorization: Bearer abc.def"), "Authorization: ***");
  EXPECT_EQ(redact("with bearer abcdef.ghi given"), "with bearer *** given");
  EXPECT_EQ(redact("key AKIAIOSFODNN7EXAMPLE is"), "key *** is");
  EXPECT_EQ(redact("<AWSAccessKeyId>x</AWSAccessKeyId><Code>y</Code>"),
            "<AWSAccessKeyId>***</AWSAccessKeyId><Code>y</Code>");
  EXPECT_EQ(redact(R"({"aws_secret_access_key": "abc", "n": 1})"), R"({"aws_secret_access_key": "***", "n": 1})");
  EXPECT_EQ(redact("a/b?X-Amz-Signature=abc&y"), "a/b?X-Amz-Signature=***&y");
  EXPECT_EQ(redact("-----BEGIN RSA PRIVATE KEY-----\nabc"), "***");
  EXPECT_EQ(redact("404 Not Found: http://host/refs/main"), "404 Not Found: http://host/refs/main");
}

TEST(Redaction, LongText_IsCutWithoutHalfASecret) {
  const Redaction redact("s3://u:a-long-secret-word@bucket");
  for (std::size_t before = 8170; before < 8200; ++before) {
    const std::string shown = redact(std::string(before, 'x') + "a-long-secret-word" + std::string(50000, 'y'));
    ASSERT_THAT(shown, Not(HasSubstr("a-lo")));
  }
}

TEST(HelperFrames, PiecesOfAnySize_AreTheSameFrames) {
  const std::string bytes = helper_header(HelperFrameKind::kBody, 5, 3) + "abc" +
                            helper_header(HelperFrameKind::kAnswer, 0x01020304, 0) +
                            helper_header(HelperFrameKind::kProgress, 6, 0);
  EXPECT_EQ(bytes.substr(0, 12), std::string("sR\x01"
                                             "B\x05\0\0\0\x03\0\0\0",
                                             12));
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    HelperFrameDecoder decoder;
    std::vector<std::uint32_t> ids;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      decoder.feed(bytes.substr(at, size));
      for (auto frame = decoder.next(); frame && *frame; frame = decoder.next()) {
        ids.push_back((*frame)->id);
      }
    }
    EXPECT_THAT(ids, testing::ElementsAre(5, 0x01020304, 6));
    EXPECT_TRUE(decoder.empty());
  }
}

}  // namespace
}  // namespace snapshot_test::remote
