// What a repeated statement computed, round by round, within a budget.
//
// While the budget lasts, rounds are kept: atoms and foreign objects as they are, plain values as copies, since a later
// round may change them; what equals the round before refers to that one's copy. Then plain rounds are kept as digests
// (value_digest.hpp), each its own; then one digest goes over all that follow. What is decided depends on counts and
// bytes alone, so every run of the same code decides alike.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <string>

#include "host/trace/plain_values.hpp"
#include "host/trace/value_digest.hpp"

namespace snapshot_test::host::trace {

struct RoundBudget {
  std::uint64_t bytes = std::uint64_t{32} << 20;  ///< of distinct kept values
  std::uint64_t atoms = 1'000'000;                ///< rounds kept where each is an atom
  std::uint64_t rounds = 250'000;                 ///< rounds kept where one is not
  std::uint64_t digests = 10'000;                 ///< rounds of which each has a digest of its own
};

/// All of a log, as it is stored.
struct LoggedRounds {
  /// The kept rounds, digests, the digest over the rest; at last the last round itself, if it is not kept.
  pybind11::list list;
  std::uint64_t count = 0;  ///< rounds that passed
  std::string unseen;       ///< which rounds were not looked at, or are digests only; empty if none
};

/// Needs the GIL in every call, and when it is destroyed. Nothing in it throws: where memory is lacking, a round counts
/// as not looked at.
class RoundLog {
 public:
  RoundLog(PlainValues& plain, RoundBudget budget) : plain_(plain), budget_(budget) {}

  void add(pybind11::handle value, Owners owners = Owners::kOthers);
  /// The same for each of the first `count` items of a list or tuple of atoms, whose bytes are known.
  void add_atoms(const PlainValues::Copy& atoms, std::size_t count);
  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// Is that still what it was when it was added, as the last round? False only where it is known to have changed.
  [[nodiscard]] bool still_holds(pybind11::handle value);
  /// Is each round an element of its own?
  [[nodiscard]] bool is_itemised() const { return !rest_; }

  /// The last round as it was kept; the rounds are itemised, and there is one.
  [[nodiscard]] pybind11::object last_item() const { return list_[list_.size() - 1]; }

  /// Hands everything over. Call once, and nothing afterwards.
  [[nodiscard]] LoggedRounds take();

  /// The last round could not be looked at, or not be kept.
  void skip();

 private:
  bool keep(pybind11::handle value, Owners owners);
  void digest(pybind11::handle value);

  PlainValues& plain_;
  RoundBudget budget_;
  pybind11::list list_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t digests_ = 0;
  bool atoms_only_ = true;
  pybind11::object kept_;    ///< the last round that was kept
  pybind11::object last_;    ///< the last round, where it is not kept
  std::string last_sha256_;  ///< of the last round, where that is a digest
  std::optional<ValueDigest> rest_;
  std::uint64_t rest_rounds_ = 0;
  std::uint64_t first_unseen_ = 0;  ///< from 1; 0: all were looked at
  std::uint64_t last_unseen_ = 0;
};

}  // namespace snapshot_test::host::trace
