#include "store/layout.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "snapshot_test/store/format.hpp"
#include "store/files.hpp"
#include "store/json_text.hpp"
#include "store/paths.hpp"
#include "store/replaced.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFormatName = "snapshot_test store";
constexpr std::string_view kIgnored = "/lock\n/staging/\n/replaced/\n";
constexpr std::string_view kIgnoredBefore =
    "/lock\n/staging/\n";  // by programs that kept nothing of what they replaced

/// What may lie in a folder that is to become a store: what git, an interrupted creation or a status file leaves.
bool is_harmless(std::string_view name) {
  return name.starts_with(".git") || name.starts_with(paths::kTemporaryPrefix) || name == "lock" ||
         name == paths::status({}).native();
}

using MoveFile = Result<void> (*)(const fs::path& from, const fs::path& to_folder, const FolderEntry& entry);

/// Moves the files of `from`'s subfolders to subfolders of the same names in `to`.
Result<void> move_two_levels(const fs::path& from, const fs::path& to, MoveFile move) {
  TRY_ASSIGN(const auto folders, list_folder(from));
  for (const FolderEntry& folder : folders) {
    if (!folder.is_folder) {
      continue;
    }
    TRY_ASSIGN(const auto entries, list_folder(from / folder.name));
    TRY(ensure_folder(to / folder.name));
    for (const FolderEntry& entry : entries) {
      TRY(move(from / folder.name / entry.name, to / folder.name, entry));
    }
  }
  return {};
}

Result<void> move_object(const fs::path& from, const fs::path& to_folder, const FolderEntry& entry) {
  const auto object = paths::parse_object(to_folder.filename().string(), entry.name);
  if (!entry.is_file || !object) {
    return {};
  }
  TRY(rename_file(from, to_folder / entry.name));
  // The same pickle in the other encoding is what this one replaces.
  return remove_tree(paths::object(to_folder.parent_path(), object->sha256, other(object->encoding)));
}

Result<void> move_manifest(const fs::path& from, const fs::path& to_folder, const FolderEntry& entry) {
  if (!entry.is_file || !paths::is_manifest(entry.name)) {
    return {};
  }
  return rename_file(from, to_folder / entry.name);
}

Result<void> move_runs(const fs::path& from, const fs::path& to) {
  TRY_ASSIGN(const auto entries, list_folder(from));
  for (const FolderEntry& entry : entries) {
    if (entry.is_file && paths::parse_run(entry.name)) {
      TRY(rename_file(from / entry.name, to / entry.name));
    }
  }
  return {};
}

tl::unexpected<Error> in_the_way(const fs::path& path, bool folder) {
  return fail(ErrorKind::kCorrupt,
              fmt::format("'{}' is in the way: it should be a {} of the snapshot store; remove it, or choose another "
                          "folder with --snapshot-dir",
                          path.string(), folder ? "folder" : "file"));
}

}  // namespace

Result<FolderState> look_at(const fs::path& root) {
  struct stat status {};
  if (::stat(root.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return FolderState::kMissing;
    }
    return tl::unexpected(store_error("open the snapshot folder", root));
  }
  if (!S_ISDIR(status.st_mode)) {
    return FolderState::kFile;
  }
  const auto entries = list_folder(root / ".");  // the store's own folder may be a link
  if (!entries) {
    return tl::unexpected(entries.error());
  }
  const auto has = [&](std::string_view name) {
    return std::any_of(entries->begin(), entries->end(), [&](const FolderEntry& entry) { return entry.name == name; });
  };
  if (has("format.json")) {
    return FolderState::kStore;
  }
  if (has("objects") && has("cases")) {
    return FolderState::kHeadless;
  }
  const bool empty =
      std::all_of(entries->begin(), entries->end(), [](const FolderEntry& entry) { return is_harmless(entry.name); });
  return empty ? FolderState::kEmpty : FolderState::kForeign;
}

namespace {

Result<std::uint64_t> format_version(const fs::path& root) {
  const fs::path path = paths::format(root);
  TRY_ASSIGN(const auto text, util::read_file(path));
  std::uint64_t version = 0;
  auto decoded = decode_json(text, path.string(), [&](const nlohmann::json& in, std::string&) {
    need_object(in);
    if (in.at("format") != kFormatName) {
      throw std::invalid_argument(fmt::format("'format' is not \"{}\"", kFormatName));
    }
    version = get_unsigned(in, "version");
  });
  return decoded.map([&] { return version; });
}

std::string format_text(int version = kFormatVersion) {
  nlohmann::ordered_json format;
  format["format"] = kFormatName;
  format["version"] = version;
  return json_text(format);
}

/// The .gitignore of an older program did not have all of it; one that a person wrote stays.
Result<void> renew_gitignore(const fs::path& root) {
  const fs::path path = root / ".gitignore";
  TRY_ASSIGN(const auto text, read_if_there(path));
  return text == kIgnoredBefore ? util::write_file_atomically(path, kIgnored) : Result<void>();
}

/// Before the first manifest of that version is there, so that an older program refuses the store as a whole.
Result<void> renew_format(const fs::path& root, const fs::path& staged) {
  const fs::path path = paths::format(root);
  TRY_ASSIGN(const auto version, format_version(root));
  std::error_code ignored;
  const int wanted = fs::exists(paths::sketch_marker(staged), ignored) ? kSketchFormat : kFormatVersion;
  return version < static_cast<std::uint64_t>(wanted) ? util::write_file_atomically(path, format_text(wanted))
                                                      : Result<void>();
}

}  // namespace

Result<void> check_format(const fs::path& root) {
  TRY_ASSIGN(const auto version, format_version(root));
  return check_version(version, root.string());
}

Result<void> create_layout(const fs::path& root) {
  std::error_code code;
  fs::create_directories(root, code);
  if (code) {
    return fail(ErrorKind::kIo, fmt::format("cannot create the snapshot folder '{}': {}; choose a folder that can be "
                                            "written with --snapshot-dir",
                                            root.string(), code.message()));
  }
  // Last, because it makes the folder a store.
  const std::array<std::pair<fs::path, std::string>, 2> files{{
      {root / ".gitignore", std::string(kIgnored)},
      {paths::format(root), format_text()},
  }};
  for (const auto& [path, text] : files) {
    TRY_ASSIGN(auto temporary, create_temporary(root));
    auto done = write_fully(temporary.fd, std::as_bytes(std::span(text)), path);
    if (done && ::fsync(temporary.fd.get()) != 0) {
      done = tl::unexpected(store_error("fsync", path));
    }
    if (done) {
      done = rename_file(temporary.path, path);
    }
    if (!done) {
      ::unlink(temporary.path.c_str());
      return done;
    }
  }
  return util::fsync_folder(root);
}

Result<Staged> find_staged(const fs::path& root) {
  TRY_ASSIGN(const auto entries, list_folder(paths::staging(root)));
  Staged staged;
  for (const FolderEntry& entry : entries) {
    const fs::path path = paths::staging(root) / entry.name;
    std::error_code code;
    const bool committed = entry.is_folder && paths::is_run_id(entry.name) &&
                           fs::is_regular_file(fs::symlink_status(paths::commit_marker(path), code));
    (committed ? staged.committed : staged.stale).push_back(path);
  }
  return staged;
}

Result<void> check_places(const fs::path& root, const fs::path& staged) {
  std::error_code ignored;
  const std::array<std::pair<fs::path, fs::path>, 3> folders{{{paths::objects(staged), paths::objects(root)},
                                                              {paths::cases(staged), paths::cases(root)},
                                                              {paths::runs(staged), paths::runs(root)}}};
  for (const auto& [from, goal] : folders) {
    for (auto each = fs::recursive_directory_iterator(from, ignored); each != fs::end(each); each.increment(ignored)) {
      const fs::path to = goal / each->path().lexically_relative(from);
      const fs::file_status there = fs::symlink_status(to, ignored);
      const bool folder = each->is_directory(ignored);
      if (fs::exists(there) && (folder || fs::is_directory(there)) && folder != fs::is_directory(there)) {
        return in_the_way(to, folder);
      }
    }
  }
  return {};
}

Result<void> mark_committed(const fs::path& staged, const std::string& run_id) {
  const fs::path marker = paths::commit_marker(staged);
  const fs::path temporary = staged / (std::string(paths::kTemporaryPrefix) + "commit");
  util::Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) {
    return tl::unexpected(store_error("create", temporary));
  }
  const std::string text = run_id + "\n";
  TRY(write_fully(fd, std::as_bytes(std::span(text)), temporary));
  if (::fsync(fd.get()) != 0) {
    return tl::unexpected(store_error("fsync", temporary));
  }
  TRY(close_checked(fd, temporary));
  return rename_file(temporary, marker);
}

Result<void> roll_forward(const fs::path& root, const fs::path& staged) {
  // What is moved before the marker is on the disk would be a part of the capture after a crash that loses the marker.
  TRY(util::fsync_folder(staged));
  TRY_ASSIGN(const auto watch, open_folder(root));
  for (const fs::path& folder : {paths::objects(root), paths::cases(root), paths::runs(root)}) {
    TRY(ensure_folder(folder));
  }
  auto done = renew_gitignore(root);
  if (done) {
    done = renew_format(root, staged);
  }
  if (done) {
    done = move_replaced(root, staged);
  }
  // Objects before the manifests that name them, for those who copy the folder meanwhile.
  if (done) {
    done = move_two_levels(paths::objects(staged), paths::objects(root), move_object);
  }
  if (done) {
    done = move_two_levels(paths::cases(staged), paths::cases(root), move_manifest);
  }
  if (done) {
    done = move_runs(paths::runs(staged), paths::runs(root));
  }
  if (done) {
    done = remove_listed(root, staged);
  }
  // The marker stays until the moves are on the disk.
  if (done && paths::store_of(root) != root) {
    TRY_ASSIGN(const auto watch_objects, open_folder(paths::objects(root)));
    done = sync_tree(paths::objects(root), watch_objects);
  }
  if (done) {
    done = sync_tree(root, watch);
  }
  if (done) {
    done = remove_tree(paths::commit_marker(staged));
  }
  return done ? remove_tree(staged) : done;
}

Result<void> roll_forward_all(const fs::path& root) {
  TRY_ASSIGN(const auto staged, find_staged(root));
  for (const fs::path& each : staged.committed) {
    TRY(roll_forward(root, each));
  }
  return {};
}

}  // namespace snapshot_test::store
