#include "store/replaced.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "snapshot_test/store/format.hpp"
#include "store/digest.hpp"
#include "store/files.hpp"
#include "store/json_text.hpp"
#include "store/manifest_files.hpp"
#include "store/paths.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRecord = "capture.json";

fs::path record_of(const fs::path& kept) { return kept / kRecord; }
fs::path removal_of(const fs::path& staged) { return staged / "removal.json"; }

/// A kept capture's folder is "<number>-<run id>": run ids of one second do not tell which came first.
std::optional<std::uint64_t> number_of(std::string_view name) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  const auto dash = static_cast<std::size_t>(end - name.data());
  const bool named = code == std::errc() && dash < name.size() && name[dash] == '-';
  return named && paths::is_run_id(name.substr(dash + 1)) ? std::optional(number) : std::nullopt;
}

/// Is it the path of a manifest below cases/, and of nothing else?
bool is_manifest_path(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || text.front() == '.') {
    return false;
  }
  const std::string_view file = std::string_view(text).substr(slash + 1);
  return paths::is_manifest(file) && file.find('/') == std::string_view::npos && !file.starts_with('.');
}

std::string checked(std::string name, bool is_good) {
  if (!is_good) {
    throw std::invalid_argument(fmt::format("'{}' is not a name of the store", name));
  }
  return name;
}

/// A hard link, or a copy where the file system has none. Manifests are never changed in place; so `to` must not be
/// there, or it might be written to while it is a link itself.
Result<void> link_file(const fs::path& from, const fs::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0) {
    return {};
  }
  if (errno == EEXIST) {
    return tl::unexpected(store_error("link", to));
  }
  TRY_ASSIGN(const auto text, read_if_there(from));
  return text ? write_new_file(to, *text)
              : fail(ErrorKind::kIo, fmt::format("'{}' is gone while it is copied", from.string()));
}

Result<std::string> digest_of(const fs::path& file) {
  TRY_ASSIGN(const auto text, read_if_there(file));
  return text ? sha256_hex(*text) : std::string();
}

std::string record_text(const std::string& run_id, const std::vector<KeptCapture::File>& files) {
  nlohmann::ordered_json out;
  out["format"] = kFormatVersion;
  out["run"] = run_id;
  out["manifests"] = nlohmann::ordered_json::array();
  for (const KeptCapture::File& file : files) {
    out["manifests"].push_back({{"file", file.manifest}, {"sha256", file.sha256}, {"new", file.is_new}});
  }
  return json_text(out);
}

Result<KeptCapture> read_record(const fs::path& folder) {
  KeptCapture kept;
  kept.folder = folder;
  const fs::path path = record_of(folder);
  TRY_ASSIGN(const auto text, read_if_there(path));
  std::uint64_t version = 0;
  TRY(decode_json(text.value_or(""), path.string(), [&](const nlohmann::json& in, std::string& where) {
    need_object(in);
    version = get_unsigned(in, "format");
    if (!is_read_format(version)) {
      return;
    }
    kept.run_id = in.at("run").get<std::string>();
    kept.run_id = checked(kept.run_id, paths::is_run_id(kept.run_id));
    for (const nlohmann::json& each : get_array(in, "manifests")) {
      where = fmt::format("manifests[{}]", kept.files.size());
      need_object(each);
      KeptCapture::File file{each.at("file").get<std::string>(), each.at("sha256").get<std::string>(),
                             each.at("new").get<bool>()};
      file.manifest = checked(file.manifest, is_manifest_path(file.manifest));
      kept.files.push_back(std::move(file));
    }
  }));
  TRY(check_version(version, path.string()));
  return kept;
}

}  // namespace

Result<std::vector<fs::path>> kept_captures(const fs::path& root) {
  TRY_ASSIGN(const auto entries, list_folder(paths::replaced(root)));
  std::vector<std::pair<std::uint64_t, fs::path>> numbered;
  for (const FolderEntry& entry : entries) {
    if (const auto number = number_of(entry.name); number && entry.is_folder) {
      numbered.emplace_back(*number, paths::replaced(root) / entry.name);
    }
  }
  std::sort(numbered.begin(), numbered.end());
  std::vector<fs::path> folders;
  std::transform(numbered.begin(), numbered.end(), std::back_inserter(folders),
                 [](const auto& each) { return each.second; });
  return folders;
}

Result<std::optional<KeptCapture>> newest_kept(const fs::path& root) {
  TRY_ASSIGN(const auto folders, kept_captures(root));
  if (folders.empty()) {
    return std::nullopt;
  }
  return read_record(folders.back()).map([](KeptCapture kept) { return std::optional(std::move(kept)); });
}

Result<void> forget_staged(const fs::path& staged) {
  TRY(remove_tree(paths::replaced(staged)));
  return remove_tree(removal_of(staged));
}

Result<void> stage_removal(const Removal& removal, const fs::path& staged) {
  nlohmann::ordered_json out;
  out["format"] = kFormatVersion;
  out["manifests"] = removal.manifests;
  out["runs"] = removal.runs;
  out["replaced"] = removal.replaced;
  return write_new_file(removal_of(staged), json_text(out));
}

Result<void> stage_replaced(const fs::path& root, const fs::path& staged, const std::string& run_id) {
  TRY_ASSIGN(const auto before, manifest_files(paths::cases(root)));
  if (before.empty()) {
    return {};
  }
  TRY_ASSIGN(const auto others, kept_captures(root));
  const std::uint64_t number = others.empty() ? 1 : *number_of(others.back().filename().string()) + 1;
  const fs::path folder = paths::replaced(staged) / fmt::format("{}-{}", number, run_id);
  const fs::path old_cases = paths::cases(folder);
  for (const fs::path& each : {paths::replaced(staged), folder, old_cases}) {
    TRY(ensure_folder(each));
  }
  TRY_ASSIGN(const auto now, manifest_files(paths::cases(staged)));
  std::vector<KeptCapture::File> files;
  for (const fs::path& file : now) {
    TRY_ASSIGN(auto digest, digest_of(paths::cases(staged) / file));
    const bool is_new = !std::binary_search(before.begin(), before.end(), file);
    files.push_back({file.string(), std::move(digest), is_new});
    if (!is_new) {
      TRY(ensure_folder((old_cases / file).parent_path()));
      TRY(link_file(paths::cases(root) / file, old_cases / file));
    }
  }
  TRY_ASSIGN(const auto removal, read_removal(staged));
  for (const std::string& file : removal.manifests) {
    files.push_back({file, "", false});  // the digest of what is not there
    TRY(ensure_folder((old_cases / file).parent_path()));
    TRY(link_file(paths::cases(root) / file, old_cases / file));
  }
  return write_new_file(record_of(folder), record_text(run_id, files));
}

Result<void> stage_undo(const fs::path& root, const KeptCapture& kept, const fs::path& staged) {
  Removal removal;
  removal.runs = {kept.run_id};
  removal.replaced = {kept.folder.filename().string()};
  for (const KeptCapture::File& file : kept.files) {
    const fs::path there = paths::cases(root) / file.manifest;
    TRY_ASSIGN(const auto digest, digest_of(there));
    if (digest != file.sha256) {
      return fail(ErrorKind::kUsage,
                  fmt::format("'{}' has changed since the capture {}, and undoing that would lose the change; nothing "
                              "was undone",
                              there.string(), kept.run_id));
    }
    if (file.is_new) {
      removal.manifests.insert(file.manifest);
      continue;
    }
    const fs::path to = paths::cases(staged) / file.manifest;
    TRY(ensure_folder(to.parent_path()));
    TRY(link_file(paths::cases(kept.folder) / file.manifest, to));
  }
  return stage_removal(removal, staged);
}

Result<Removal> read_removal(const fs::path& staged) {
  const fs::path path = removal_of(staged);
  TRY_ASSIGN(const auto text, read_if_there(path));
  Removal removal;
  if (!text) {
    return removal;
  }
  std::uint64_t version = 0;
  const auto names = [](const nlohmann::json& in, const char* key, const auto& is_good) {
    std::set<std::string> all;
    for (const nlohmann::json& each : get_array(in, key)) {
      const auto name = each.get<std::string>();
      all.insert(checked(name, is_good(name)));
    }
    return all;
  };
  TRY(decode_json(*text, path.string(), [&](const nlohmann::json& in, std::string& /*where*/) {
    need_object(in);
    version = get_unsigned(in, "format");
    removal.manifests = names(in, "manifests", is_manifest_path);
    removal.runs = names(in, "runs", paths::is_run_id);
    removal.replaced = names(in, "replaced", [](std::string_view name) { return number_of(name).has_value(); });
  }));
  TRY(check_version(version, path.string()));
  return removal;
}

Result<void> move_replaced(const fs::path& root, const fs::path& staged) {
  TRY_ASSIGN(const auto folders, list_folder(paths::replaced(staged)));
  for (const FolderEntry& folder : folders) {
    TRY(ensure_folder(paths::replaced(root)));
    TRY(rename_file(paths::replaced(staged) / folder.name, paths::replaced(root) / folder.name));
  }
  return {};
}

Result<void> remove_listed(const fs::path& root, const fs::path& staged) {
  TRY_ASSIGN(const auto removal, read_removal(staged));
  for (const std::string& manifest : removal.manifests) {
    const fs::path path = paths::cases(root) / manifest;
    TRY(remove_tree(path));
    ::rmdir(path.parent_path().c_str());  // refused unless empty
  }
  for (const std::string& id : removal.runs) {
    TRY(remove_tree(paths::run(paths::runs(root), id)));
  }
  for (const std::string& name : removal.replaced) {
    TRY(remove_tree(paths::replaced(root) / name));
  }
  ::rmdir(paths::replaced(root).c_str());  // refused unless empty
  return {};
}

}  // namespace snapshot_test::store
