// What says of a shard's --json file that it is as it was written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace snapshot_test::report {

/// The key of the digest in the report.
inline constexpr const char* kContentDigest = "content_sha256";

/// SHA-256 of all that a report says but for kContentDigest, 64 hex digits. Spaces, line ends and the order of keys do
/// not count. It finds damage, and values that were changed by hand: it is no signature, since everybody can make it.
[[nodiscard]] std::string content_digest(nlohmann::json report);

}  // namespace snapshot_test::report
