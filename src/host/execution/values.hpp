// Observed values, on their way into the store or against it.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>
#include <vector>

#include "host/pickling/pickler.hpp"
#include "model/message.hpp"

namespace snapshot_test::host::execution {

/// A value that was seen at a site, held by reference.
struct SeenValue {
  model::Site site;
  pybind11::object value;
  std::string source;       ///< the statement, or the function that returned it
  std::uint64_t count = 1;  ///< how often the statement ran
  bool meaningful = false;
};

/// Pickles values of one case; what several sites share is pickled once. GIL held throughout.
class ValueWriter {
 public:
  explicit ValueWriter(const pickling::Reducers& reducers) : reducers_(reducers) {}

  /// Writes every meaningful value as an object. A value that cannot be pickled, or only described without saying what
  /// was computed, is recorded as opaque. kIo if the store cannot be written.
  [[nodiscard]] Result<std::vector<model::SiteValue>> store(const std::vector<SeenValue>& seen,
                                                            const model::CaseRequest& request);

  /// One comparison for each site of request.baseline. Never fails as a whole: what cannot be read or pickled is the
  /// match of its site.
  [[nodiscard]] std::vector<model::SiteComparison> compare(const std::vector<SeenValue>& seen,
                                                           const model::CaseRequest& request);

 private:
  [[nodiscard]] Result<model::SiteValue> store_one(const SeenValue& seen, const model::CaseRequest& request);
  [[nodiscard]] model::SiteComparison compare_one(const SeenValue& seen, const model::SiteValue& baseline,
                                                  const model::CaseRequest& request);

  const pickling::Reducers& reducers_;
  pickling::Limits limits_;
  pickling::DrainCache drained_;
};

}  // namespace snapshot_test::host::execution
