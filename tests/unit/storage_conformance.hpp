// What every storage of a remote has to do. A test program instantiates it with a name and what makes an empty one:
// INSTANTIATE_TEST_SUITE_P(Name, StorageConformance, testing::Values(StorageKind{"name", make}), storage_name).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "remote/storage.hpp"
#include "store_support.hpp"

namespace snapshot_test::remote {

using store::must;

struct StorageKind {
  std::string name;
  /// An empty storage; `folder` is there as long as it is.
  std::function<std::unique_ptr<Storage>(const std::filesystem::path& folder)> make;
};
inline std::string storage_name(const testing::TestParamInfo<StorageKind>& info) { return info.param.name; }

class StorageConformance : public testing::TestWithParam<StorageKind> {
 protected:
  void SetUp() override { storage = GetParam().make(folder.path()); }

  std::string read_all(const std::string& key, std::optional<Range> range = std::nullopt) const {
    std::string text;
    const bool there = must(storage->read(key, range, [&](std::string_view piece) -> Result<void> {
      text += piece;
      return {};
    }));
    return there ? text : "(absent)";
  }
  std::vector<std::string> keys_of(const std::string& prefix) const {
    std::vector<std::string> keys;
    for (const Entry& entry : must(storage->list(prefix))) {
      keys.push_back(entry.key);
    }
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  static Condition absent() { return {Condition::Kind::kAbsent, ""}; }
  static Condition matches(std::string tag) { return {Condition::Kind::kMatches, std::move(tag)}; }

  store::TemporaryFolder folder;
  std::unique_ptr<Storage> storage;
};
// Another test program may have none of them.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StorageConformance);

TEST_P(StorageConformance, ObjectThatIsNotThere_IsAbsentAndNoError) {
  EXPECT_FALSE(must(storage->get("refs/main")).has_value());
  EXPECT_EQ(read_all("objects/ab/cd"), "(absent)");
  EXPECT_TRUE(keys_of("").empty());
  must(storage->remove(std::vector<std::string>{"objects/ab/cd"}));
}

TEST_P(StorageConformance, WrittenObject_IsReadAsAWholeAndInPart) {
  const std::string bytes = store::noise(3'000'000, 1);
  EXPECT_EQ(must(storage->put("objects/ab/cdef.pkl", bytes)), Written::kDone);
  EXPECT_EQ(read_all("objects/ab/cdef.pkl"), bytes);
  EXPECT_EQ(read_all("objects/ab/cdef.pkl", Range{1'000'001, 5}), bytes.substr(1'000'001, 5));
  EXPECT_EQ(read_all("objects/ab/cdef.pkl", Range{3'000'000, 0}), "");
  EXPECT_EQ(must(storage->get("objects/ab/cdef.pkl"))->bytes, bytes);
}

TEST_P(StorageConformance, PartBeyondTheEnd_IsCorrupt) {
  must(storage->put("x", "0123456789"));
  const auto read = storage->read("x", Range{8, 5}, [](std::string_view) { return Result<void>(); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
}

TEST_P(StorageConformance, EmptyObject_IsThere) {
  must(storage->put("x/empty", ""));
  ASSERT_TRUE(must(storage->get("x/empty")).has_value());
  EXPECT_EQ(must(storage->get("x/empty"))->bytes, "");
  EXPECT_EQ(read_all("x/empty"), "");
}

TEST_P(StorageConformance, FileOrPartOfIt_IsWritten) {
  const auto file = folder.path() / "of-the-test";
  std::ofstream(file) << "0123456789";
  must(storage->put_file("a/whole", file.string()));
  must(storage->put_file("a/part", file.string(), Range{2, 3}));
  EXPECT_EQ(read_all("a/whole"), "0123456789");
  EXPECT_EQ(read_all("a/part"), "234");
}

TEST_P(StorageConformance, ReceiverThatFails_StopsTheTransferWithItsError) {
  must(storage->put("x", "0123456789"));
  const auto read =
      storage->read("x", std::nullopt, [](std::string_view) -> Result<void> { return fail(ErrorKind::kIo, "enough"); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::kIo);
  EXPECT_EQ(read.error().message, "enough");
}

TEST_P(StorageConformance, List_HasThoseWithThePrefixAlone) {
  for (const char* key : {"objects/ab/1", "objects/ab/2~1", "objects/ac/3", "refs/main", "refs/pull/12", "objects2"}) {
    must(storage->put(key, std::string(7, 'x')));
  }
  EXPECT_EQ(keys_of("objects/a"), (std::vector<std::string>{"objects/ab/1", "objects/ab/2~1", "objects/ac/3"}));
  EXPECT_EQ(keys_of("objects/ab/"), (std::vector<std::string>{"objects/ab/1", "objects/ab/2~1"}));
  EXPECT_EQ(keys_of("refs/pull/1"), (std::vector<std::string>{"refs/pull/12"}));
  EXPECT_EQ(keys_of("none/").size(), 0U);
  EXPECT_EQ(keys_of("").size(), 6U);
  EXPECT_EQ(must(storage->list("refs/main")).at(0).bytes, 7U);
  const auto age = std::chrono::system_clock::now() - must(storage->list("refs/main")).at(0).changed;
  EXPECT_LT(std::chrono::abs(age), std::chrono::minutes(5));
}

TEST_P(StorageConformance, RemovedObjects_AreGone) {
  must(storage->put("a/1", "x"));
  must(storage->put("a/2", "x"));
  must(storage->put("a/3", "x"));
  must(storage->remove(std::vector<std::string>{"a/1", "a/3", "a/none"}));
  EXPECT_EQ(keys_of(""), (std::vector<std::string>{"a/2"}));
}

TEST_P(StorageConformance, WriteWhereNothingIs_IsRefusedWhereSomethingIs) {
  EXPECT_EQ(must(storage->put("refs/main", "1", absent())), Written::kDone);
  EXPECT_EQ(must(storage->put("refs/main", "2", absent())), Written::kRefused);
  EXPECT_EQ(read_all("refs/main"), "1");
  must(storage->remove(std::vector<std::string>{"refs/main"}));
  EXPECT_EQ(must(storage->put("refs/main", "3", absent())), Written::kDone);
  EXPECT_EQ(read_all("refs/main"), "3");
}

TEST_P(StorageConformance, Replacement_IsRefusedWhereTheTagIsNotTheObjects) {
  EXPECT_EQ(must(storage->put("refs/main", "1", matches("nothing"))), Written::kRefused);
  must(storage->put("refs/main", "1"));
  const std::string first = must(storage->get("refs/main"))->tag;
  EXPECT_EQ(must(storage->put("refs/main", "2", matches(first))), Written::kDone);
  EXPECT_EQ(must(storage->put("refs/main", "3", matches(first))), Written::kRefused);
  const auto now = must(storage->get("refs/main"));
  EXPECT_EQ(now->bytes, "2");
  EXPECT_NE(now->tag, first);
  EXPECT_EQ(must(storage->put("refs/main", "3", matches(now->tag))), Written::kDone);
  EXPECT_EQ(read_all("refs/main"), "3");
}

TEST_P(StorageConformance, ContentThatComesBack_IsReplacedAgain) {
  must(storage->put("refs/main", "0"));
  for (int i = 1; i <= 200; ++i) {  // the same few contents, over and over
    const auto now = must(storage->get("refs/main"));
    ASSERT_EQ(now->bytes, std::to_string((i - 1) % 2));
    ASSERT_EQ(must(storage->put("refs/main", std::to_string(i % 2), matches(now->tag))), Written::kDone) << i;
  }
  EXPECT_EQ(read_all("refs/main"), "0");
}

TEST_P(StorageConformance, PlainWriteAfterReplacements_IsWhatIsRead) {
  must(storage->put("refs/main", "1"));
  must(storage->put("refs/main", "2", matches(must(storage->get("refs/main"))->tag)));
  must(storage->put("refs/main", "1"));
  EXPECT_EQ(read_all("refs/main"), "1");
  must(storage->put("refs/main", "3", matches(must(storage->get("refs/main"))->tag)));
  must(storage->remove(std::vector<std::string>{"refs/main"}));
  EXPECT_EQ(read_all("refs/main"), "(absent)");
  must(storage->put("refs/main", "1"));
  EXPECT_EQ(read_all("refs/main"), "1");
}

TEST_P(StorageConformance, ManyReplacementsAtOnce_LoseNone) {
  constexpr int kThreads = 8;
  constexpr int kEach = 25;
  must(storage->put("refs/count", "0"));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int done = 0; done < kEach;) {
          const auto now = must(storage->get("refs/count"));
          const std::string next = std::to_string(std::stoi(now->bytes) + 1);
          done += must(storage->put("refs/count", next, matches(now->tag))) == Written::kDone ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(read_all("refs/count"), std::to_string(kThreads * kEach));
}

TEST_P(StorageConformance, OfManyFirstWritesAtOnce_OneIsDone) {
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back(
          [&, i] { done += must(storage->put("refs/first", std::to_string(i), absent())) == Written::kDone ? 1 : 0; });
    }
  }
  EXPECT_EQ(done, 1);
}

}  // namespace snapshot_test::remote
