#include "store/digest.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>

namespace snapshot_test::store {

namespace {

std::string hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

Result<Sha256> Sha256::create() {
  Sha256 made;
  made.context_.reset(EVP_MD_CTX_new());
  if (!made.context_ || EVP_DigestInit_ex(made.context_.get(), EVP_sha256(), nullptr) != 1) {
    return fail(ErrorKind::kInternal, "libcrypto does not offer SHA-256; check the OpenSSL configuration");
  }
  return made;
}

void Sha256::update(std::span<const std::byte> bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

Result<Sha256> Sha256::copy() const {
  Sha256 made;
  made.context_.reset(EVP_MD_CTX_new());
  if (!made.context_ || EVP_MD_CTX_copy_ex(made.context_.get(), context_.get()) != 1) {
    return fail(ErrorKind::kInternal, "libcrypto does not copy the state of a SHA-256");
  }
  return made;
}

std::string Sha256::finish() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
  return hex(digest);
}

struct Fingerprint::State {
  XXH3_state_t xxh3;
};

Fingerprint::Fingerprint() : state_(std::make_unique<State>()) { XXH3_128bits_reset(&state_->xxh3); }
Fingerprint::Fingerprint(Fingerprint&&) noexcept = default;
Fingerprint& Fingerprint::operator=(Fingerprint&&) noexcept = default;
Fingerprint::~Fingerprint() = default;

void Fingerprint::update(std::span<const std::byte> bytes) {
  XXH3_128bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

std::string Fingerprint::text() const {
  XXH128_canonical_t digits;
  XXH128_canonicalFromHash(&digits, XXH3_128bits_digest(&state_->xxh3));
  return hex(digits.digest);
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return hex(digest);
}

}  // namespace snapshot_test::store
