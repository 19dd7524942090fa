#include "report/content_digest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/sha.h>

#include <array>

#include "util/json_text.hpp"

namespace snapshot_test::report {

std::string content_digest(nlohmann::json report) {
  report.erase(kContentDigest);
  const std::string text = util::json_text(report);  // keys are sorted
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace snapshot_test::report
