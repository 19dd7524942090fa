// What every kind of Storage has to do, as one function that runs over it: a folder, memory, a fake helper, and real
// servers through ours.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "remote/storage.hpp"

namespace snapshot_test::remote::conformance {

/// What a kind cannot do at all, and how much time its server needs.
struct Traits {
  bool conditions = true;  ///< conditional writes
  bool matches = true;     ///< those with Condition::Kind::kMatches
  int keys = 1050;         ///< of the long listing
  int replacements = 20;   ///< of one object, by contents that come back
  int counters = 4;        ///< threads that count one object up
  int counts = 3;          ///< how often each of them does
  std::size_t big = std::size_t{20} << 20;
};

inline std::string noise(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  std::mt19937 random(seed);
  for (std::size_t i = 0; i + 4 <= size; i += 4) {
    const auto word = static_cast<std::uint32_t>(random());
    std::copy_n(reinterpret_cast<const char*>(&word), 4, bytes.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return bytes;
}

/// In so many threads at once, each with its number.
template <class Work>
void in_threads(int count, const Work& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&work, i] { work(i); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

/// The object's bytes; "absent", or the error.
inline std::string text_of(Storage& storage, std::string_view key) {
  const auto content = storage.get(key);
  if (!content) {
    return "error: " + content.error().message;
  }
  return *content ? (*content)->bytes : "absent";
}

inline std::string part_of(Storage& storage, std::string_view key, std::optional<Range> range) {
  std::string bytes;
  const auto found = storage.read(key, range, [&](std::string_view piece) {
    bytes.append(piece);
    return Result<void>();
  });
  if (!found) {
    return "error: " + found.error().message;
  }
  return *found ? bytes : "absent";
}

#define ST_EXPECT_OK(...)                                             \
  do {                                                                \
    const auto result_ = (__VA_ARGS__);                               \
    EXPECT_TRUE(result_) << (result_ ? "" : result_.error().message); \
  } while (false)
#define ST_EXPECT_WRITTEN(outcome, ...)              \
  do {                                               \
    const auto result_ = (__VA_ARGS__);              \
    ASSERT_TRUE(result_) << result_.error().message; \
    EXPECT_EQ(*result_, outcome);                    \
  } while (false)

inline void objects(Storage& storage) {
  SCOPED_TRACE("objects");
  EXPECT_EQ(text_of(storage, "never/written"), "absent");
  EXPECT_EQ(part_of(storage, "never/written", std::nullopt), "absent");
  EXPECT_EQ(part_of(storage, "never/written", Range{0, 1}), "absent");
  ST_EXPECT_WRITTEN(Written::kDone, storage.put("folder/one", "first"));
  EXPECT_EQ(text_of(storage, "folder/one"), "first");
  ST_EXPECT_WRITTEN(Written::kDone, storage.put("folder/one", "second"));
  EXPECT_EQ(text_of(storage, "folder/one"), "second");
  EXPECT_EQ(part_of(storage, "folder/one", Range{2, 3}), "con");
  EXPECT_EQ(part_of(storage, "folder/one", Range{6, 0}), "");
  const auto beyond = storage.read("folder/one", Range{4, 10}, [](std::string_view) { return Result<void>(); });
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().kind, ErrorKind::kCorrupt) << beyond.error().message;
  ST_EXPECT_WRITTEN(Written::kDone, storage.put("folder/empty", ""));
  EXPECT_EQ(text_of(storage, "folder/empty"), "");
  EXPECT_EQ(part_of(storage, "folder/empty", std::nullopt), "");
  for (const std::string key : {"sha256/ab/a.b_c-d@e%f~g", "a%20b/%2F", "~/x", "@", "...", ".hidden/..a"}) {
    ST_EXPECT_WRITTEN(Written::kDone, storage.put(key, "of " + key));
    EXPECT_EQ(text_of(storage, key), "of " + key);
    const auto listed = storage.list(key);
    ASSERT_TRUE(listed) << listed.error().message;
    ASSERT_EQ(listed->size(), 1U) << key;
    EXPECT_EQ(listed->front().key, key);
    EXPECT_EQ(listed->front().bytes, key.size() + 3);
  }
}

inline void conditions(Storage& storage, const Traits& traits) {
  SCOPED_TRACE("conditions");
  const Condition absent{Condition::Kind::kAbsent, ""};
  if (!traits.conditions) {
    const auto refused = storage.put("refs/main", "1", absent);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported) << refused.error().message;
    return;
  }
  ST_EXPECT_WRITTEN(Written::kDone, storage.put("refs/main", "1", absent));
  ST_EXPECT_WRITTEN(Written::kRefused, storage.put("refs/main", "2", absent));
  EXPECT_EQ(text_of(storage, "refs/main"), "1");
  if (!traits.matches) {
    return;
  }
  const auto before = storage.get("refs/main");
  ASSERT_TRUE(before && *before);
  const Condition matches{Condition::Kind::kMatches, (*before)->tag};
  ST_EXPECT_WRITTEN(Written::kDone, storage.put("refs/main", "3", matches));
  ST_EXPECT_WRITTEN(Written::kRefused, storage.put("refs/main", "4", matches));
  ST_EXPECT_WRITTEN(Written::kRefused, storage.put("refs/gone", "4", matches));
  EXPECT_EQ(text_of(storage, "refs/main"), "3");
  EXPECT_EQ(text_of(storage, "refs/gone"), "absent");
}

/// What an object was replaced by may be what it was before: that is another version all the same.
inline void replacements(Storage& storage, const Traits& traits) {
  SCOPED_TRACE("replacements");
  const auto matches = [&](const std::string& key) {
    const auto now = storage.get(key);
    return Condition{Condition::Kind::kMatches, now && *now ? (*now)->tag : std::string()};
  };
  ST_EXPECT_WRITTEN(Written::kRefused, storage.put("refs/back", "1", {Condition::Kind::kMatches, "nothing"}));
  ST_EXPECT_WRITTEN(Written::kDone, storage.put("refs/back", "0"));
  for (int i = 1; i <= traits.replacements; ++i) {
    ASSERT_EQ(text_of(storage, "refs/back"), std::to_string((i - 1) % 2));
    ST_EXPECT_WRITTEN(Written::kDone, storage.put("refs/back", std::to_string(i % 2), matches("refs/back")));
  }
  // A write without a condition is what is read, whatever the object was replaced by.
  ST_EXPECT_WRITTEN(Written::kDone, storage.put("refs/back", "plain"));
  EXPECT_EQ(text_of(storage, "refs/back"), "plain");
  ST_EXPECT_WRITTEN(Written::kDone, storage.put("refs/back", "3", matches("refs/back")));
  ST_EXPECT_OK(storage.remove(std::vector<std::string>{"refs/back"}));
  EXPECT_EQ(text_of(storage, "refs/back"), "absent");
  ST_EXPECT_WRITTEN(Written::kDone, storage.put("refs/back", "1", {Condition::Kind::kAbsent, ""}));
  EXPECT_EQ(text_of(storage, "refs/back"), "1");
}

/// Of many who want the same, one gets it.
inline void races(Storage& storage, const Traits& traits) {
  SCOPED_TRACE("races");
  std::atomic<int> made = 0;
  in_threads(16, [&](int i) {
    const auto written = storage.put("refs/race", std::to_string(i), {Condition::Kind::kAbsent, ""});
    EXPECT_TRUE(written) << written.error().message;
    made += written && *written == Written::kDone ? 1 : 0;
  });
  EXPECT_EQ(made, 1);
  if (!traits.matches) {
    return;
  }
  ST_EXPECT_WRITTEN(Written::kDone, storage.put("refs/count", "0"));
  in_threads(traits.counters, [&](int) {
    for (int done = 0; done < traits.counts;) {
      const auto content = storage.get("refs/count");
      ASSERT_TRUE(content) << content.error().message;
      ASSERT_TRUE(*content);
      const std::string next = std::to_string(std::stoi((*content)->bytes) + 1);
      const auto written = storage.put("refs/count", next, {Condition::Kind::kMatches, (*content)->tag});
      ASSERT_TRUE(written) << written.error().message;
      done += *written == Written::kDone ? 1 : 0;
    }
  });
  EXPECT_EQ(text_of(storage, "refs/count"), std::to_string(traits.counters * traits.counts));
}

inline void listings(Storage& storage, const Traits& traits) {
  SCOPED_TRACE("listings");
  constexpr int kThreads = 32;
  in_threads(kThreads, [&](int thread) {
    for (int i = thread; i < traits.keys; i += kThreads) {
      const auto written = storage.put("many/" + std::to_string(i % 3) + "/" + std::to_string(i), std::to_string(i));
      ASSERT_TRUE(written) << written.error().message;
    }
  });
  const auto all = storage.list("many/");
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->size(), static_cast<std::size_t>(traits.keys));
  const auto now = std::chrono::system_clock::now();
  for (const Entry& entry : *all) {
    ASSERT_LT(std::chrono::abs(now - entry.changed), std::chrono::minutes(30)) << entry.key;
  }
  const auto third = storage.list("many/1/");
  ASSERT_TRUE(third);
  EXPECT_EQ(third->size(), static_cast<std::size_t>((traits.keys + 1) / 3));
  // A prefix is text, not a folder.
  const auto some = storage.list("many/1/10");
  ASSERT_TRUE(some);
  EXPECT_EQ(some->size(), static_cast<std::size_t>(std::count_if(all->begin(), all->end(), [](const Entry& entry) {
              return entry.key.starts_with("many/1/10");
            })));
  const std::string first = "many/1/1";
  ST_EXPECT_OK(storage.remove(std::vector<std::string>{first, "many/1/never-written"}));
  EXPECT_EQ(text_of(storage, first), "absent");
  EXPECT_EQ(text_of(storage, "many/1/4"), "4");
  const auto none = storage.list("nothing/here");
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_TRUE(none->empty());
  std::vector<std::string> keys{"many/never/written"};
  for (const Entry& entry : *all) {
    keys.push_back(entry.key);
  }
  ST_EXPECT_OK(storage.remove(keys));
  const auto left = storage.list("many/");
  ASSERT_TRUE(left);
  EXPECT_TRUE(left->empty());
}

inline void files(Storage& storage, const Traits& traits, const std::string& folder) {
  SCOPED_TRACE("files");
  const std::string bytes = noise(traits.big, 7);
  const std::string path = folder + "/big";
  std::ofstream(path, std::ios::binary) << bytes;
  ST_EXPECT_WRITTEN(Written::kDone, storage.put_file("big/whole", path));
  EXPECT_TRUE(part_of(storage, "big/whole", std::nullopt) == bytes);
  const std::size_t middle = traits.big / 2 + 3;
  EXPECT_TRUE(part_of(storage, "big/whole", Range{middle, 1'000'001}) == bytes.substr(middle, 1'000'001));
  ST_EXPECT_WRITTEN(Written::kDone, storage.put_file("big/part", path, Range{3, 300'000}));
  EXPECT_TRUE(part_of(storage, "big/part", std::nullopt) == bytes.substr(3, 300'000));
  if (traits.conditions) {
    ST_EXPECT_WRITTEN(Written::kRefused,
                      storage.put_file("big/part", path, std::nullopt, {Condition::Kind::kAbsent, ""}));
  }
  const auto missing = storage.put_file("big/none", folder + "/not-there");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kIo);
  // A receiver that has enough ends the transfer.
  const auto enough = storage.read("big/whole", std::nullopt,
                                   [](std::string_view) { return Result<void>(fail(ErrorKind::kIo, "disk full")); });
  ASSERT_FALSE(enough);
  EXPECT_EQ(enough.error().message, "disk full");
  EXPECT_EQ(part_of(storage, "big/part", Range{0, 4}), bytes.substr(3, 4));
}

inline void many_threads(Storage& storage) {
  SCOPED_TRACE("many threads");
  in_threads(32, [&](int i) {
    const std::string key = "threads/" + std::to_string(i);
    const std::string bytes = noise(static_cast<std::size_t>(i) * 20'000, static_cast<unsigned>(i));
    for (int round = 0; round < 2; ++round) {
      const auto written = storage.put(key, bytes);
      ASSERT_TRUE(written) << written.error().message;
      ASSERT_TRUE(text_of(storage, key) == bytes) << key;
    }
  });
}

/// All of it, on a storage that is empty. `folder` takes local files.
inline void check(Storage& storage, const std::string& folder, const Traits& traits = {}) {
  objects(storage);
  conditions(storage, traits);
  if (traits.conditions) {
    races(storage, traits);
  }
  if (traits.conditions && traits.matches) {
    replacements(storage, traits);
  }
  listings(storage, traits);
  files(storage, traits, folder);
  many_threads(storage);
}

}  // namespace snapshot_test::remote::conformance
