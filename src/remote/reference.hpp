// Which baseline of which remote: URL[@ref|@sha256:digest].
#pragma once

#include <string>
#include <string_view>

#include "remote/snapshot_list.hpp"
#include "remote/storage.hpp"

namespace snapshot_test::remote {

struct Reference {
  std::string url;
  std::string ref = "main";
  std::string digest;  ///< 64 hex digits of a baseline, in place of a ref; else empty
};

/// What follows the last '@' of the URL's path, where it is the name of a ref or "sha256:…"; "main" where nothing does.
/// kUsage where it cannot be either.
[[nodiscard]] Result<Reference> parse_reference(std::string_view text);
/// "main" or "sha256:…" into the reference. kUsage.
[[nodiscard]] Result<void> set_name(Reference& reference, std::string_view name);
/// Without credentials.
[[nodiscard]] std::string text_of(const Reference& reference);

/// The list that a reference leads to. kNoBaseline where there is no such ref or baseline: the message has those that
/// there are; kCorrupt where a ref names a list that is missing or of another baseline.
[[nodiscard]] Result<SnapshotList> find_list(Storage& storage, const Reference& reference);
/// The newest list of the baseline of that digest.
[[nodiscard]] Result<std::optional<SnapshotList>> find_list(Storage& storage, const std::string& digest);

}  // namespace snapshot_test::remote
