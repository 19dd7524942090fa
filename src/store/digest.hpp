// SHA-256 as a stream.
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
  /// 64 lower-case hex digits. Call once.
  [[nodiscard]] std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// Of a short text, in one call.
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace snapshot_test::store
