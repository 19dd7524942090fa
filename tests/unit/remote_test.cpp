// Baselines in a remote: their digest and list, push, pull, and what verify gets of them.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <set>
#include <stdexcept>

#include "remote/baseline.hpp"
#include "remote/cache.hpp"
#include "remote/open_storage.hpp"
#include "remote/pull.hpp"
#include "remote/snapshot_list.hpp"
#include "remote_support.hpp"
#include "store/digest.hpp"

namespace snapshot_test::remote {

namespace fs = std::filesystem;

std::string what_is_wrong(Storage& storage, const std::string& ref) {
  Reference reference;
  reference.ref = ref;
  const auto list = find_list(storage, reference);
  if (!list) {
    return list.error().message;
  }
  const auto texts = fetch_texts(storage, *list, 1);
  if (!texts) {
    return texts.error().message;
  }
  const store::TemporaryFolder scratch;
  std::vector<const ListedObject*> all;
  for (const auto& [sha256, object] : list->objects) {
    all.push_back(&object);
  }
  const auto damage = fetch_objects(storage, all, [](const ListedObject&, const fs::path&) { return Result<void>(); },
                                    {scratch.path(), 1, {}});
  if (!damage) {
    return damage.error().message;
  }
  return damage->empty() ? "" : damage->begin()->second;
}

namespace {

class RemoteTest : public testing::Test {
 protected:
  static Reference main_ref() { return {}; }
  fs::path in(const std::string& name) const { return folder.path() / name; }
  std::string digest_in(const std::string& name) const {
    return must(store::baseline_digest(*must(store::Store::open(in(name)))));
  }
  std::unique_ptr<RemoteBaseline> open(const Reference& reference = {}) {
    return must(RemoteBaseline::open(storage, reference, in("cache"), 1));
  }
  std::vector<std::string> all_objects() const {
    std::vector<std::string> objects;
    for (const auto& [name, contents] : some_values()) {
      for (const std::string& content : contents) {
        objects.push_back(store::sha256_hex(content));
      }
    }
    return objects;
  }

  store::TemporaryFolder folder;
  MemoryStorage storage;
};

TEST_F(RemoteTest, SameValues_HaveTheSameDigestWhateverTheRun) {
  capture_values(in("a"), some_values(), "run-1");
  capture_values(in("b"), some_values(), "run-2");
  EXPECT_EQ(digest_in("a"), digest_in("b"));
  EXPECT_EQ(digest_in("a").size(), 64U);
}

TEST_F(RemoteTest, TimesSourceAndReason_AreNotInTheDigest) {
  store::Manifest one = store::simple_manifest("bench.f", "run-1", {});
  store::Manifest other = one;
  other.version = "another";
  other.cases[0].run = "run-2";
  other.cases[0].seconds = 7;
  other.cases[0].total_seconds = 8;
  other.cases[0].reason = "took a while";
  other.cases[0].context_free = true;
  other.cases[0].history.push_back({"2026-11-28T00:00:00Z", "me", "why", "a", "b", {}, {}});
  EXPECT_EQ(store::manifest_digest(one), store::manifest_digest(other));
}

TEST_F(RemoteTest, WhatVerifyGoesBy_IsInTheDigest) {
  model::SiteValue value;
  value.object = std::string(64, 'a');
  value.bytes = 12;
  value.fingerprint = std::string(32, 'b');
  value.meaningful = true;
  const store::Manifest base = store::simple_manifest("bench.f", "run-1", {value});
  const std::vector<std::function<void(store::Manifest&)>> changes = {
      [](auto& m) { m.benchmark = "bench.g"; },
      [](auto& m) { m.cases[0].status = model::CaptureStatus::kPart; },
      [](auto& m) { m.cases[0].ending = model::Ending::kRaised; },
      [](auto& m) { m.cases[0].ids = {"1"}; },
      [](auto& m) { m.cases[0].unheld = true; },
      [](auto& m) { m.cases[0].sites[0].object = std::string(64, 'c'); },
      [](auto& m) { m.cases[0].sites[0].fingerprint = std::string(32, 'c'); },
      [](auto& m) { m.cases[0].sites[0].bytes = 13; },
      [](auto& m) { m.cases[0].sites[0].meaningful = false; },
      [](auto& m) { m.cases[0].sites[0].rounds = true; },
      [](auto& m) { m.cases[0].sites[0].partly = "cut"; },
      [](auto& m) { m.cases[0].sites[0].unstable = {"[0]"}; },
      [](auto& m) {
        m.cases[0].sites[0].bounds = {{"[0]", 1e-9}};
      },
      [](auto& m) { m.cases[0].sites[0].wholly_unstable = true; },
      [](auto& m) { m.cases[0].sites[0].object.clear(); },
      [](auto& m) { m.cases[0].sites.clear(); },
  };
  std::set<std::string> digests{store::manifest_digest(base)};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    store::Manifest changed = base;
    changes[i](changed);
    EXPECT_TRUE(digests.insert(store::manifest_digest(changed)).second) << i;
  }
}

TEST_F(RemoteTest, ValueThatIsNeverTheSame_IsNotInTheDigest) {
  model::SiteValue value;
  value.object = std::string(64, 'a');
  value.wholly_unstable = true;
  const store::Manifest one = store::simple_manifest("bench.f", "run-1", {value});
  store::Manifest other = one;
  other.cases[0].sites[0].object = std::string(64, 'b');
  EXPECT_EQ(store::manifest_digest(one), store::manifest_digest(other));
}

TEST_F(RemoteTest, List_IsReadAsItWasWritten) {
  capture_values(in("a"), some_values());
  const auto report = push_to(storage, in("a"));
  const std::string text = storage.bytes_of(keys::list(report.digest));
  const auto list = must(list_from_text(text, "list"));
  EXPECT_EQ(to_text(list), text);
  EXPECT_EQ(list.manifests.size(), 3U);
  EXPECT_EQ(list.objects.size(), 4U);
}

TEST_F(RemoteTest, DamagedList_IsCorruptAndSaysWhere) {
  const std::string digest(64, 'a');
  const auto error_of = [&](const std::string& text) {
    const auto list = list_from_text(text, "the list");
    return list ? std::string("(none)") : list.error().message;
  };
  const auto with = [&](const std::string& packs, const std::string& objects) {
    return R"({"format":"snapshot_test snapshot","version":1,"digest":")" + digest + R"(","packs":[)" + packs +
           R"(],"manifests":[],"runs":[],"objects":[)" + objects + "]}";
  };
  const std::string object = R"({"sha256":")" + digest + R"(","plain":5,"bytes":5,)";
  EXPECT_EQ(error_of(with("", "")), "(none)");
  EXPECT_NE(error_of("{").find("line 1"), std::string::npos);
  EXPECT_NE(error_of(with("", object + R"("pack":0,"at":0})")).find("pack that is not listed"), std::string::npos);
  EXPECT_NE(
      error_of(with(R"({"key":"packs/x.pack","bytes":9})", object + R"("pack":0,"at":5})")).find("within its pack"),
      std::string::npos);
  EXPECT_NE(error_of(with("", object + R"("key":"../../etc/passwd"})")).find("no key"), std::string::npos);
  EXPECT_NE(error_of(with("", object + R"("key":"x"},)" + object + R"("key":"x"})")).find("twice"), std::string::npos);
  EXPECT_NE(error_of(with("", R"({"sha256":"xyz","plain":1,"bytes":1,"key":"x"})")).find("64 hex digits"),
            std::string::npos);
}

TEST_F(RemoteTest, References_AreReadAsPeopleWriteThem) {
  const std::string digest(64, 'f');
  const auto text = [](const char* given) {
    const auto reference = parse_reference(given);
    return reference ? reference->url + " " + (reference->digest.empty() ? reference->ref : reference->digest)
                     : "(" + reference.error().message + ")";
  };
  EXPECT_EQ(text("/mnt/x"), "/mnt/x main");
  EXPECT_EQ(text("/mnt/x@dev"), "/mnt/x dev");
  EXPECT_EQ(text("s3://bucket/x@pull/12"), "s3://bucket/x pull/12");
  EXPECT_EQ(text("sftp://me@host/x"), "sftp://me@host/x main");
  EXPECT_EQ(text("sftp://me@host/x@v1.2"), "sftp://me@host/x v1.2");
  EXPECT_EQ(text("sftp://me@host"), "sftp://me@host main");
  EXPECT_EQ(text(("/x@sha256:" + digest).c_str()), "/x " + digest);
  EXPECT_EQ(text("/x@sha256:12").front(), '(');
  EXPECT_EQ(text("/x@a b").front(), '(');
  EXPECT_EQ(text("/x@../y").front(), '(');
}

TEST_F(RemoteTest, PushedBaseline_IsWholeAndPulledAsItWas) {
  capture_values(in("a"), some_values());
  const auto pushed = push_to(storage, in("a"), "main", 4);
  EXPECT_EQ(pushed.end, PushReport::End::kDone);
  EXPECT_EQ(pushed.digest, digest_in("a"));
  EXPECT_EQ(pushed.objects, 4U);
  EXPECT_EQ(pushed.objects_sent, 4U);
  EXPECT_EQ(what_is_wrong(storage, "main"), "");

  PullOptions options;
  options.cache_folder = in("cache");
  const auto pulled = must(pull(storage, in("b"), options));
  EXPECT_FALSE(pulled.up_to_date);
  EXPECT_EQ(pulled.digest, pushed.digest);
  EXPECT_EQ(digest_in("b"), pushed.digest);
  const auto store = must(store::FolderStore::open(in("b")));
  for (const std::string& object : all_objects()) {
    must(must(store.read_object(object)).check());
  }
  EXPECT_TRUE(must(store.load_run("run-1")).has_value());
  const auto again = must(pull(storage, in("b"), options));
  EXPECT_TRUE(again.up_to_date);
  EXPECT_FALSE(fs::exists(in("b") / "staging"));
}

TEST_F(RemoteTest, SmallValues_TravelInPacks) {
  Values many;
  for (int i = 0; i < 500; ++i) {
    many.push_back({"bench.time_" + std::to_string(i), {"value " + std::to_string(i)}});
  }
  capture_values(in("a"), many);
  const auto report = push_to(storage, in("a"));
  EXPECT_LT(report.traffic.requests, 20U);
  EXPECT_EQ(storage.keys("objects/").size(), 0U);
  EXPECT_EQ(storage.keys("packs/").size(), 2U);  // of manifests, and of values
  EXPECT_EQ(what_is_wrong(storage, "main"), "");
}

TEST_F(RemoteTest, SecondPush_SendsNothing) {
  capture_values(in("a"), some_values());
  push_to(storage, in("a"));
  const auto before = storage.keys();
  const auto again = push_to(storage, in("a"));
  EXPECT_EQ(again.end, PushReport::End::kUpToDate);
  EXPECT_EQ(again.traffic.sent, 0U);
  EXPECT_EQ(storage.keys(), before);
  const auto other = push_to(storage, in("a"), "release/1.0");
  EXPECT_EQ(other.end, PushReport::End::kDone);
  EXPECT_EQ(other.objects_sent, 0U);
  EXPECT_LT(other.traffic.sent, 500U);
}

TEST_F(RemoteTest, ChangedBaseline_SendsWhatIsNewAlone) {
  Values values = some_values();
  capture_values(in("a"), values);
  push_to(storage, in("a"));
  values[0].second[0] = "something else";
  capture_values(in("a"), values, "run-2");
  const auto report = push_to(storage, in("a"));
  EXPECT_EQ(report.objects_sent, 1U);
  EXPECT_EQ(what_is_wrong(storage, "main"), "");
  EXPECT_EQ(storage.keys("snapshots/").size(), 2U);
}

TEST_F(RemoteTest, StoppedPush_GoesOnWithoutSendingAgain) {
  capture_values(in("a"), some_values());
  std::size_t puts = 0;
  storage.on_call = [&](const Call& call) -> Result<void> {
    if (call.kind == Call::Kind::kPut && call.when == Call::When::kBefore && call.key.starts_with("snapshots/")) {
      return fail(ErrorKind::kUnavailable, "gone");
    }
    return {};
  };
  PushOptions options;
  options.at_once = 1;
  const auto stopped = push(*must(store::Store::open(in("a"))), storage, options);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(storage.keys("refs/").empty());
  storage.on_call = [&](const Call& call) -> Result<void> {
    puts += call.kind == Call::Kind::kPut && call.when == Call::When::kBefore ? 1 : 0;
    return {};
  };
  const auto report = push_to(storage, in("a"));
  EXPECT_EQ(report.objects_sent, 0U);
  EXPECT_EQ(puts, 2U);  // the list and the ref
  storage.on_call = nullptr;
  EXPECT_EQ(what_is_wrong(storage, "main"), "");
}

struct Killed {};

/// Kills a push at each of its calls, before and after it has its effect. The ref is the old or the new one, whole.
TEST_F(RemoteTest, PushKilledAtEveryCall_LeavesTheOldOrTheNewRefWhole) {
  capture_values(in("old"), some_values(1));
  capture_values(in("new"), some_values(2), "run-2");
  const std::string old_digest = digest_in("old");
  const std::string new_digest = digest_in("new");
  std::set<std::string> seen;
  for (std::size_t at = 0;; ++at) {
    MemoryStorage remote;
    push_to(remote, in("old"));
    std::size_t calls = 0;
    remote.on_call = [&](const Call&) -> Result<void> {
      if (calls++ == at) {
        throw Killed();
      }
      return {};
    };
    bool finished = false;
    try {
      push_to(remote, in("new"));
      finished = true;
    } catch (const Killed&) {
    }
    remote.on_call = nullptr;
    ASSERT_EQ(what_is_wrong(remote, "main"), "") << "killed at call " << at;
    const std::string now = must(find_ref(remote, "main"))->ref.digest;
    ASSERT_TRUE(now == old_digest || now == new_digest);
    seen.insert(now);
    if (finished) {
      EXPECT_GT(at, 20U);
      break;
    }
    push_to(remote, in("new"));
    ASSERT_EQ(must(find_ref(remote, "main"))->ref.digest, new_digest);
    ASSERT_EQ(what_is_wrong(remote, "main"), "");
  }
  EXPECT_EQ(seen.size(), 2U);
}

TEST_F(RemoteTest, RefThatAnotherPushHasSetMeanwhile_StaysAsThatLeftIt) {
  capture_values(in("a"), some_values(1));
  capture_values(in("b"), some_values(2), "run-2");
  capture_values(in("c"), some_values(3), "run-3");
  push_to(storage, in("a"));
  bool raced = false;
  storage.on_call = [&](const Call& call) -> Result<void> {
    if (!raced && call.kind == Call::Kind::kPut && call.when == Call::When::kBefore && call.key == "refs/main") {
      raced = true;
      push_to(storage, in("c"));
    }
    return {};
  };
  const auto report = push_to(storage, in("b"));
  EXPECT_EQ(report.end, PushReport::End::kMoved);
  EXPECT_EQ(report.before, digest_in("c"));
  EXPECT_EQ(must(find_ref(storage, "main"))->ref.digest, digest_in("c"));
  EXPECT_EQ(what_is_wrong(storage, "main"), "");
}

TEST_F(RemoteTest, StorageWithoutConditions_IsPushedToWithANote) {
  capture_values(in("a"), some_values());
  class Plain : public MemoryStorage {
    Result<Written> put(std::string_view key, std::string_view bytes, const Condition& condition) override {
      if (condition.kind != Condition::Kind::kAlways) {
        return fail(ErrorKind::kUnsupported, "no conditions");
      }
      return MemoryStorage::put(key, bytes, condition);
    }
  } plain;
  const auto report = push_to(plain, in("a"));
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_NE(report.notes[0].find("the later one wins"), std::string::npos);
  EXPECT_EQ(what_is_wrong(plain, "main"), "");
}

TEST_F(RemoteTest, DamagedOrMissingLocalValue_IsNotPushed) {
  for (const bool missing : {true, false}) {
    const std::string name = missing ? "missing" : "damaged";
    capture_values(in(name), some_values());
    const auto store = must(store::FolderStore::open(in(name)));
    const std::string file = store.find_object(store::sha256_hex(some_values()[2].second[0]))->place;
    if (missing) {
      fs::remove(file);
    } else {
      store::write_file(file, store::noise(20'000, 99));
    }
    const auto pushed = push(store, storage, {});
    ASSERT_FALSE(pushed) << name;
    EXPECT_EQ(pushed.error().kind, ErrorKind::kCorrupt);
    EXPECT_TRUE(storage.keys("refs/").empty());
    EXPECT_TRUE(storage.keys("snapshots/").empty());
  }
}

TEST_F(RemoteTest, BaselineWithNothingToCheck_IsNotPushed) {
  const auto store = must(store::Store::open_or_create(in("a")));
  const auto capture = must(store->begin_capture("run-1"));
  store::Manifest manifest = store::simple_manifest("bench.f", "run-1", {});
  manifest.cases[0].status = model::CaptureStatus::kFailed;
  must(capture->put_manifest(manifest));
  must(capture->commit());
  const auto pushed = push(*store, storage, {});
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().kind, ErrorKind::kNoBaseline);
  EXPECT_TRUE(storage.keys("refs/").empty());
}

TEST_F(RemoteTest, Pull_ReplacesTheWholeBaselineAndCanBeUndone) {
  capture_values(in("a"), some_values(1));
  push_to(storage, in("a"));
  capture_values(in("b"), {{"bench.time_a", {"mine"}}, {"bench.time_gone", {"mine, too"}}}, "run-9");
  const std::string before = digest_in("b");
  PullOptions options;
  options.cache_folder = in("cache");
  must(pull(storage, in("b"), options));
  EXPECT_EQ(digest_in("b"), digest_in("a"));
  const auto store = must(store::Store::open(in("b")));
  const auto undoable = must(store->find_undoable());
  ASSERT_TRUE(undoable.has_value());
  must(store->undo_capture(undoable->run_id));
  EXPECT_EQ(digest_in("b"), before);
}

TEST_F(RemoteTest, StoppedPull_LeavesTheOldBaselineAndGoesOn) {
  capture_values(in("a"), some_values(1));
  push_to(storage, in("a"));
  capture_values(in("b"), some_values(2), "run-9");
  const std::string before = digest_in("b");
  PullOptions options;
  options.cache_folder = in("cache");
  options.at_once = 1;
  bool large_read = false;  // then the small values follow, which are in a pack
  storage.on_call = [&](const Call& call) -> Result<void> {
    large_read = large_read || call.key.starts_with("objects/");
    return large_read && call.key.starts_with("packs/") ? fail(ErrorKind::kUnavailable, "gone") : Result<void>();
  };
  const auto stopped = pull(storage, in("b"), options);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(digest_in("b"), before);
  storage.on_call = nullptr;
  const auto again = must(pull(storage, in("b"), options));
  EXPECT_EQ(again.traffic.fetched, 3U);
  EXPECT_EQ(again.traffic.hits, 1U);
  EXPECT_EQ(digest_in("b"), digest_in("a"));
}

TEST_F(RemoteTest, PullOfADamagedValue_ChangesNothing) {
  capture_values(in("a"), some_values(1));
  push_to(storage, in("a"));
  for (const std::string& key : storage.keys("objects/")) {
    std::string bytes = storage.bytes_of(key);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    storage.set(key, bytes);
  }
  PullOptions options;
  options.cache_folder = in("cache");
  const auto pulled = pull(storage, in("b"), options);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().kind, ErrorKind::kCorrupt);
  EXPECT_FALSE(store::Store::open(in("b")));
}

TEST_F(RemoteTest, RefOrDigestThatIsNotThere_IsNoBaseline) {
  const auto kind_of = [&](const Reference& reference) {
    const auto opened = RemoteBaseline::open(storage, reference, in("cache"), 1);
    return opened ? "(opened)" : opened.error().message;
  };
  EXPECT_NE(kind_of({}).find("format.json"), std::string::npos);
  capture_values(in("a"), some_values());
  push_to(storage, in("a"), "dev");
  EXPECT_NE(kind_of({}).find("has no ref 'main'; it has dev"), std::string::npos);
  EXPECT_NE(kind_of({"", "", std::string(64, 'a')}).find("has no baseline sha256:aaaa"), std::string::npos);
}

TEST_F(RemoteTest, OpenedBaseline_HasManifestsAndNoValuesUntilTheyAreFetched) {
  capture_values(in("a"), some_values());
  push_to(storage, in("a"));
  const auto baseline = open();
  EXPECT_EQ(baseline->digest(), digest_in("a"));
  const auto store = must(store::Store::open(baseline->location()));
  EXPECT_EQ(must(store->benchmark_names()).size(), 3U);
  const std::string object = all_objects().back();
  EXPECT_TRUE(must(store::has_object(store->locator(), object, 20'000)));  // as the list says
  EXPECT_FALSE(store->open_object(object, 20'000));
  EXPECT_TRUE(must(baseline->fetch({object})).empty());
  must(must(store->open_object(object, 20'000))->check());
  EXPECT_EQ(baseline->traffic().fetched, 1U);
  EXPECT_TRUE(must(baseline->fetch(all_objects())).empty());
  EXPECT_EQ(baseline->traffic().hits, 1U);
  EXPECT_EQ(baseline->traffic().fetched, 4U);
  for (const std::string& each : all_objects()) {
    must(must(store->open_object(each))->check());
  }
}

TEST_F(RemoteTest, PinnedBaselineThatIsHere_NeedsNoRequest) {
  capture_values(in("a"), some_values());
  push_to(storage, in("a"));
  Reference pinned;
  pinned.digest = digest_in("a");
  EXPECT_GT(open(pinned)->traffic().requests, 0U);
  EXPECT_EQ(open(pinned)->traffic().requests, 0U);
  EXPECT_EQ(open()->traffic().requests, 3U);  // format, ref and list
}

TEST_F(RemoteTest, CleanedCache_KeepsWhatBaselinesThatWereUsedSinceList) {
  capture_values(in("a"), some_values());
  push_to(storage, in("a"));
  must(open()->fetch(all_objects()));
  const std::string old_digest = open()->digest();
  capture_values(in("b"), {{"bench.time_a", {"small 1", "new"}}});
  push_to(storage, in("b"));
  must(open()->fetch({store::sha256_hex("small 1"), store::sha256_hex("new")}));
  fs::create_directories(in("cache") / "remotes/objects/.tmp-running");
  EXPECT_EQ(must(list_cached(in("cache"))).baselines.size(), 2U);
  EXPECT_EQ(must(list_cached(in("cache"))).objects, 5U);

  // The first one, and all values, were used ten days ago.
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(240);
  for (const auto& entry : fs::recursive_directory_iterator(in("cache") / "remotes/objects")) {
    if (entry.is_regular_file()) {
      fs::last_write_time(entry.path(), long_ago);
    }
  }
  fs::last_write_time(in("cache") / "remotes/baselines" / old_digest, long_ago);
  const std::time_t now = std::time(nullptr);
  const auto none = must(clean_cached(in("cache"), now - 11 * 86400));
  EXPECT_EQ(none.baselines + none.objects, 0U);
  const auto some = must(clean_cached(in("cache"), now - 86400));
  EXPECT_EQ(some.baselines, 1U);
  EXPECT_EQ(some.objects, 3U) << "'small 1' is of the other, too";
  EXPECT_TRUE(fs::exists(in("cache") / "remotes/objects/.tmp-running")) << "of a run that is under way";
  const auto again = open();
  EXPECT_TRUE(must(again->fetch({store::sha256_hex("small 1"), store::sha256_hex("new")})).empty());
  EXPECT_EQ(again->traffic().hits, 2U);
  EXPECT_EQ(must(clean_cached(in("cache"), now + 1)).objects, 2U);
  EXPECT_TRUE(must(list_cached(in("cache"))).baselines.empty());
  EXPECT_EQ(must(clean_cached(in("nothing"), now)).objects, 0U);
}

TEST_F(RemoteTest, DamagedCache_IsFetchedAgain) {
  capture_values(in("a"), some_values());
  push_to(storage, in("a"));
  const std::string object = all_objects().back();
  must(open()->fetch({object}));
  const fs::path cached = in("cache") / "remotes/objects" / object.substr(0, 2) / (object.substr(2) + ".pkl");
  ASSERT_TRUE(fs::exists(cached));
  store::write_file(cached, store::noise(20'000, 77));
  const auto baseline = open();
  EXPECT_TRUE(must(baseline->fetch({object})).empty());
  EXPECT_EQ(baseline->traffic().fetched, 1U);
  const fs::path manifest = in("cache") / "remotes/baselines" / baseline->digest() / "cases/other/time_c.json";
  ASSERT_TRUE(fs::exists(manifest));
  fs::remove(manifest);
  EXPECT_EQ(must(must(store::Store::open(open()->location()))->benchmark_names()).size(), 3U);
}

TEST_F(RemoteTest, ValueThatTheRemoteLostOrDamaged_IsSaidAndNeverKept) {
  capture_values(in("a"), some_values());
  push_to(storage, in("a"));
  const std::string object = all_objects().back();
  const std::string key = keys::object(object, store::Encoding::kPlain);
  const std::string whole = storage.bytes_of(key);
  const std::vector<std::pair<std::string, std::function<void()>>> damages = {
      {"lacks", [&] { storage.erase(key); }},
      {"not what its name says", [&] { storage.set(key, store::noise(20'000, 5)); }},
      {"longer", [&] { storage.set(key, whole + "x"); }},
      {"19999 bytes", [&] { storage.set(key, whole.substr(1)); }},
  };
  for (const auto& [text, damage] : damages) {
    damage();
    const auto found = must(open()->fetch({object}));
    ASSERT_EQ(found.size(), 1U) << text;
    EXPECT_NE(found.at(object).find(text), std::string::npos) << found.at(object);
    EXPECT_TRUE(store::files_below(in("cache") / "remotes/objects").empty());
  }
  storage.set(key, whole);
  EXPECT_TRUE(must(open()->fetch({object})).empty());
}

TEST_F(RemoteTest, RewrittenRefOrList_IsAnErrorWithBothDigests) {
  capture_values(in("a"), some_values(1));
  capture_values(in("b"), some_values(2), "run-2");
  push_to(storage, in("a"));
  push_to(storage, in("b"), "other");
  const std::string a = digest_in("a");
  const std::string b = digest_in("b");
  // The list of b, under the name of a and with its digest.
  std::string text = storage.bytes_of(keys::list(b));
  storage.set(keys::list(a), text);
  Reference pinned;
  pinned.digest = a;
  const auto renamed = RemoteBaseline::open(storage, pinned, in("cache"), 1);
  ASSERT_FALSE(renamed);
  EXPECT_EQ(renamed.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(renamed.error().message.find(a), std::string::npos);
  EXPECT_NE(renamed.error().message.find(b), std::string::npos);
  storage.set(keys::list(a), text.replace(text.find(b), b.size(), a));
  const auto altered = RemoteBaseline::open(storage, pinned, in("cache"), 1);
  ASSERT_FALSE(altered);
  EXPECT_EQ(altered.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(altered.error().message.find(a), std::string::npos);
  EXPECT_NE(altered.error().message.find(b), std::string::npos);
  EXPECT_FALSE(fs::exists(in("cache") / "remotes/baselines" / a));
}

TEST_F(RemoteTest, UnavailableStorage_IsUnavailableWhereverItHappens) {
  capture_values(in("a"), some_values());
  push_to(storage, in("a"));
  for (std::size_t at = 0;; ++at) {
    std::size_t calls = 0;
    storage.on_call = [&](const Call&) -> Result<void> {
      return calls++ == at ? fail(ErrorKind::kUnavailable, "gone") : Result<void>();
    };
    const store::TemporaryFolder cache;
    auto opened = RemoteBaseline::open(storage, {}, cache.path(), 1);
    const auto fetched = opened ? (*opened)->fetch(all_objects()) : tl::unexpected(opened.error());
    if (fetched) {
      EXPECT_GE(at, 6U);
      break;
    }
    ASSERT_EQ(fetched.error().kind, ErrorKind::kUnavailable) << at;
  }
}

TEST_F(RemoteTest, RemoteOfALaterVersion_IsRefused) {
  storage.set("format.json", R"({"format": "snapshot_test remote", "version": 9})");
  capture_values(in("a"), some_values());
  const auto pushed = push(*must(store::Store::open(in("a"))), storage, {});
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().kind, ErrorKind::kUnsupported);
  storage.set("format.json", R"({"format": "snapshot_test store", "version": 2})");
  EXPECT_FALSE(push(*must(store::Store::open(in("a"))), storage, {}));  // a local store is no remote
}

}  // namespace

}  // namespace snapshot_test::remote
