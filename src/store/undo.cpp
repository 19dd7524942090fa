// A capture is undone as it was made: staged beside the baseline, and committed as a whole.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "snapshot_test/store/run_info.hpp"
#include "store/files.hpp"
#include "store/folder_store.hpp"
#include "store/layout.hpp"
#include "store/lock.hpp"
#include "store/paths.hpp"
#include "store/replaced.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

Result<void> stage_and_mark(const fs::path& root, const KeptCapture& kept, const fs::path& staged) {
  for (const fs::path& folder : {paths::staging(root), staged, paths::cases(staged)}) {
    TRY(ensure_folder(folder));
  }
  TRY_ASSIGN(const auto watch, open_folder(staged));
  TRY(stage_undo(root, kept, staged));
  TRY(check_places(root, staged));
  TRY(sync_tree(staged, watch));
  return mark_committed(staged, staged.filename().string());
}

}  // namespace

Result<std::optional<Undoable>> FolderStore::find_undoable() const {
  TRY_ASSIGN(const auto kept, newest_kept(root_));
  if (!kept) {
    return std::nullopt;
  }
  const auto is_new = [](const KeptCapture::File& file) { return file.is_new; };
  const auto removed = static_cast<std::size_t>(std::count_if(kept->files.begin(), kept->files.end(), is_new));
  return Undoable{kept->run_id, kept->files.size() - removed, removed};
}

Result<void> FolderStore::undo_capture(std::string_view run_id, Patience patience) const {
  TRY_ASSIGN(const auto lock, StoreLock::take(root_, patience));
  TRY(roll_forward_all(root_));
  TRY_ASSIGN(const auto kept, newest_kept(root_));
  if (!kept || kept->run_id != run_id) {
    return fail(ErrorKind::kUsage,
                fmt::format("the capture {} is not the last one that can be undone; nothing was undone", run_id));
  }
  const fs::path staged = paths::staging(root_) / new_run_id(std::time(nullptr));
  if (auto done = stage_and_mark(root_, *kept, staged); !done) {
    std::error_code ignored;  // what stays is removed by the next capture
    fs::remove_all(staged, ignored);
    fs::remove(paths::staging(root_), ignored);
    return done;
  }
  if (auto moved = roll_forward(root_, staged); !moved) {
    moved.error().message += "; the capture is undone, and the next command that may write there puts things in place";
    return moved;
  }
  std::error_code ignored;  // an empty folder is no harm
  fs::remove(paths::staging(root_), ignored);
  return {};
}

}  // namespace snapshot_test::store
