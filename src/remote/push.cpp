#include "remote/push.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "remote/layout.hpp"
#include "remote/snapshot_list.hpp"
#include "store/baseline_digest.hpp"
#include "store/digest.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace {

/// What is stored in less than this travels in packs of about this size.
constexpr std::uint64_t kSmallObject = std::uint64_t{16} << 10U;
constexpr std::uint64_t kPackSize = std::uint64_t{4} << 20U;
/// A pack of an earlier push is used again if at least one in so many of its bytes is.
constexpr std::uint64_t kLeastUsed = 4;

double steady_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What of a store is to be in the remote.
struct Local {
  struct Object {
    std::uint64_t plain_bytes = 0;
    std::uint64_t bytes = 0;
    std::string path;
    store::Encoding encoding = store::Encoding::kPlain;
  };
  struct Text {
    std::string name;
    std::string sha256;
    std::string text;
  };
  std::string digest;
  std::vector<Text> manifests;
  std::vector<Text> runs;
  std::map<std::string, Object> objects;
  std::size_t checkable = 0;
};

Result<void> add_object(const store::Store& store, const model::SiteValue& site, Local& local) {
  if (site.object.empty() || local.objects.contains(site.object)) {
    return {};
  }
  const auto found = store.find_object(site.object);
  if (!found) {
    return fail(ErrorKind::kCorrupt,
                fmt::format("'{}' lacks the value {}, so it is not pushed; restore it or capture again", store.name(),
                            site.object));
  }
  const bool packed = std::string_view(found->place).ends_with(".zst");
  local.objects.emplace(site.object, Local::Object{site.bytes, found->bytes, found->place,
                                                   packed ? store::Encoding::kZstd : store::Encoding::kPlain});
  return {};
}

Result<Local> look_at_store(const store::Store& store) {
  Local local;
  TRY_ASSIGN(const auto names, store.benchmark_names());
  std::map<std::string, std::string> digests;
  std::set<std::string> runs;
  for (const std::string& name : names) {
    TRY_ASSIGN(const auto manifest, store.load_manifest(name));
    if (!manifest) {
      continue;
    }
    for (const store::CaseRecord& record : manifest->cases) {
      local.checkable += model::verifiable(record.status) ? 1 : 0;
      runs.insert(record.run);
      for (const model::SiteValue& site : record.sites) {
        TRY(add_object(store, site, local));
      }
    }
    digests.emplace(manifest->benchmark, store::manifest_digest(*manifest));
    std::string text = store::to_text(*manifest);
    std::string sha256 = store::sha256_hex(text);
    local.manifests.push_back({manifest->benchmark, std::move(sha256), std::move(text)});
  }
  if (local.checkable == 0) {
    return fail(
        ErrorKind::kNoBaseline,
        fmt::format("'{}' has nothing that verify could check, so it is not pushed: {} cases, none with a value; "
                    "look at it with `snapshot_test show`",
                    store.name(), local.manifests.size()));
  }
  for (const std::string& id : runs) {
    TRY_ASSIGN(const auto run, store.load_run(id));
    if (run) {
      std::string text = store::to_text(*run);
      std::string sha256 = store::sha256_hex(text);
      local.runs.push_back({id, std::move(sha256), std::move(text)});
    }
  }
  local.digest = store::baseline_digest(digests);
  return local;
}

/// What the remote has, as far as a push may rely on it.
class Remote {
 public:
  [[nodiscard]] static Result<Remote> look_at(Storage& storage) {
    Remote remote;
    TRY_ASSIGN(const auto tombstones, storage.list(keys::kTombstones));  // first: see kLongestPush
    for (const Entry& each : tombstones) {
      remote.doomed_.insert(keys::of_tombstone(each.key));
    }
    for (const std::string_view prefix : {keys::kObjects, keys::kPacks}) {
      TRY_ASSIGN(const auto entries, storage.list(prefix));
      for (const Entry& each : entries) {
        remote.there_.emplace(each.key, each.bytes);
      }
    }
    return remote;
  }

  [[nodiscard]] bool has(const std::string& key, std::uint64_t bytes) const {
    const auto found = there_.find(key);
    return found != there_.end() && found->second == bytes && !doomed_.contains(key);
  }
  [[nodiscard]] bool has_all(const SnapshotList& list) const {
    const auto needs = list.needs();
    return std::all_of(needs.begin(), needs.end(), [&](const auto& each) { return has(each.first, each.second); });
  }
  /// Where what belongs at `key` may be written.
  [[nodiscard]] std::string place_for(const std::string& key) const { return keys::without_tombstone(key, doomed_); }

 private:
  std::set<std::string> doomed_;
  std::map<std::string, std::uint64_t> there_;
};

/// Sends what is missing and makes the list.
class Sending {
 public:
  Sending(const store::Store& store, Storage& storage, const Remote& remote, const Local& local,
          const PushOptions& options)
      : store_(store), storage_(storage), remote_(remote), local_(local), options_(options) {
    list_.digest = local.digest;
  }

  /// Takes from an earlier list what can stay where it is.
  void reuse(const SnapshotList& base);
  [[nodiscard]] Result<void> send();
  [[nodiscard]] const SnapshotList& list() const { return list_; }
  [[nodiscard]] std::size_t objects_sent() const { return objects_sent_; }

 private:
  /// Part of a pack that is to be made: one of the two.
  struct Part {
    const std::string* object = nullptr;
    const Local::Text* text = nullptr;
    std::uint64_t bytes = 0;
  };
  using Pack = std::vector<Part>;

  void plan_texts(const std::vector<Local::Text>& texts, std::vector<Part>& parts) const;
  void add_packs(const std::vector<Part>& parts);
  [[nodiscard]] Result<void> send_pack(const Pack& pack);
  [[nodiscard]] Result<void> send_object(const std::string& sha256, const Local::Object& object);
  [[nodiscard]] Result<void> check(const std::string& sha256, const Local::Object& object) const;
  void done(std::uint64_t bytes);

  const store::Store& store_;
  Storage& storage_;
  const Remote& remote_;
  const Local& local_;
  const PushOptions& options_;
  std::map<std::string, Place> reused_;  ///< of objects and texts, by digest
  std::vector<Pack> packs_;
  std::vector<const std::string*> large_;  ///< objects to send by themselves
  std::mutex mutex_;                       ///< of what follows
  SnapshotList list_;
  std::map<std::string, Place> text_places_;  ///< by digest
  Progress progress_;
  std::size_t objects_sent_ = 0;
};

void Sending::reuse(const SnapshotList& base) {
  std::map<std::string, std::uint64_t> used;
  const auto count = [&](const Place& place) {
    if (place.range) {
      used[place.key] += place.range->bytes;
    }
  };
  std::set<std::string> texts;
  for (const auto* each : {&local_.manifests, &local_.runs}) {
    for (const Local::Text& text : *each) {
      texts.insert(text.sha256);
    }
  }
  for (const auto& [sha256, object] : base.objects) {
    if (local_.objects.contains(sha256)) {
      count(object.place);
    }
  }
  for (const auto* each : {&base.manifests, &base.runs}) {
    for (const ListedText& text : *each) {
      if (texts.contains(text.sha256)) {
        count(text.place);
      }
    }
  }
  const auto stays = [&](const Place& place) {
    const auto pack = base.packs.find(place.key);
    return place.range && pack != base.packs.end() && remote_.has(place.key, pack->second) &&
           used[place.key] >= pack->second / kLeastUsed;
  };
  const auto take = [&](const std::string& sha256, const Place& place) {
    if (stays(place)) {
      reused_.emplace(sha256, place);
      list_.packs.emplace(place.key, base.packs.at(place.key));
    }
  };
  for (const auto& [sha256, object] : base.objects) {
    const auto ours = local_.objects.find(sha256);
    if (ours != local_.objects.end() && ours->second.plain_bytes == object.plain_bytes && stays(object.place)) {
      take(sha256, object.place);
      list_.objects.emplace(sha256, object);
    }
  }
  for (const auto* each : {&base.manifests, &base.runs}) {
    for (const ListedText& text : *each) {
      if (texts.contains(text.sha256)) {
        take(text.sha256, text.place);
      }
    }
  }
}

void Sending::plan_texts(const std::vector<Local::Text>& texts, std::vector<Part>& parts) const {
  for (const Local::Text& text : texts) {
    if (!reused_.contains(text.sha256)) {
      parts.push_back({nullptr, &text, text.text.size()});
    }
  }
}

/// The same parts make the same packs, so that a push that was stopped finds those that it has sent.
void Sending::add_packs(const std::vector<Part>& parts) {
  Pack pack;
  std::uint64_t bytes = 0;
  for (const Part& part : parts) {
    if (!pack.empty() && bytes + part.bytes > kPackSize) {
      packs_.push_back(std::exchange(pack, {}));
      bytes = 0;
    }
    pack.push_back(part);
    bytes += part.bytes;
  }
  if (!pack.empty()) {
    packs_.push_back(std::move(pack));
  }
}

Result<void> Sending::send() {
  std::vector<Part> texts;
  plan_texts(local_.manifests, texts);
  plan_texts(local_.runs, texts);
  std::vector<Part> small;
  for (const auto& [sha256, object] : local_.objects) {
    if (reused_.contains(sha256)) {
      continue;
    }
    const std::string key = keys::object(sha256, object.encoding);
    if (object.bytes < kSmallObject) {
      small.push_back({&sha256, nullptr, object.bytes});
    } else {
      large_.push_back(&sha256);
    }
  }
  add_packs(texts);
  add_packs(small);
  std::vector<std::function<Result<void>()>> tasks;
  for (const std::string* sha256 : large_) {  // what takes longest goes first
    const Local::Object& object = local_.objects.at(*sha256);
    progress_.all += object.bytes;
    tasks.emplace_back([this, sha256, &object] { return send_object(*sha256, object); });
  }
  for (const Pack& pack : packs_) {
    for (const Part& part : pack) {
      progress_.all += part.bytes;
    }
    tasks.emplace_back([this, &pack] { return send_pack(pack); });
  }
  TRY(run_all(tasks, options_.at_once));
  const auto add_texts = [&](const std::vector<Local::Text>& from, std::vector<ListedText>& to) {
    for (const Local::Text& text : from) {
      const auto before = reused_.find(text.sha256);
      to.push_back({text.name, text.sha256, text.text.size(),
                    before == reused_.end() ? text_places_.at(text.sha256) : before->second});
    }
  };
  add_texts(local_.manifests, list_.manifests);
  add_texts(local_.runs, list_.runs);
  return {};
}

void Sending::done(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  progress_.done += bytes;
  if (options_.on_progress) {
    options_.on_progress(progress_);
  }
}

Result<void> Sending::check(const std::string& sha256, const Local::Object& object) const {
  TRY_ASSIGN(const auto reader, store_.open_object(sha256, object.plain_bytes));
  return reader->check();
}

Result<void> Sending::send_object(const std::string& sha256, const Local::Object& object) {
  // One form of it may be there already, from a store that compresses or one that does not.
  std::string key = keys::object(sha256, object.encoding);
  const bool is_there = remote_.has(key, object.bytes);
  if (!is_there) {
    TRY(check(sha256, object));
    key = remote_.place_for(key);
    TRY(storage_.put_file(key, object.path, std::nullopt, {}).map([](Written /*always done*/) {}));
  }
  {
    const std::lock_guard lock(mutex_);
    list_.objects.emplace(sha256, ListedObject{sha256, object.plain_bytes, object.bytes, object.encoding, {key, {}}});
    objects_sent_ += is_there ? 0 : 1;
  }
  done(object.bytes);
  return {};
}

Result<void> Sending::send_pack(const Pack& pack) {
  std::string bytes;
  std::vector<std::uint64_t> offsets;
  std::size_t objects = 0;
  for (const Part& part : pack) {
    offsets.push_back(bytes.size());
    if (part.text != nullptr) {
      bytes += part.text->text;
      continue;
    }
    ++objects;
    const Local::Object& object = local_.objects.at(*part.object);
    TRY(check(*part.object, object));
    TRY_ASSIGN(const std::string content, util::read_file(object.path));
    if (content.size() != part.bytes) {
      return fail(ErrorKind::kCorrupt, fmt::format("'{}' has changed while it was pushed; push again", object.path));
    }
    bytes += content;
  }
  std::string key = keys::pack(store::sha256_hex(bytes));
  const bool is_there = remote_.has(key, bytes.size());
  if (!is_there) {
    key = remote_.place_for(key);
    TRY(storage_.put(key, bytes).map([](Written /*always done*/) {}));
  }
  {
    const std::lock_guard lock(mutex_);
    objects_sent_ += is_there ? 0 : objects;
    list_.packs.emplace(key, bytes.size());
    for (std::size_t i = 0; i < pack.size(); ++i) {
      const Place place{key, Range{offsets[i], pack[i].bytes}};
      if (pack[i].text != nullptr) {
        text_places_.emplace(pack[i].text->sha256, place);
      } else {
        const Local::Object& object = local_.objects.at(*pack[i].object);
        list_.objects.emplace(*pack[i].object,
                              ListedObject{*pack[i].object, object.plain_bytes, object.bytes, object.encoding, place});
      }
    }
  }
  done(bytes.size());
  return {};
}

/// A list of an earlier push, where it can be read: what is damaged is no help, and no harm.
Result<std::optional<SnapshotList>> earlier_list(Storage& storage, const std::string& key, const std::string& digest) {
  auto list = load_list(storage, key, digest);
  if (!list && list.error().kind == ErrorKind::kCorrupt) {
    return std::nullopt;
  }
  return list;
}

}  // namespace

Result<PushReport> push(const store::Store& store, Storage& counted_storage, const PushOptions& options) {
  CountedStorage storage(counted_storage);
  const auto now = options.now ? options.now : steady_now;
  if (!is_ref_name(options.ref)) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("'{}' is no name of a ref: it has letters, digits, '.', '_', '-', and '/' between its parts",
                    options.ref));
  }
  TRY_ASSIGN(const Local local, look_at_store(store));
  PushReport report;
  report.digest = local.digest;
  report.manifests = local.manifests.size();
  report.objects = local.objects.size();
  report.checkable = local.checkable;
  for (const auto& [sha256, object] : local.objects) {
    report.bytes += object.bytes;
  }
  bool unconditional = false;
  const auto finish = [&](PushReport::End end) {
    report.end = end;
    report.traffic = storage.traffic();
    if (unconditional) {
      report.notes.push_back(
          fmt::format("'{}' cannot write on a condition: of two pushes to one ref at once, the later "
                      "one wins",
                      storage.name()));
    }
    return report;
  };
  TRY(ensure_format(storage));
  for (;;) {
    const double begun = now();
    TRY_ASSIGN(const Remote remote, Remote::look_at(storage));
    TRY_ASSIGN(const auto before, find_ref(storage, options.ref));
    report.before = before ? std::optional(before->ref.digest) : std::nullopt;
    // A ref must not be there after a power loss without what a push that was killed had written.
    TRY(storage.make_seen_durable());
    std::string key = remote.place_for(keys::list(local.digest));
    TRY_ASSIGN(const auto same, earlier_list(storage, key, local.digest));
    if (!same || !remote.has_all(*same)) {
      Sending sending(store, storage, remote, local, options);
      if (before) {
        TRY_ASSIGN(const auto base, earlier_list(storage, before->ref.list, before->ref.digest));
        if (base) {
          sending.reuse(*base);
        }
      }
      TRY(sending.send());
      report.objects_sent += sending.objects_sent();
      TRY(storage.put(key, to_text(sending.list()), {}).map([](Written /*always done*/) {}));
    } else if (before && before->ref.digest == local.digest && before->ref.list == key) {
      return finish(PushReport::End::kUpToDate);
    }
    if (now() - begun > std::chrono::duration<double>(kLongestPush).count()) {
      continue;  // something that it relies on may have got a tombstone long enough ago
    }
    const std::string text = to_text(Ref{local.digest, key, store::utc_text(std::time(nullptr))});
    const Condition condition =
        before ? Condition{Condition::Kind::kMatches, before->tag} : Condition{Condition::Kind::kAbsent, {}};
    TRY_ASSIGN(const Written written, put_if(storage, keys::ref(options.ref), text, condition, unconditional));
    if (written == Written::kDone) {
      return finish(PushReport::End::kDone);
    }
    TRY_ASSIGN(const auto moved, find_ref(storage, options.ref));
    report.before = moved ? std::optional(moved->ref.digest) : std::nullopt;
    const bool agrees = moved && moved->ref.digest == local.digest;
    return finish(agrees ? PushReport::End::kDone : PushReport::End::kMoved);
  }
}

}  // namespace snapshot_test::remote
