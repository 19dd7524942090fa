// What is not as it was when a baseline was captured, from the place of a run that goes on now.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "snapshot_test/model/result.hpp"
#include "snapshot_test/store/store.hpp"

namespace snapshot_test::session {

/// Not thread-safe; the store outlives it.
class EnvironmentSince {
 public:
  explicit EnvironmentSince(const store::Store& store) : store_(store) {}

  /// Where the cases run now, and what is tested. Before all others.
  void set_place(store::RunInfo here, std::vector<model::TestedPackage> tested) {
    here_ = std::move(here);
    tested_ = std::move(tested);
  }
  /// Since the store's run of that id; empty where nothing is known of it.
  [[nodiscard]] const std::vector<model::EnvironmentChange>& run(const std::string& id);
  /// In words, since another place; empty where nothing differs.
  [[nodiscard]] std::string text(const store::RunInfo& then) const;

 private:
  const store::Store& store_;
  store::RunInfo here_;  ///< as far as it is compared
  std::vector<model::TestedPackage> tested_;
  std::map<std::string, std::vector<model::EnvironmentChange>> changes_;  ///< by run
};

}  // namespace snapshot_test::session
