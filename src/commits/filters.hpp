// Files that do not lie in a repository as they are: those that .gitattributes names filters for, git-lfs first of all.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "snapshot_test/util/result.hpp"

namespace snapshot_test::commits {

/// git's settings for git-lfs, in place of what the user has or has not set: files are to be there, not pointers. Empty
/// where git-lfs is not installed.
[[nodiscard]] std::map<std::string, std::string> lfs_settings();

/// An error of git's that writes below `folder`, with what to do next where a filter has failed; kIo where the disk is
/// full, of which git does not always speak.
[[nodiscard]] Error explain_checkout(Error error, const std::filesystem::path& folder);

/// Is each file of the checkout the file itself? kUnsupported where one is a pointer of git-lfs or git-annex, or
/// encrypted by git-crypt; the message says what to do.
[[nodiscard]] Result<void> check_filters(const std::filesystem::path& checkout);

}  // namespace snapshot_test::commits
