// Text as the report page needs it: escaped for HTML, packed for its script, named by a hash for its security policy.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::report {

/// Foreign text as HTML shows it, in an element or a quoted attribute: no markup in it, and all of it visible
/// (util/visible.hpp). Line ends and tabs stay.
[[nodiscard]] std::string html_text(std::string_view text);

/// gzip, as base64: what a browser's DecompressionStream reads. kInternal where zlib has no memory.
[[nodiscard]] Result<std::string> packed(std::string_view text);

/// "sha256-...": how a content security policy names a script or style whose text is this.
[[nodiscard]] std::string policy_hash(std::string_view text);

/// The template with each "@{name}" replaced by its value; what is filled in is not looked at again. A name without a
/// value stays.
[[nodiscard]] std::string filled(std::string_view text,
                                 std::initializer_list<std::pair<std::string_view, std::string_view>> values);

}  // namespace snapshot_test::report
