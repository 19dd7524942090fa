// SHA-256 and XXH3-128 as streams.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "snapshot_test/util/result.hpp"

struct evp_md_ctx_st;

namespace snapshot_test::store {

class Sha256 {
 public:
  /// kInternal where libcrypto offers no SHA-256.
  [[nodiscard]] static Result<Sha256> create();
  void update(std::span<const std::byte> bytes);
  /// Of the same bytes until now. kInternal where libcrypto refuses.
  [[nodiscard]] Result<Sha256> copy() const;
  /// 64 lower-case hex digits. Call once.
  [[nodiscard]] std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// XXH3-128: ten times as fast as SHA-256, and no cryptographic hash. It tells values apart that differ by chance; who
/// can choose both can make two that have the same.
class Fingerprint {
 public:
  Fingerprint();
  Fingerprint(Fingerprint&&) noexcept;
  Fingerprint& operator=(Fingerprint&&) noexcept;
  ~Fingerprint();
  void update(std::span<const std::byte> bytes);
  /// 32 lower-case hex digits, of all bytes until now.
  [[nodiscard]] std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Of a short text, in one call.
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace snapshot_test::store
