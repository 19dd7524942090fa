#include "report/page_text.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <vector>

#include "util/visible.hpp"

namespace snapshot_test::report {

namespace {

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string text((size + 2) / 3 * 4 + 1, '\0');  // libcrypto ends it with a zero
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
  text.resize(static_cast<std::size_t>(written));
  return text;
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : util::visible(text, util::Keep::kLines)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

Result<std::string> packed(std::string_view text) {
  constexpr int kGzip = 16 + MAX_WBITS;
  constexpr int kMemory = 8;  // zlib's default
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail(ErrorKind::kInternal, "zlib cannot compress the report page: out of memory");
  }
  std::vector<unsigned char> out(deflateBound(&stream, static_cast<uLong>(text.size())));
  stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  const std::size_t size = stream.total_out;
  deflateEnd(&stream);
  if (status != Z_STREAM_END) {
    return fail(ErrorKind::kInternal, "zlib cannot compress the report page");
  }
  return base64(out.data(), size);
}

std::string policy_hash(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return "sha256-" + base64(digest.data(), digest.size());
}

std::string filled(std::string_view text, std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  std::string out;
  while (!text.empty()) {
    const std::size_t from = text.find("@{");
    const std::size_t until = from == std::string_view::npos ? from : text.find('}', from);
    if (until == std::string_view::npos) {
      break;
    }
    const std::string_view name = text.substr(from + 2, until - from - 2);
    const auto* value =
        std::find_if(values.begin(), values.end(), [&](const auto& each) { return each.first == name; });
    out += text.substr(0, from);
    out += value == values.end() ? text.substr(from, until + 1 - from) : value->second;
    text.remove_prefix(until + 1);
  }
  return out += text;
}

}  // namespace snapshot_test::report
