// Every path name of the store is made and read here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace snapshot_test::store {

/// How an object's file holds the pickle.
enum class Encoding { kPlain, kZstd };
[[nodiscard]] constexpr Encoding other(Encoding encoding) {
  return encoding == Encoding::kPlain ? Encoding::kZstd : Encoding::kPlain;
}

namespace paths {

inline constexpr std::string_view kTemporaryPrefix = ".tmp-";

[[nodiscard]] std::filesystem::path format(const std::filesystem::path& root);
[[nodiscard]] std::filesystem::path lock(const std::filesystem::path& root);
[[nodiscard]] std::filesystem::path staging(const std::filesystem::path& root);
[[nodiscard]] std::filesystem::path commit_marker(const std::filesystem::path& staged);
/// There where the capture has values of which only a sketch is stored.
[[nodiscard]] std::filesystem::path sketch_marker(const std::filesystem::path& staged);
[[nodiscard]] std::filesystem::path journal(const std::filesystem::path& staged);
/// How the cases of a suite stood, where nothing else is named (status_file.hpp).
[[nodiscard]] std::filesystem::path status(const std::filesystem::path& root);
/// What captures have replaced: of a store, and of a staging folder on its way there.
[[nodiscard]] std::filesystem::path replaced(const std::filesystem::path& root);
/// Where damaged values are put aside.
[[nodiscard]] std::filesystem::path quarantine(const std::filesystem::path& root);
/// The baseline of that name in a store, as a store by itself: @variants/<name>.
[[nodiscard]] std::filesystem::path variant(const std::filesystem::path& root, std::string_view name);
[[nodiscard]] std::filesystem::path variants(const std::filesystem::path& root);
/// The inverse, of a folder's name.
[[nodiscard]] std::optional<std::string> parse_variant(std::string_view folder);
/// The store that a variant is part of; of anything else itself.
[[nodiscard]] std::filesystem::path store_of(const std::filesystem::path& root);
/// The three that a store and a staging folder both have. The objects of a variant are those of its store.
[[nodiscard]] std::filesystem::path objects(const std::filesystem::path& root);
[[nodiscard]] std::filesystem::path cases(const std::filesystem::path& root);
[[nodiscard]] std::filesystem::path runs(const std::filesystem::path& root);

/// 64 lower-case hex digits?
[[nodiscard]] bool is_object_name(std::string_view sha256);
/// 32 lower-case hex digits?
[[nodiscard]] bool is_fingerprint(std::string_view text);
/// objects/ab/cdef….pkl[.zst]. Needs is_object_name(sha256).
[[nodiscard]] std::filesystem::path object(const std::filesystem::path& objects_folder, std::string_view sha256,
                                           Encoding encoding);
struct ObjectFile {
  std::string sha256;
  Encoding encoding;
};
/// The inverse; none for files that are not objects.
[[nodiscard]] std::optional<ObjectFile> parse_object(std::string_view folder, std::string_view file);

/// cases/<module>/<Class>.<method>.json. A function of the name alone; distinct names give distinct paths, and no name
/// leads out of the folder. Rule in docs/store.md.
[[nodiscard]] std::filesystem::path manifest(const std::filesystem::path& cases_folder, std::string_view benchmark);
/// Is it a manifest's file name?
[[nodiscard]] bool is_manifest(std::string_view file);
/// The benchmark whose manifest has this path; none where the name was too long for a path and was cut.
[[nodiscard]] std::optional<std::string> parse_manifest(std::string_view folder, std::string_view file);

/// Letters, digits, '-' and '_', at most 100: safe as a file name.
[[nodiscard]] bool is_run_id(std::string_view id);
/// runs/<id>.json. Needs is_run_id(id).
[[nodiscard]] std::filesystem::path run(const std::filesystem::path& runs_folder, std::string_view id);
[[nodiscard]] std::optional<std::string> parse_run(std::string_view file);

}  // namespace paths
}  // namespace snapshot_test::store
