#include "remote/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "remote/fetch.hpp"
#include "remote/layout.hpp"
#include "remote/push.hpp"
#include "remote/snapshot_list.hpp"
#include "store/digest.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::remote {

namespace {

namespace fs = std::filesystem;

class Checking {
 public:
  Checking(Storage& storage, const CheckOptions& options) : storage_(storage), options_(options) {}

  [[nodiscard]] Result<CheckReport> run() {
    TRY(look());
    TRY_ASSIGN(const auto names, ref_names(storage_));
    for (const std::string& name : names) {
      TRY(check_ref(name));
    }
    return std::move(report_);
  }

 private:
  void problem(const std::string& text) { report_.problems.push_back(text); }

  [[nodiscard]] Result<void> look() {
    for (const std::string_view prefix : {keys::kObjects, keys::kPacks}) {
      TRY_ASSIGN(const auto entries, storage_.list(prefix));
      for (const Entry& entry : entries) {
        sizes_.emplace(entry.key, entry.bytes);
      }
    }
    return {};
  }

  [[nodiscard]] Result<void> check_ref(const std::string& name) {
    ++report_.refs;
    const auto found = find_ref(storage_, name);
    if (!found && found.error().kind != ErrorKind::kCorrupt) {
      return tl::unexpected(found.error());
    }
    if (!found || !*found) {
      problem(found ? fmt::format("ref {}: it went while it was looked at", name) : found.error().message);
      return {};
    }
    const Ref& ref = (*found)->ref;
    if (!seen_.insert(ref.list).second) {
      return {};
    }
    auto list = load_list(storage_, ref.list, ref.digest);
    if (!list && list.error().kind != ErrorKind::kCorrupt) {
      return tl::unexpected(list.error());
    }
    if (!list || !*list) {
      const std::string why = list ? fmt::format("'{}' is missing", ref.list) : list.error().message;
      problem(fmt::format("ref {}: {}; push its baseline again", name, why));
      return {};
    }
    ++report_.baselines;
    return check_list(name, **list);
  }

  [[nodiscard]] Result<void> check_list(const std::string& name, const SnapshotList& list) {
    report_.objects += list.objects.size();
    std::map<std::string, std::string> wrong;  // key → what
    for (const auto& [key, bytes] : list.needs()) {
      const auto found = sizes_.find(key);
      if (found == sizes_.end()) {
        wrong.emplace(key, "is missing");
      } else if (found->second != bytes) {
        wrong.emplace(key, fmt::format("has {} bytes, where {} are listed", found->second, bytes));
      }
    }
    if (options_.depth == CheckOptions::Depth::kData) {
      TRY(read(name, list, wrong));
    }
    for (const auto& [key, what] : wrong) {
      TRY(note(name, list, key, what));
    }
    return {};
  }

  [[nodiscard]] Result<void> read(const std::string& name, const SnapshotList& list,
                                  std::map<std::string, std::string>& wrong) {
    const auto texts = fetch_texts(storage_, list, options_.at_once);
    if (!texts && texts.error().kind != ErrorKind::kCorrupt) {
      return tl::unexpected(texts.error());
    }
    if (!texts) {
      const bool known = std::any_of(list.manifests.begin(), list.manifests.end(),
                                     [&](const auto& each) { return wrong.contains(each.place.key); });
      if (!known) {
        problem(fmt::format("ref {}: {}", name, texts.error().message));
      }
    }
    std::vector<const ListedObject*> objects;
    for (const auto& [sha256, object] : list.objects) {
      if (!wrong.contains(object.place.key)) {
        objects.push_back(&object);
      }
    }
    const Keep keep = [](const ListedObject& /*object*/, const fs::path& /*file*/) { return Result<void>(); };
    TRY_ASSIGN(const Damage damage,
               fetch_objects(storage_, objects, keep, {options_.scratch, options_.at_once, options_.on_progress}));
    for (const auto& [sha256, why] : damage) {
      wrong.emplace(list.objects.at(sha256).place.key, fmt::format("is damaged (value {})", sha256));
    }
    return {};
  }

  [[nodiscard]] Result<void> note(const std::string& name, const SnapshotList& list, const std::string& key,
                                  const std::string& what) {
    if (options_.repair_from != nullptr) {
      TRY_ASSIGN(const bool repaired, repair(list, key));
      if (repaired) {
        report_.repaired.push_back(fmt::format("'{}' {}: it was sent again", key, what));
        return {};
      }
    }
    problem(fmt::format("ref {}: '{}' {}", name, key, what));
    return {};
  }

  /// What the value's file is in the store, byte for byte as it is listed; none where it is not.
  [[nodiscard]] std::optional<std::string> stored_file(const ListedObject& object) const {
    const auto found = options_.repair_from->find_object(object.sha256);
    if (!found || found->bytes != object.bytes ||
        std::string_view(found->place).ends_with(".zst") != (object.encoding == store::Encoding::kZstd)) {
      return std::nullopt;
    }
    const auto reader = options_.repair_from->open_object(object.sha256, object.plain_bytes);
    return reader && (*reader)->check() ? std::optional(found->place) : std::nullopt;
  }

  [[nodiscard]] Result<bool> repair(const SnapshotList& list, const std::string& key) {
    for (const auto& [sha256, object] : list.objects) {
      if (object.place.key != key || object.place.range) {
        continue;
      }
      const auto file = stored_file(object);
      if (!file) {
        return false;
      }
      TRY(storage_.put_file(key, *file, std::nullopt, {}).map([](Written /*always done*/) {}));
      return true;
    }
    return repair_pack(list, key);
  }

  /// A pack is what its name says, or it is not made.
  [[nodiscard]] Result<bool> repair_pack(const SnapshotList& list, const std::string& key) {
    const auto pack = list.packs.find(key);
    if (pack == list.packs.end()) {
      return false;
    }
    std::string bytes(pack->second, '\0');
    const auto put = [&](const Range& range, std::string_view part) {
      if (part.size() != range.bytes || range.offset + range.bytes > bytes.size()) {
        return false;
      }
      bytes.replace(range.offset, part.size(), part);
      return true;
    };
    for (const auto& [sha256, object] : list.objects) {
      if (object.place.key != key) {
        continue;
      }
      const auto file = stored_file(object);
      const auto content = file ? util::read_file(*file) : Result<std::string>("");
      if (!file || !content || !put(*object.place.range, *content)) {
        return false;
      }
    }
    for (const auto* texts : {&list.manifests, &list.runs}) {
      for (const ListedText& text : *texts) {
        if (text.place.key != key) {
          continue;
        }
        TRY_ASSIGN(const std::string content, text_of(texts == &list.manifests, text.name));
        if (!put(*text.place.range, content)) {
          return false;
        }
      }
    }
    if (!key.starts_with(keys::pack(store::sha256_hex(bytes)))) {
      return false;  // it held more than this baseline uses, or the store holds another
    }
    TRY(storage_.put(key, bytes, {}).map([](Written /*always done*/) {}));
    return true;
  }

  [[nodiscard]] Result<std::string> text_of(bool is_manifest, const std::string& name) const {
    if (is_manifest) {
      TRY_ASSIGN(const auto manifest, options_.repair_from->load_manifest(name));
      return manifest ? store::to_text(*manifest) : "";
    }
    TRY_ASSIGN(const auto run, options_.repair_from->load_run(name));
    return run ? store::to_text(*run) : "";
  }

  Storage& storage_;
  const CheckOptions& options_;
  std::map<std::string, std::uint64_t> sizes_;
  std::set<std::string> seen_;  ///< lists
  CheckReport report_;
};

}  // namespace

Result<CheckReport> check(Storage& storage, const CheckOptions& options) {
  CountedStorage counted(storage);
  TRY_ASSIGN(const bool is_remote, check_format(counted));
  if (!is_remote) {
    return fail(ErrorKind::kNoBaseline, fmt::format("'{}' is no remote: it has no format.json", storage.name()));
  }
  TRY_ASSIGN(CheckReport report, Checking(counted, options).run());
  report.traffic = counted.traffic();
  return report;
}

}  // namespace snapshot_test::remote
