// From a URL to the storage that it names.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "remote/file_storage.hpp"
#include "remote/helper_storage.hpp"
#include "remote/storage.hpp"

namespace snapshot_test::remote {

/// A URL as messages may show it: without a password or token in its authority, and without its query.
[[nodiscard]] std::string redacted(std::string_view url);

/// A text with the URL in it, where it has one, redacted: "--baseline=https://host/path".
[[nodiscard]] std::string with_redacted_url(std::string_view text);

/// "file:" URLs and plain paths are folders; for other schemes a helper process is started, as the options say. kUsage
/// where it is no such thing, kUnsupported where its scheme cannot be used here, else as the storage's own errors.
[[nodiscard]] Result<std::unique_ptr<Storage>> open_storage(const std::string& url, Use use,
                                                            const HelperOptions& helper = {});

}  // namespace snapshot_test::remote
