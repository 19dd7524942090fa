// Observed values, on their way into the store or against it.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/execution/seen.hpp"
#include "host/pickling/pickler.hpp"
#include "model/message.hpp"

namespace snapshot_test::host::execution {

class SpoolSink;

/// In the form that the snapshot has: rounds, or the last one alone, which is all that snapshots held once.
[[nodiscard]] SeenValue as_in(const SeenValue& seen, const model::SiteValue& baseline);

/// What a sealed case has offered, and keeps until it knows what is wanted of it.
struct OfferedValues {
  model::Offer offer;
  std::vector<pybind11::object> now;     ///< what was seen at each site of the snapshot; null: nothing to compare
  std::vector<pybind11::object> values;  ///< parallel to offer.values
  std::vector<std::optional<std::vector<std::byte>>> pickles;  ///< the same: those that are small
};

/// Pickles values of one case; what several sites share is pickled once. GIL held throughout.
class ValueWriter {
 public:
  ValueWriter(const pickling::Reducers& reducers, const model::ValueLimits& limits);

  /// Writes every meaningful value as an object; what is an iterator must have an item left to be one. A value that
  /// cannot be pickled, or only described without saying what was computed, is recorded as opaque. kIo if the store
  /// cannot be written.
  [[nodiscard]] Result<std::vector<model::SiteValue>> store(const std::vector<SeenValue>& seen,
                                                            const model::CaseRequest& request);

  /// One comparison for each site of request.baseline: what cannot be read or pickled is the match of its site. kIo
  /// where the machine refuses what comparing takes.
  [[nodiscard]] Result<std::vector<model::SiteComparison>> compare(const std::vector<SeenValue>& seen,
                                                                   const model::CaseRequest& request,
                                                                   const model::Rules& rules);

  /// What was seen at each site of request.baseline, by the digest of its pickle: nothing is known here of what it
  /// should be. kIo as for compare().
  [[nodiscard]] Result<OfferedValues> offer(const std::vector<SeenValue>& seen, const model::CaseRequest& request);
  /// Writes those that are wanted (places in offer.values) to a socket. A reader that wants no more is no error.
  void send(const OfferedValues& offered, const std::vector<std::size_t>& wanted, int socket);
  /// CaseReply::shared.
  [[nodiscard]] static std::vector<std::pair<std::size_t, std::size_t>> shared(const OfferedValues& offered,
                                                                               const std::vector<std::size_t>& wanted,
                                                                               const model::CaseRequest& request);

  /// SHA-256 (hex) of the value's pickle; none where it cannot be pickled, or says nothing about what was computed.
  [[nodiscard]] std::optional<std::string> digest(pybind11::handle value);

  /// Limits that bit, and what could only be described, with the site and the place in its value; bounded. Handed over.
  [[nodiscard]] std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }

 private:
  /// Nothing but iterators that are used up. In a list of rounds, None takes their place.
  [[nodiscard]] bool gives_nothing(const SeenValue& seen);
  [[nodiscard]] Result<model::SiteValue> store_inner(const SeenValue& seen, const model::CaseRequest& request);
  [[nodiscard]] Result<model::SiteValue> store_one(const SeenValue& seen, const model::ValueLimits& limits,
                                                   const model::CaseRequest& request);
  /// Writes what was pickled: as it is, or a sketch of what is larger than may be stored.
  [[nodiscard]] Result<void> write_bounded(SpoolSink& pickle, const SeenValue& seen, const model::CaseRequest& request,
                                           model::SiteValue& value);
  [[nodiscard]] Result<void> offer_one(const SeenValue& seen, std::size_t site, OfferedValues& offered);
  [[nodiscard]] Result<model::SiteComparison> compare_one(const SeenValue& seen, const model::SiteValue& baseline,
                                                          const model::CaseRequest& request, const model::Rules& rules);

  const pickling::Reducers& reducers_;
  void note(const model::Site& site, const pickling::PickledInfo& pickled);

  model::ValueLimits limits_;
  std::vector<std::string> notes_;
  pickling::DrainCache drained_{pickling::pickle_items};
};

}  // namespace snapshot_test::host::execution
