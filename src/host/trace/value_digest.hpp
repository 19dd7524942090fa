// What is kept of a plain value that is too large to be kept, or was written over.
//
// It is a dict: {"__snapshot_test__": "digest", "type", "rounds", "sha256", "exact", "number", "count", "sum", "abs",
// "signed", "squares"}. `sha256` is of everything; `exact` of all but the digits of inexact numbers: types, shapes,
// keys, texts, integers, and which numbers are finite. Where `exact` agrees, sums say whether the numbers are close:
// each of the finite ones lies in one of a few groups, and is added to its group's `signed` sum with a sign that
// depends on its position, as if by chance. If every number has moved by at most rtol * |x| + atol, then such a sum has
// moved by more than a few times rtol * sqrt(squares) + atol * sqrt(count) only with a probability that need not be
// thought of; one number that moved by more than that, and numbers that changed places, show. `sum` shows what moved
// all of them alike. compare/digests.cpp is the other half of this.
#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "host/trace/plain_values.hpp"
#include "store/digest.hpp"

namespace snapshot_test::host::trace {

/// Of one value, or of many, one after the other. GIL held throughout.
class ValueDigest {
 public:
  static constexpr std::size_t kGroups = 16;

  explicit ValueDigest(PlainValues& plain);

  /// `value` is an atom or plain. Throws error_already_set where memory is lacking.
  void add(PyObject* value);

  /// Call once. `rounds`: how many values were added, where it is not one.
  [[nodiscard]] pybind11::dict finish(const std::string& type, std::uint64_t rounds = 0);

 private:
  void tag(char kind, std::uint64_t size);
  void both(const void* data, std::size_t size);
  void number(double value);
  void walk(PyObject* value);
  void walk_atom(PyObject* value);
  void walk_array(PyObject* array);
  void walk_set(PyObject* set);
  void walk_numpy_scalar(PyObject* scalar);
  template <class Number>
  void numbers(const std::byte* data, std::size_t count);
  void name_number(const char* name, std::size_t size);
  void flush(std::string& pending, store::Sha256& hash);
  [[nodiscard]] bool is_split() const { return exact_.has_value(); }
  void split();

  PlainValues& plain_;
  store::Sha256 all_;
  std::optional<store::Sha256> exact_;  ///< from the first inexact number on; until then it is the same as all_
  std::string all_pending_;
  std::string exact_pending_;
  const char* number_name_ = "float64";
  std::size_t number_size_ = 1000;  ///< of the narrowest that was seen
  std::uint64_t position_ = 0;
  double sum_ = 0;
  double magnitude_ = 0;
  std::array<double, kGroups> signed_{};
  std::array<double, kGroups> squares_{};
};

}  // namespace snapshot_test::host::trace
