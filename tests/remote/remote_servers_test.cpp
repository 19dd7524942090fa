// Storages on real servers, which tests/remote/servers.py starts on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "remote/conformance.hpp"
#include "remote/helper_storage.hpp"
#include "remote/real_server.hpp"

namespace snapshot_test::remote {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RemoteServers : public testing::Test {
 protected:
  void SetUp() override {
    if (remote_python().empty()) {
      ASSERT_EQ(std::getenv("SNAPSHOT_TEST_REQUIRE_ALL"), nullptr) << "SNAPSHOT_TEST_REMOTE_PYTHON is not set";
      GTEST_SKIP() << "SNAPSHOT_TEST_REMOTE_PYTHON names no Python with tests/remote/requirements.txt";
    }
  }
};

TEST_F(RemoteServers, S3_DoesWhatAStorageHasToDo) {
  const RealServer server("s3");
  const auto storage = server.open(60s);
  ASSERT_TRUE(storage);
  conformance::check(*storage, server.folder());
  EXPECT_EQ(storage->name(), "s3://bucket/base");
  EXPECT_EQ(storage->traffic().retries, 0U);
}

TEST_F(RemoteServers, WebDavOfRclone_DoesWhatAStorageHasToDo) {
  const RealServer server("webdav");
  const auto storage = server.open(60s);
  ASSERT_TRUE(storage);
  conformance::check(*storage, server.folder(), {.keys = 150});
  EXPECT_THAT(storage->name(), testing::MatchesRegex("webdav://127.0.0.1:[0-9]+/base"));
}

TEST_F(RemoteServers, SftpOfOpenSsh_DoesWhatAStorageHasToDo) {
  const RealServer server("sftp");
  const auto storage = server.open(60s);
  ASSERT_TRUE(storage);
  conformance::check(*storage, server.folder(), {.keys = 150});
}

TEST_F(RemoteServers, SftpOfRclone_DoesWhatAStorageHasToDo) {
  const RealServer server("sftp-rclone");
  const auto storage = server.open(60s);
  ASSERT_TRUE(storage);
  conformance::check(*storage, server.folder(), {.conditions = false, .keys = 150});
}

TEST_F(RemoteServers, GcsEmulator_DoesWhatAStorageHasToDo) {
  const RealServer server("gcs");
  const auto storage = server.open();
  ASSERT_TRUE(storage);
  // The emulator has no uploads in parts by the interface that obstore uses: nothing over 8 MiB.
  conformance::check(*storage, server.folder(), {.big = std::size_t{8} << 20});
}

/// What a read-only remote has to do.
void check_read_only(const RealServer& server) {
  const std::string bytes = conformance::noise(5'000'000, 3);
  std::filesystem::create_directories(server.folder() + "/server/data/base/refs");
  std::ofstream(server.folder() + "/server/data/base/big", std::ios::binary) << bytes;
  std::ofstream(server.folder() + "/server/data/base/refs/a@b~c%d", std::ios::binary) << "text";
  std::ofstream(server.folder() + "/server/data/base/empty", std::ios::binary);
  const auto storage = server.open();
  ASSERT_TRUE(storage);
  EXPECT_EQ(conformance::text_of(*storage, "refs/a@b~c%d"), "text");
  EXPECT_EQ(conformance::text_of(*storage, "empty"), "");
  EXPECT_EQ(conformance::text_of(*storage, "refs/none"), "absent");
  EXPECT_EQ(conformance::part_of(*storage, "none", Range{1, 2}), "absent");
  conformance::in_threads(32, [&](int i) {
    const auto offset = static_cast<std::size_t>(i) * 100'000;
    EXPECT_TRUE(conformance::part_of(*storage, "big", Range{offset, 50'000}) == bytes.substr(offset, 50'000));
  });
  EXPECT_TRUE(conformance::part_of(*storage, "big", std::nullopt) == bytes);
  const auto beyond = storage->read("big", Range{4'999'999, 2}, [](std::string_view) { return Result<void>(); });
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().kind, ErrorKind::kCorrupt) << beyond.error().message;
  const auto written = storage->put("key", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(written.error().message, HasSubstr("read-only"));
  EXPECT_EQ(storage->list("").error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(storage->remove(std::vector<std::string>{"big"}).error().kind, ErrorKind::kUnsupported);
}

TEST_F(RemoteServers, HttpOfNginx_IsRead) { check_read_only(RealServer("http")); }

TEST_F(RemoteServers, HttpServerWithoutRanges_IsRead) { check_read_only(RealServer("plain-http")); }

TEST_F(RemoteServers, HttpLoginOfTheUrl_IsUsedAndNotShown) {
  const RealServer server("http");
  std::filesystem::create_directories(server.folder() + "/server/data/private");
  std::ofstream(server.folder() + "/server/data/private/key") << "text";
  const std::string place = server.url().substr(7, server.url().rfind('/') - 7) + "/private";
  HelperOptions options;
  options.python = remote_python();
  const auto storage = open_helper_storage("http://user:pass-word-of-the-test@" + place, options);
  ASSERT_TRUE(storage) << storage.error().message;
  EXPECT_EQ((*storage)->name(), "http://" + place);
  EXPECT_EQ(conformance::text_of(**storage, "key"), "text");
  const auto refused = open_helper_storage("http://user:wrong-word@" + place, options);
  ASSERT_TRUE(refused);
  const auto content = (*refused)->get("key");
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(content.error().message, AllOf(HasSubstr("401"), Not(HasSubstr("wrong-word"))));
}

TEST_F(RemoteServers, SftpServerWithAnotherKey_IsRefused) {
  const RealServer server("sftp");
  ASSERT_TRUE(server.open()->put("key", "text"));
  std::ofstream(std::string(std::getenv("HOME")) + "/.ssh/known_hosts");
  const auto content = server.open()->get("key");
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(content.error().message, HasSubstr("known_hosts"));
}

TEST_F(RemoteServers, PythonWithoutThePackages_SaysHowToInstallThem) {
  HelperOptions options;
  options.python = SNAPSHOT_TEST_BUILD_PYTHON;
  for (const char* url : {"s3://bucket", "sftp://host/x", "webdavs://host/x"}) {
    const auto storage = open_helper_storage(url, options);
    ASSERT_FALSE(storage) << url;
    EXPECT_EQ(storage.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(storage.error().message,
                AllOf(HasSubstr("-m pip install 'snapshot_test[remote]'"), HasSubstr("remote_python")));
  }
}

TEST_F(RemoteServers, UrlsThatMeanNothing_AreRefused) {
  HelperOptions options;
  options.python = remote_python();
  for (const char* url : {"s3://bucket?color=red", "https://host/x?sig=abc", "webdav:///x", "ftp://host"}) {
    const auto storage = open_helper_storage(url, options);
    ASSERT_FALSE(storage) << url;
    EXPECT_EQ(storage.error().kind, ErrorKind::kUsage) << storage.error().message;
  }
  EXPECT_EQ(open_helper_storage("/a/path", options).error().kind, ErrorKind::kUsage);
}

/// Each fault of the proxy, on S3: what passes is repeated, and what does not ends in the named error.
class RemoteFaults : public RemoteServers {
 protected:
  /// What reading an object comes to.
  static Error failure(Storage& storage) {
    const auto content = storage.get("key");
    EXPECT_FALSE(content);
    return content ? Error{} : content.error();
  }
};

TEST_F(RemoteFaults, S3FaultsThatPass_AreRepeated) {
  const RealServer server("s3");
  const std::string bytes = conformance::noise(3'000'000, 1);
  for (const char* fault : {"500", "503", "429", "drop", "garbage", "delay", "truncate", "nothing"}) {
    SCOPED_TRACE(fault);
    const auto storage = server.open();
    ASSERT_TRUE(storage);
    ST_EXPECT_WRITTEN(Written::kDone, storage->put("key", bytes));
    server.fault(fault, 2, "GET");
    EXPECT_TRUE(conformance::text_of(*storage, "key") == bytes);
    EXPECT_EQ(storage->traffic().retries, std::string_view(fault) == "delay" ? 0U : 2U);
    server.fault(fault, 1, "PUT");
    ST_EXPECT_WRITTEN(Written::kDone, storage->put("key", bytes));
    server.fault("", 0);
  }
}

TEST_F(RemoteFaults, S3ServerThatGoesOnFailing_IsUnavailableInTime) {
  const RealServer server("s3");
  ASSERT_TRUE(server.open()->put("key", "12345678"));
  const std::pair<const char*, const char*> faults[] = {{"500", "500"}, {"503", "503"}, {"429", "429"}, {"drop", ""},
                                                        {"hang", ""},   {"stall", ""},  {"garbage", ""}};
  for (const auto& [fault, said] : faults) {
    SCOPED_TRACE(fault);
    const auto storage = server.open(2s);
    server.fault(fault);
    const auto start = std::chrono::steady_clock::now();
    const Error error = failure(*storage);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 8s);
    EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << error.message;
    EXPECT_THAT(error.message, AllOf(HasSubstr("s3://bucket/base"), HasSubstr(said), HasSubstr("given up after 2 s"),
                                     Not(HasSubstr("AKIA")), Not(HasSubstr("pass-word"))));
    EXPECT_GT(storage->traffic().retries, 0U);
    const auto listed = storage->list("");
    EXPECT_FALSE(listed);
    EXPECT_EQ(listed.error().kind, ErrorKind::kUnavailable) << listed.error().message;
    server.fault("", 0);
  }
}

TEST_F(RemoteFaults, S3BodyThatStaysShort_IsCorrupt) {
  const RealServer server("s3");
  const auto storage = server.open();
  ASSERT_TRUE(storage->put("key", conformance::noise(1'000'000, 1)));
  server.fault("nothing", 1'000, "GET");
  const Error error = failure(*storage);
  EXPECT_EQ(error.kind, ErrorKind::kCorrupt) << error.message;
  EXPECT_THAT(error.message, HasSubstr("asked for 4 times"));
  // One that announces less than was asked for.
  server.fault("short-length", 1'000, "GET");
  const auto part = storage->read("key", Range{10, 1000}, [](std::string_view) { return Result<void>(); });
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().kind, ErrorKind::kCorrupt) << part.error().message;
}

TEST_F(RemoteFaults, S3ConditionalWriteWhoseAnswerIsLost_IsNoRefusal) {
  const RealServer server("s3");
  const auto storage = server.open();
  for (const char* fault : {"drop-after", "after-500"}) {
    SCOPED_TRACE(fault);
    const std::string key = std::string("refs/") + fault;
    server.fault(fault, 1, "PUT");
    ST_EXPECT_WRITTEN(Written::kDone, storage->put(key, "1", {Condition::Kind::kAbsent, ""}));
    const auto content = storage->get(key);
    ASSERT_TRUE(content && *content);
    server.fault(fault, 1, "PUT");
    ST_EXPECT_WRITTEN(Written::kDone, storage->put(key, "2", {Condition::Kind::kMatches, (*content)->tag}));
    EXPECT_EQ(conformance::text_of(*storage, key), "2");
    ST_EXPECT_WRITTEN(Written::kRefused, storage->put(key, "3", {Condition::Kind::kMatches, (*content)->tag}));
  }
  EXPECT_EQ(storage->traffic().retries, 4U);
}

TEST_F(RemoteFaults, S3BucketThatIsNotThere_IsUnavailableAndNotAbsent) {
  const RealServer server("s3");
  HelperOptions options;
  options.python = remote_python();
  options.timeout = 5s;
  const auto storage = open_helper_storage("s3://no-such-bucket/x", options);
  ASSERT_TRUE(storage) << storage.error().message;
  const Error error = failure(**storage);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << error.message;
  EXPECT_THAT(error.message, HasSubstr("NoSuchBucket"));
  const auto written = (*storage)->put("key", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE((*storage)->list(""));
}

TEST_F(RemoteFaults, S3CredentialsThatAreRefused_AreNotRepeatedAndNotShown) {
  const RealServer server("s3");
  const auto storage = server.open();
  server.fault("403");
  const Error error = failure(*storage);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.message, AllOf(HasSubstr("403"), HasSubstr("credentials"), Not(HasSubstr("AKIA")),
                                   Not(HasSubstr("pass-word-of-the-test"))));
  EXPECT_EQ(storage->traffic().requests, 1U);
}

TEST_F(RemoteFaults, WebDavFaults_EndAsThoseOfS3) {
  const RealServer server("webdav");
  const std::string bytes = conformance::noise(1'000'000, 1);
  for (const char* fault : {"500", "429", "drop", "truncate"}) {
    SCOPED_TRACE(fault);
    const auto storage = server.open(10s);
    ST_EXPECT_WRITTEN(Written::kDone, storage->put("folder/key", bytes));
    server.fault(fault, 2, "GET");
    EXPECT_TRUE(conformance::text_of(*storage, "folder/key") == bytes);
    server.fault(fault, 1, "PUT|MOVE");
    ST_EXPECT_WRITTEN(Written::kDone, storage->put("folder/key", bytes));
    server.fault("", 0);
  }
  for (const char* fault : {"500", "drop", "hang"}) {
    SCOPED_TRACE(fault);
    const auto storage = server.open(2s);
    server.fault(fault);
    EXPECT_EQ(failure(*storage).kind, ErrorKind::kUnavailable);
    server.fault("", 0);
  }
  const auto storage = server.open(10s);
  ASSERT_TRUE(storage->put("key", bytes));
  server.fault("nothing", 1'000, "GET");
  EXPECT_EQ(failure(*storage).kind, ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace snapshot_test::remote
