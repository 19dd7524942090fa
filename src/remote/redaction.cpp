#include "remote/redaction.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>
#include <utility>

#include "util/visible.hpp"

extern char** environ;

namespace snapshot_test::remote {

namespace {

constexpr std::size_t kShortestSecret = 4;
/// Of a variable that is called like one; those have other values, too ("true", "file").
constexpr std::size_t kShortestVariable = 8;
/// std::regex recurses: a longer text is cut before it is looked at, and again afterwards, well before the place where
/// a secret may have been cut in two.
constexpr std::size_t kLooksAtBytes = 8192;
constexpr std::size_t kCutsBytes = 2048;

struct UrlParts {
  std::string_view scheme;    ///< with "://"
  std::string_view userinfo;  ///< without "@"
  std::string_view place;     ///< host and path
  std::string_view query;     ///< without "?", with the fragment
};

UrlParts parts_of_url(std::string_view url) {
  UrlParts parts;
  const std::size_t colon = url.find("://");
  const std::size_t host = colon == std::string_view::npos ? 0 : colon + 3;
  parts.scheme = url.substr(0, host);
  url.remove_prefix(host);
  const std::size_t query = url.find_first_of("?#");
  if (query != std::string_view::npos) {
    parts.query = url.substr(query + 1);
    url = url.substr(0, query);
  }
  const std::size_t at = url.substr(0, url.find('/')).rfind('@');
  if (at != std::string_view::npos) {
    parts.userinfo = url.substr(0, at);
    url.remove_prefix(at + 1);
  }
  parts.place = url;
  return parts;
}

std::string url_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) { return std::isxdigit(static_cast<unsigned char>(text[at])) != 0; };
    if (text[i] == '%' && i + 2 < text.size() && digit(i + 1) && digit(i + 2)) {
      decoded.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

/// "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN".
bool names_a_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kWords = {
      "SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "ACCESS_KEY", "ACCOUNT_KEY", "STORAGE_KEY", "API_KEY"};
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return upper.find("SAS_") != std::string::npos || upper.ends_with("CONNECTION_STRING") ||
         std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return upper.find(word) != std::string::npos; });
}

struct Pattern {
  std::regex looks_like;
  const char* becomes;
};

const std::vector<Pattern>& patterns() {
  constexpr auto kFlags = std::regex::ECMAScript | std::regex::icase | std::regex::optimize;
  static const std::vector<Pattern> known = {
      {std::regex(R"(-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*)", kFlags), "***"},
      {std::regex(R"(://[^/\s@"'<>]*@)", kFlags), "://***@"},
      {std::regex(R"((://[^\s?"'<>]+)\?[^\s"'<>)]*)", kFlags), "$1?***"},
      {std::regex(R"(\b(X-(?:Amz|Goog)-[a-z-]+|sig|signature|AWSAccessKeyId|sv|se)=[^&\s"'<>]+)", kFlags), "$1=***"},
      {std::regex(
           R"(\b((?:proxy-)?authorization|x-amz-security-token|x-ms-copy-source-authorization|cookie)("?\s*[:=]\s*)[^\n]+)",
           kFlags),
       "$1$2***"},
      {std::regex(R"(\b(bearer|basic|sharedkey)\s+[a-z0-9+/=._~:-]{6,})", kFlags), "$1 ***"},
      {std::regex(R"(\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,})"), "***"},
      {std::regex(
           R"(<(AWSAccessKeyId|StringToSign|SignatureProvided|StringToSignBytes|CanonicalRequest|CanonicalRequestBytes|AuthenticationErrorDetail)>[^<]*<)",
           kFlags),
       "<$1>***<"},
      {std::regex(
           R"((\b[\w-]*(?:secret|passw(?:or)?d|passphrase|token|account_?key|access_?key)[\w-]*["']?\s*[:=]\s*["']?)[^\s"',;&<>]+)",
           kFlags),
       "$1***"},
  };
  return known;
}

}  // namespace

std::string shown_url(std::string_view url) {
  const UrlParts parts = parts_of_url(url);
  return std::string(parts.scheme).append(parts.place);
}

Redaction::Redaction(std::string_view url) {
  const UrlParts parts = parts_of_url(url);
  const std::size_t colon = parts.userinfo.find(':');
  for (const std::string_view part :
       {parts.userinfo, colon == std::string_view::npos ? std::string_view() : parts.userinfo.substr(colon + 1)}) {
    add(part);
    add(url_decoded(part));
  }
  for (std::string_view query = parts.query; !query.empty();) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && names_a_secret(pair.substr(0, equals))) {
      add(pair.substr(equals + 1));
      add(url_decoded(pair.substr(equals + 1)));
    }
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
  }
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos && names_a_secret(text.substr(0, equals)) &&
        text.size() - equals > kShortestVariable) {
      add(text.substr(equals + 1));
    }
  }
}

void Redaction::add(std::string_view secret) {
  if (secret.size() >= kShortestSecret) {
    secrets_.emplace_back(secret);
    // One may hold another, of which nothing would be found any more.
    std::sort(secrets_.begin(), secrets_.end(),
              [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  }
}

std::string Redaction::operator()(std::string_view text) const {
  std::string redacted(text.substr(0, util::whole_characters(text.substr(0, kLooksAtBytes))));
  for (const std::string& secret : secrets_) {
    for (std::size_t at = 0; (at = redacted.find(secret, at)) != std::string::npos; at += 3) {
      redacted.replace(at, secret.size(), "***");
    }
  }
  for (const Pattern& pattern : patterns()) {
    redacted = std::regex_replace(redacted, pattern.looks_like, pattern.becomes);
  }
  if (text.size() > kLooksAtBytes) {
    const std::size_t left = redacted.size() - std::min(redacted.size(), kCutsBytes);
    redacted.resize(util::whole_characters(std::string_view(redacted).substr(0, left)));
    redacted += "…";
  }
  return redacted;
}

}  // namespace snapshot_test::remote
