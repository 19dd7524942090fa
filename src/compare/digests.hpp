// What is kept of values that were too large to keep, or were written over: host/trace/value_digest.hpp has the form.
#pragma once

#include <optional>
#include <string>

#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// Is it a digest of a value, and not the value?
[[nodiscard]] bool is_digest(const pickle::Value& value);

/// What a digest stands for, in words: "a numpy.ndarray, kept as a digest".
[[nodiscard]] std::string digest_text(const pickle::Value& digest);

struct DigestResult {
  Outcome outcome = Outcome::kIdentical;
  std::string note;  ///< where they differ: what can be said of it
  std::optional<Tolerance> tolerance;
};

/// Both are digests.
[[nodiscard]] DigestResult compare_digests(const pickle::Value& actual, const pickle::Value& expected,
                                           const Options& options);

}  // namespace snapshot_test::compare
