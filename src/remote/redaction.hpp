// Credentials must not reach a terminal, a report or a log. Whatever another program says about a remote goes through
// here before anybody sees it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace snapshot_test::remote {

/// A remote's URL as messages may show it: without user, password, query and fragment.
[[nodiscard]] std::string shown_url(std::string_view url);

/// Immutable once it is shared between threads.
class Redaction {
 public:
  /// Knows what is secret in the URL, and the values of variables of the environment that are called a key, a token, a
  /// secret or a password.
  explicit Redaction(std::string_view url);

  /// Another text to leave out wherever it occurs; a short one (under 4 bytes) would make nonsense of messages, and is
  /// not taken.
  void add(std::string_view secret);

  /// The text with "***" in place of what is known to be secret and of what looks like it: user and password and query
  /// in a URL, signatures, keys of AWS, headers with credentials, private keys. Long texts are cut off.
  [[nodiscard]] std::string operator()(std::string_view text) const;

 private:
  std::vector<std::string> secrets_;
};

}  // namespace snapshot_test::remote
