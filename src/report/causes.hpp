// Cases by what is said of them, so that what many have in common is said once.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "report/listing.hpp"

namespace snapshot_test::report {

/// Cases in the order in which they came, those with the same cause together. Bounded lists keep the first causes and
/// the first cases of each, so what is kept stays small whatever the size of the run.
class Causes {
 public:
  explicit Causes(Lists lists) : lists_(lists) {}

  /// `cause` may be empty. Both are ready to be printed.
  void add(const std::string& cause, const std::string& label);
  [[nodiscard]] std::size_t count() const { return count_; }
  /// A case a line, or a cause with its cases below it; indented.
  [[nodiscard]] std::string text() const;

 private:
  struct Cause {
    std::string text;
    std::size_t count = 0;
    std::vector<std::string> labels;
  };

  Lists lists_;
  std::size_t count_ = 0;
  std::vector<Cause> causes_;
  std::map<std::string, std::size_t> places_;  ///< of each cause in causes_
};

}  // namespace snapshot_test::report
