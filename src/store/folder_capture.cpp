#include "snapshot_test/store/transaction.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <utility>

#include "store/digest.hpp"
#include "store/files.hpp"
#include "store/folder_store.hpp"
#include "store/journal.hpp"
#include "store/layout.hpp"
#include "store/lock.hpp"
#include "store/paths.hpp"
#include "store/replaced.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

/// What it stages lies beside the baseline until it is committed (docs/store.md).
struct FolderCapture final : CaptureTransaction {
  FolderCapture(fs::path store, fs::path folder, std::string id, StoreLock its_lock)
      : root(std::move(store)), staged(std::move(folder)), its_id(std::move(id)), lock(std::move(its_lock)) {}
  FolderCapture(const FolderCapture&) = delete;
  FolderCapture& operator=(const FolderCapture&) = delete;
  ~FolderCapture() override {
    // A forked child that exits orderly must not take the capture down.
    if (!decided && !journal && owner == ::getpid()) {
      std::error_code ignored;  // what stays is removed by the next capture
      fs::remove_all(staged, ignored);
      fs::remove(paths::staging(root), ignored);
    }
  }

  model::Locator locator() const override {
    const std::string staging = paths::objects(staged).string();
    return {"folder", {staging, paths::objects(root).string()}, staging};
  }
  const std::string& run_id() const override { return its_id; }
  Resumed& resumed() override { return left; }
  Result<void> write_journal(const nlohmann::json& line) override {
    return journal ? journal->append(line) : Result<void>();
  }
  bool holds(const model::SiteValue& site) const override;
  Result<void> put_manifest(const Manifest& manifest) override;
  Result<void> remove_manifest(std::string_view benchmark) override {
    removed.insert(paths::manifest({}, benchmark).string());
    return {};
  }
  Result<void> put_run(const RunInfo& run) override;
  void keep_replaced() override { keeps_replaced = true; }
  Result<void> commit() override;

  fs::path root;
  fs::path staged;
  std::string its_id;
  StoreLock lock;
  util::Fd watch{};  ///< opened before anything is staged; see sync_tree()
  pid_t owner = ::getpid();
  bool keeps_replaced = false;
  bool has_sketch_marker = false;
  bool decided = false;              ///< the commit marker is there: the staged files are the baseline now
  std::optional<Journal> journal{};  ///< of one that can be resumed: what is staged stays
  Resumed left{};
  std::set<std::string> removed{};  ///< manifests, as Removal has them
  std::set<std::string> referenced{};
  std::set<std::string> captured{};  ///< those of `referenced` that this run must have written or found

  [[nodiscard]] bool stored(const fs::path& objects, const std::string& sha256) const {
    std::error_code ignored;
    return fs::exists(paths::object(objects, sha256, Encoding::kPlain), ignored) ||
           fs::exists(paths::object(objects, sha256, Encoding::kZstd), ignored);
  }

  Result<void> check_references() const {
    for (const std::string& sha256 : captured) {
      if (!stored(paths::objects(staged), sha256) && !stored(paths::objects(root), sha256)) {
        return fail(ErrorKind::kInternal,
                    fmt::format("a captured case names object {}, which was not written; the baseline in '{}' is as it "
                                "was. This is a defect of snapshot_test: please report it",
                                sha256, root.string()));
      }
    }
    return {};
  }

  /// Objects that only a repeated or killed run of a case wrote, and temporary files of killed ones.
  Result<void> drop_unreferenced() const {
    TRY_ASSIGN(const auto folders, list_folder(paths::objects(staged)));
    for (const FolderEntry& folder : folders) {
      const fs::path path = paths::objects(staged) / folder.name;
      if (!folder.is_folder) {
        ::unlink(path.c_str());
        continue;
      }
      TRY_ASSIGN(const auto entries, list_folder(path));
      for (const FolderEntry& entry : entries) {
        const auto object = paths::parse_object(folder.name, entry.name);
        if (!object || !referenced.contains(object->sha256)) {
          ::unlink((path / entry.name).c_str());
        }
      }
    }
    return {};
  }

  /// The error of a step before the marker: the old baseline holds.
  [[nodiscard]] Error undone(Error error) const {
    error.message += fmt::format("; nothing was captured, the baseline in '{}' is as it was", root.string());
    return error;
  }
};

/// Of the captures that were stopped, the newest with this key.
struct Predecessor {
  fs::path folder;
  Journal::Content journal;
};

std::optional<Predecessor> find_predecessor(const std::vector<fs::path>& stale, const nlohmann::json& key,
                                            std::vector<std::string>& notes) {
  std::optional<Predecessor> found;
  for (const fs::path& folder : stale) {  // the oldest first: ids sort by time
    const std::string id = folder.filename().string();
    auto journal = paths::is_run_id(id) ? Journal::read(paths::journal(folder)) : std::nullopt;
    if (!journal) {
      continue;
    }
    if (const std::string other = difference(journal->key, key); !other.empty()) {
      notes.push_back(fmt::format("the interrupted capture {} is not used: not the same now: {}", id, other));
    } else {
      found = {folder, std::move(*journal)};
    }
  }
  if (found && found->journal.damaged) {
    notes.push_back(
        fmt::format("the journal of the interrupted capture {} is damaged after {} cases, and what is "
                    "behind is run again",
                    found->folder.filename().string(), found->journal.lines.size()));
  }
  return found;
}

/// All but the objects and the journal: what was about to be committed is written anew.
Result<void> forget_manifests(const fs::path& folder) {
  TRY(remove_tree(paths::cases(folder)));
  TRY(remove_tree(paths::runs(folder)));
  return forget_staged(folder);
}

/// `key`: of a capture that can be resumed.
Result<std::unique_ptr<CaptureTransaction>> start(const FolderStore& store, std::string run_id,
                                                  const nlohmann::json* key, Leftovers leftovers, Patience patience) {
  if (!paths::is_run_id(run_id)) {
    return fail(ErrorKind::kInternal, fmt::format("'{}' is not a run id", run_id));
  }
  TRY_ASSIGN(auto lock, StoreLock::take(store.root(), patience));
  TRY_ASSIGN(const auto staged, find_staged(store.root()));
  Result<void> done;
  for (const fs::path& each : staged.committed) {
    done = done ? roll_forward(store.root(), each) : done;
  }
  Resumed resumed;
  auto before = key != nullptr ? find_predecessor(staged.stale, *key, resumed.notes) : std::nullopt;
  for (const fs::path& each : staged.stale) {
    const bool wanted = before && each == before->folder;
    if (done && leftovers == Leftovers::kRemoved) {
      done = wanted ? forget_manifests(each) : remove_tree(each);
    }
  }
  if (before) {
    run_id = before->folder.filename().string();
    resumed.journal = std::move(before->journal.lines);
  }
  const fs::path folder = paths::staging(store.root()) / run_id;
  auto capture = std::make_unique<FolderCapture>(store.root(), folder, std::move(run_id), std::move(lock));
  capture->left = std::move(resumed);
  for (const fs::path& each : {paths::objects(store.root()), paths::cases(store.root()), paths::runs(store.root())}) {
    done = done ? ensure_folder(each) : done;
  }
  for (const fs::path& each :
       {paths::staging(store.root()), folder, paths::objects(folder), paths::cases(folder), paths::runs(folder)}) {
    done = done ? ensure_folder(each) : done;
  }
  if (done && key != nullptr) {
    const fs::path path = paths::journal(folder);
    auto journal = before ? Journal::reopen(path, before->journal) : Journal::create(path, *key);
    if (journal) {
      capture->journal = std::move(*journal);
    } else {
      done = tl::unexpected(std::move(journal.error()));
    }
  }
  TRY_ASSIGN(capture->watch, done ? open_folder(folder) : tl::unexpected(done.error()));
  return capture;
}

bool FolderCapture::holds(const model::SiteValue& site) const {
  const std::vector<fs::path> folders{paths::objects(staged), paths::objects(root)};
  if (!paths::is_object_name(site.object)) {
    return false;
  }
  auto reader = FileObjectReader::open(folders, site.object, site.bytes);
  auto hash = Sha256::create();
  std::vector<std::byte> chunk(1 << 18);
  while (reader && hash) {
    const auto got = reader->read(chunk);
    if (!got) {
      return false;
    }
    if (*got == 0) {
      return hash->finish() == site.object;
    }
    hash->update(std::span(chunk).first(*got));
  }
  return false;
}

Result<void> FolderCapture::put_manifest(const Manifest& manifest) {
  const fs::path path = paths::manifest(paths::cases(staged), manifest.benchmark);
  auto written = ensure_folder(path.parent_path());
  if (written) {
    written = write_new_file(path, to_text(manifest));
  }
  if (!written) {
    return tl::unexpected(undone(std::move(written.error())));
  }
  if (has_sketches(manifest) && !has_sketch_marker) {
    if (auto marked = write_new_file(paths::sketch_marker(staged), ""); !marked) {
      return tl::unexpected(undone(std::move(marked.error())));
    }
    has_sketch_marker = true;
  }
  for (const CaseRecord& record : manifest.cases) {
    for (const model::SiteValue& site : record.sites) {
      if (!site.object.empty()) {
        referenced.insert(site.object);
        if (record.run == its_id) {
          captured.insert(site.object);
        }
      }
    }
  }
  return {};
}

Result<void> FolderCapture::put_run(const RunInfo& run) {
  auto written = paths::is_run_id(run.id) ? write_new_file(paths::run(paths::runs(staged), run.id), to_text(run))
                                          : fail(ErrorKind::kInternal, fmt::format("'{}' is not a run id", run.id));
  if (!written) {
    return tl::unexpected(undone(std::move(written.error())));
  }
  return {};
}

Result<void> FolderCapture::commit() {
  auto done = check_references();
  if (!done) {
    return done;
  }
  done = drop_unreferenced();
  if (done) {
    done = check_places(root, staged);
  }
  if (done && !removed.empty()) {
    done = stage_removal({removed}, staged);
  }
  if (done && keeps_replaced) {
    done = stage_replaced(root, staged, its_id);
  }
  if (done) {
    done = sync_tree(staged, watch);
  }
  if (done) {
    done = mark_committed(staged, its_id);
  }
  decided = done.has_value();
  if (!done) {
    return tl::unexpected(undone(std::move(done.error())));
  }
  if (auto moved = roll_forward(root, staged); !moved) {
    moved.error().message += fmt::format(
        "; the capture itself is complete and is the baseline, and the next command that may write to '{}' puts it in "
        "place",
        root.string());
    return moved;
  }
  std::error_code ignored;  // an empty folder is no harm
  fs::remove(paths::staging(root), ignored);
  return {};
}

}  // namespace

Result<std::unique_ptr<CaptureTransaction>> FolderStore::begin_capture(std::string run_id, Patience patience,
                                                                       Leftovers leftovers) const {
  return start(*this, std::move(run_id), nullptr, leftovers, patience);
}

Result<std::unique_ptr<CaptureTransaction>> FolderStore::resume_capture(std::string run_id, const nlohmann::json& key,
                                                                        Patience patience) const {
  return start(*this, std::move(run_id), &key, Leftovers::kRemoved, patience);
}

}  // namespace snapshot_test::store
