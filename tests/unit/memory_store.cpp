#include "memory_store.hpp"

#include <map>
#include <memory>
#include <set>
#include <utility>

#include "snapshot_test/store/transaction.hpp"
#include "store/digest.hpp"
#include "store/journal.hpp"
#include "store/kinds.hpp"
#include "util/file.hpp"

namespace snapshot_test::store {

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::byte>;

/// A capture that was stopped, and may be gone on with.
struct Stopped {
  std::string run_id;
  nlohmann::json key;
  std::vector<nlohmann::json> journal;
};

/// What a capture replaced; none of a benchmark that was new.
struct Kept {
  std::string run_id;
  std::map<std::string, std::optional<Manifest>> before;
};

struct Data {
  std::vector<Kept> kept;
  std::map<std::string, Bytes, std::less<>> objects;
  std::map<std::string, Bytes, std::less<>> staged;
  std::map<std::string, Manifest, std::less<>> manifests;
  std::map<std::string, RunInfo, std::less<>> runs;
  std::optional<Stopped> stopped;
  bool locked = false;
};

/// By location.
std::map<std::string, Data>& stores() {
  static std::map<std::string, Data> all;
  return all;
}

class Writer : public ObjectWriter {
 public:
  Writer(Data& data, Sha256 hash) : data_(data), hash_(std::move(hash)) {}
  Result<void> write(std::span<const std::byte> bytes) override {
    hash_.update(bytes);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<ObjectInfo> finish() override {
    const ObjectInfo info{hash_.finish(), bytes_.size(), bytes_.size()};
    if (!data_.objects.contains(info.sha256)) {
      data_.staged.insert_or_assign(info.sha256, std::move(bytes_));
    }
    return info;
  }

 private:
  Data& data_;
  Sha256 hash_;
  Bytes bytes_;
};

class Reader : public ObjectReader {
 public:
  Reader(std::string sha256, const Bytes& bytes) : sha256_(std::move(sha256)), bytes_(bytes) {}
  std::uint64_t plain_size() const noexcept override { return bytes_.size(); }
  std::optional<std::span<const std::byte>> mapped() const noexcept override { return std::span(bytes_); }
  Result<std::size_t> read(std::span<std::byte> out) override {
    const std::size_t size = std::min(out.size(), bytes_.size() - position_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(position_), size, out.begin());
    position_ += size;
    return size;
  }
  Result<void> check() const override {
    return check_name(sha256_hex({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}));
  }
  Result<void> check_name(std::string_view sha256) const override {
    return sha256 == sha256_ ? Result<void>() : fail(ErrorKind::kCorrupt, "object " + sha256_ + " is damaged");
  }
  Result<util::MappedFile> load_verified(const fs::path& scratch_folder) const override {
    if (auto checked = check(); !checked) {
      return tl::unexpected(checked.error());
    }
    const fs::path path = scratch_folder / sha256_;
    if (auto wrote = util::write_file_atomically(path, {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
        !wrote) {
      return tl::unexpected(wrote.error());
    }
    auto mapped = util::MappedFile::open(path);
    fs::remove(path);
    return mapped;
  }

 private:
  std::string sha256_;
  const Bytes& bytes_;
  std::size_t position_ = 0;
};

Result<std::unique_ptr<ObjectReader>> open(const model::Locator& where, std::string_view sha256,
                                           std::optional<std::uint64_t> plain_bytes) {
  const Data& data = stores().at(where.places.front());
  for (const auto* objects : {&data.staged, &data.objects}) {
    const auto found = objects->find(sha256);
    if (found != objects->end() && (objects == &data.objects || !where.staging.empty())) {
      if (plain_bytes && *plain_bytes != found->second.size()) {
        return fail(ErrorKind::kCorrupt, "object " + std::string(sha256) + " has another size");
      }
      return std::make_unique<Reader>(std::string(sha256), found->second);
    }
  }
  return fail(ErrorKind::kCorrupt, "object " + std::string(sha256) + " is missing");
}

class Capture : public CaptureTransaction {
 public:
  Capture(std::string location, std::string run_id, std::optional<nlohmann::json> key, Leftovers leftovers)
      : location_(std::move(location)),
        data_(stores().at(location_)),
        run_id_(std::move(run_id)),
        key_(std::move(key)),
        leftovers_(leftovers) {
    if (leftovers == Leftovers::kKept) {
      // what is staged is that of the capture that was stopped
    } else if (data_.stopped && key_ && data_.stopped->key == *key_) {
      run_id_ = data_.stopped->run_id;
      resumed_.journal = data_.stopped->journal;
    } else {
      data_.staged.clear();
      data_.stopped = key_ ? std::optional(Stopped{run_id_, *key_, {}}) : std::nullopt;
    }
    data_.locked = true;
  }
  ~Capture() override {
    data_.locked = false;
    if (!key_ && leftovers_ == Leftovers::kRemoved) {
      data_.staged.clear();
    }
  }

  model::Locator locator() const override { return {"memory", {location_}, location_}; }
  const std::string& run_id() const override { return run_id_; }
  Resumed& resumed() override { return resumed_; }
  Result<void> write_journal(const nlohmann::json& line) override {
    if (key_) {
      data_.stopped->journal.push_back(line);
    }
    return {};
  }
  bool holds(const model::SiteValue& site) const override {
    return open(locator(), site.object, site.bytes).has_value();
  }
  Result<void> put_manifest(const Manifest& manifest) override {
    manifests_.insert_or_assign(manifest.benchmark, manifest);
    return {};
  }
  Result<void> remove_manifest(std::string_view benchmark) override {
    removed_.emplace(benchmark);
    return {};
  }
  Result<void> put_run(const RunInfo& run) override {
    run_ = run;
    return {};
  }
  void keep_replaced() override { keeps_ = true; }
  Result<void> commit() override {
    if (keeps_ && !data_.manifests.empty()) {
      Kept kept{run_id_, {}};
      for (const auto& [name, manifest] : manifests_) {
        const auto before = data_.manifests.find(name);
        kept.before[name] = before == data_.manifests.end() ? std::nullopt : std::optional(before->second);
      }
      for (const std::string& name : removed_) {
        kept.before[name] = data_.manifests.at(name);
      }
      data_.kept.push_back(std::move(kept));
    }
    for (auto& [name, manifest] : manifests_) {
      data_.manifests.insert_or_assign(name, std::move(manifest));
    }
    for (const std::string& name : removed_) {
      data_.manifests.erase(name);
    }
    data_.objects.merge(data_.staged);
    data_.staged.clear();
    data_.stopped.reset();
    if (run_) {
      data_.runs.insert_or_assign(run_->id, *run_);
    }
    return {};
  }

 private:
  std::string location_;
  Data& data_;
  std::string run_id_;
  std::optional<nlohmann::json> key_;
  Leftovers leftovers_;
  Resumed resumed_;
  std::map<std::string, Manifest> manifests_;
  std::set<std::string> removed_;
  std::optional<RunInfo> run_;
  bool keeps_ = false;
};

class MemoryStore : public Store {
 public:
  explicit MemoryStore(std::string location) : location_(std::move(location)), data_(stores()[location_]) {}

  std::string name() const override { return location_; }
  model::Locator locator() const override { return {"memory", {location_}, ""}; }
  Result<std::optional<Manifest>> load_manifest(std::string_view benchmark) const override {
    const auto found = data_.manifests.find(benchmark);
    return found == data_.manifests.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::vector<std::string>> benchmark_names() const override { return names_of(data_.manifests); }
  Result<std::optional<RunInfo>> load_run(std::string_view id) const override {
    const auto found = data_.runs.find(id);
    return found == data_.runs.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::vector<std::string>> run_ids() const override { return names_of(data_.runs); }
  std::optional<StoredObject> find_object(std::string_view sha256) const override {
    const auto found = data_.objects.find(sha256);
    return found == data_.objects.end() ? std::nullopt : std::optional(StoredObject{location_, found->second.size()});
  }
  std::optional<std::string> manifest_place(std::string_view benchmark) const override {
    return data_.manifests.contains(benchmark) ? std::optional(location_) : std::nullopt;
  }
  Result<std::uint64_t> disk_usage() const override {
    std::uint64_t bytes = 0;
    for (const auto& [sha256, object] : data_.objects) {
      bytes += object.size();
    }
    return bytes;
  }
  Result<std::unique_ptr<CaptureTransaction>> begin_capture(std::string run_id, Patience,
                                                            Leftovers leftovers) const override {
    return begin(std::move(run_id), std::nullopt, leftovers);
  }
  Result<std::unique_ptr<CaptureTransaction>> resume_capture(std::string run_id, const nlohmann::json& key,
                                                             Patience) const override {
    return begin(std::move(run_id), key, Leftovers::kRemoved);
  }
  Result<CleanReport> clean(const std::optional<std::vector<std::string>>& live, CleanMode mode,
                            Patience) const override {
    CleanReport report;
    std::set<std::string, std::less<>> referenced;
    for (const auto& [name, manifest] : data_.manifests) {
      if (live && std::find(live->begin(), live->end(), name) == live->end()) {
        report.obsolete.push_back(name);
        continue;
      }
      for (const CaseRecord& record : manifest.cases) {
        for (const model::SiteValue& site : record.sites) {
          referenced.insert(site.object);
        }
      }
    }
    for (const auto& [sha256, object] : data_.objects) {
      report.objects += referenced.contains(sha256) ? 0 : 1;
    }
    report.undoable = data_.kept.size();
    if (mode == CleanMode::kRemove) {
      data_.kept.clear();
      std::erase_if(data_.objects, [&](const auto& each) { return !referenced.contains(each.first); });
      for (const std::string& name : report.obsolete) {
        data_.manifests.erase(name);
      }
    }
    return report;
  }
  Result<std::optional<Undoable>> find_undoable() const override {
    if (data_.kept.empty()) {
      return std::nullopt;
    }
    Undoable undoable{data_.kept.back().run_id};
    for (const auto& [name, before] : data_.kept.back().before) {
      ++(before ? undoable.restored : undoable.removed);
    }
    return undoable;
  }
  Result<void> undo_capture(std::string_view run_id, Patience) const override {
    if (data_.kept.empty() || data_.kept.back().run_id != run_id) {
      return fail(ErrorKind::kUsage, "it is not the last one that can be undone");
    }
    for (auto& [name, before] : data_.kept.back().before) {
      data_.manifests.erase(name);
      if (before) {
        data_.manifests.emplace(name, std::move(*before));
      }
    }
    data_.runs.erase(std::string(run_id));
    data_.kept.pop_back();
    return {};
  }
  Result<bool> forget_case(std::string_view benchmark, const std::vector<std::string>& ids, Patience) const override {
    const auto found = data_.manifests.find(benchmark);
    if (found == data_.manifests.end()) {
      return false;
    }
    const bool forgotten =
        std::erase_if(found->second.cases, [&](const CaseRecord& record) { return record.ids == ids; }) > 0;
    if (found->second.cases.empty()) {
      data_.manifests.erase(found);
    }
    return forgotten;
  }

 private:
  template <class Map>
  static std::vector<std::string> names_of(const Map& map) {
    std::vector<std::string> names;
    for (const auto& [name, value] : map) {
      names.push_back(name);
    }
    return names;
  }
  Result<std::unique_ptr<CaptureTransaction>> begin(std::string run_id, std::optional<nlohmann::json> key,
                                                    Leftovers leftovers) const {
    if (data_.locked) {
      return fail(ErrorKind::kIo, "another capture has '" + location_ + "'");
    }
    return std::make_unique<Capture>(location_, std::move(run_id), std::move(key), leftovers);
  }

  std::string location_;
  Data& data_;
};

Result<std::unique_ptr<Store>> open_store(const fs::path& location, Opening opening) {
  const auto there = stores().find(location.string());
  if (opening == Opening::kToRead && (there == stores().end() || there->second.manifests.empty())) {
    return fail(ErrorKind::kNoBaseline, "there is no baseline: '" + location.string() + "' has no snapshots");
  }
  if (opening == Opening::kIfThere && there == stores().end()) {
    return nullptr;
  }
  return std::make_unique<MemoryStore>(location.string());
}

Result<std::unique_ptr<ObjectWriter>> create(const model::Locator& where, Compression) {
  if (where.staging.empty()) {
    return fail(ErrorKind::kInternal, "there is no capture to write an object for");
  }
  return Sha256::create().map([&](Sha256 hash) -> std::unique_ptr<ObjectWriter> {
    return std::make_unique<Writer>(stores().at(where.staging), std::move(hash));
  });
}

Result<bool> has(const model::Locator& where, std::string_view sha256, std::uint64_t plain_bytes) {
  return open(where, sha256, plain_bytes).has_value();
}

}  // namespace

fs::path memory_location() {
  static int made = 0;
  if (made == 0) {
    add_kind({"memory", open_store, create, open, has});
  }
  return "memory:" + std::to_string(++made);
}

}  // namespace snapshot_test::store
