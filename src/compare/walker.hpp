// Walks two value trees at once, with a stack of its own: no depth of nesting can exhaust the program's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "compare/arrays.hpp"
#include "compare/keys.hpp"
#include "compare/line_diff.hpp"
#include "compare/list_magnitudes.hpp"
#include "compare/loose_numbers.hpp"
#include "compare/matching.hpp"
#include "compare/part_log.hpp"
#include "compare/paths.hpp"
#include "compare/planes.hpp"
#include "compare/sketching.hpp"
#include "compare/stored_sketch.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/pickle/form.hpp"

namespace snapshot_test::compare {

class Walker {
 public:
  Walker(const pickle::Document& actual, const pickle::Document& expected, const Options& options,
         IdenticalNans identical_nans);
  [[nodiscard]] Comparison run();
  /// Once run: do NaNs that were passed over have to be counted after all, since other numbers moved?
  [[nodiscard]] bool must_count_nans() const;

 private:
  using Value = pickle::Value;
  using Items = std::span<const Value* const>;

  /// How much may be read. A pair may be visited once for each way that leads to it.
  struct Budget {
    std::uint64_t steps;
    std::uint64_t bytes;
  };
  enum class Hints { kGiven, kNone };
  /// Compares two parts once more, by other rules.
  Walker(const Value& actual, const Value& expected, const Options& options, IdenticalNans identical_nans,
         Budget budget, Hints hints);

  struct Child {
    const Value* actual;
    const Value* expected;
    Step step;
  };
  /// One pair of containers that is being walked. Sequences are read in place; others list their children.
  struct Frame {
    const Value* actual;
    const Value* expected;
    std::span<const Value* const> actual_items;
    std::span<const Value* const> expected_items;
    std::span<const std::uint64_t> shape;  ///< of an object array; its elements are the items
    std::vector<Child> children;
    Step step;  ///< what leads to the current child
    std::size_t next = 0;
    IgnoredPaths::Node ignored = IgnoredPaths::kNothing;
    std::uint64_t leaves_before = 0;
    std::uint64_t ignored_before = 0;
    std::uint64_t differences_before = 0;
    std::uint64_t reordered_before = 0;
    bool tracked = false;
    bool in_object = false;  ///< is it an object's argument or attribute, or inside one?
    // For parts_.
    bool makes_table = false;  ///< it is the call that makes `table`
    bool has_columns = false;  ///< its parts are columns of `table`
    std::size_t table = kNoTable;
    PartLog::Owner owner = PartLog::kUnknown;
    std::uint64_t noted_at_child = kNoChild;  ///< noted_ when the current child was visited
    std::uint64_t noted_before = 0;
  };
  static constexpr std::size_t kNoTable = ~std::size_t{0};
  static constexpr std::uint64_t kNoChild = ~std::uint64_t{0};
  enum class Status { kInProgress, kEqual, kDifferent, kPartial };
  struct PairHash {
    std::size_t operator()(const std::pair<const Value*, const Value*>& pair) const noexcept;
  };

  bool next_child(Frame& frame, Child& child);
  void finish(Frame& frame);
  void visit(const Value& actual, const Value& expected, IgnoredPaths::Node ignored);
  bool visited_before(const Value& actual, const Value& expected, IgnoredPaths::Node ignored, Frame& frame);

  bool compare_as_plain(const Value& actual, const Value& expected, Frame& frame);
  void settle(const Frame& frame);
  [[nodiscard]] bool in_object() const;
  const Options& rules_here();
  /// Of the list that the current number is in; null where it is in none, or no atol is automatic.
  [[nodiscard]] const Magnitude* magnitude_around();
  void compare_leaves(const Value& actual, const Value& expected);
  void compare_digest(const Value& actual, const Value& expected);
  bool compare_as_numbers(const Value& actual, const Value& expected);
  bool compare_as_text(const Value& actual, const Value& expected);
  void compare_array(const Value& actual, const Value& expected, Frame frame);
  void compare_sketched(const Value& actual, const Value& expected, Frame frame);
  void note_sketched(const Value& actual, const Value& expected, StoredSketchResult& compared);
  bool compare_stand_ins(const Value& actual, const Value& expected);
  bool compare_numeric_array(const pickle::Array& actual, const pickle::Array& expected);
  void add_object_items(const pickle::Array& actual, const pickle::Array& expected, Frame& frame);
  void add_array_parts(const pickle::Array& actual, const pickle::Array& expected, Frame& frame);
  void compare_sequence(const Value& actual, const Value& expected, Frame frame);
  bool compare_form(const Value& actual, const Value& expected, Frame& frame);
  void compare_form_digests(std::vector<pickle::Pair>& actual, std::vector<pickle::Pair>& expected, Frame& frame);
  bool compare_elements(std::span<const Value* const> actual, std::span<const Value* const> expected, Frame& frame);
  bool compare_dates(const Value& actual, const Value& expected, const Frame& frame);
  void compare_object(const Value& actual, const Value& expected, Frame frame);
  void add_state(const pickle::Object& actual, const pickle::Object& expected, Frame& frame);
  void add_sequence(const Value* actual, const Value* expected, Step::Kind kind, Frame& frame);
  void add_mapping(std::span<const pickle::Pair> actual, std::span<const pickle::Pair> expected, Step::Kind kind,
                   Frame& frame);
  void report_unmatched(const Matching& matching, Step::Kind kind, const Step& owner, Frame& frame);

  void leaf() { ++result_.leaves; }
  void close() { result_.outcome = std::max(result_.outcome, Outcome::kClose); }
  [[nodiscard]] bool is_shuffled() const {
    return options_.ignore_order || (options_.unordered_items && stack_.empty());
  }
  /// `extra` is a component after the current path: for what is reported of a container that is not on the stack yet.
  void differ(Difference difference, const Step* extra = nullptr, const Step* shown = nullptr);
  void differ(What what, std::string actual, std::string expected, std::string note = {});
  void note_path(const Step* extra);
  [[nodiscard]] std::string path(const Step* extra = nullptr, KeyForm form = KeyForm::kReadable) const;
  [[nodiscard]] std::string path_of_top() const;
  [[nodiscard]] std::optional<double> bound_at(const std::string& where, const Step* extra) const;
  bool spend(std::uint64_t bytes);

  // walker_hints.cpp
  [[nodiscard]] bool agree(const Value& actual, const Value& expected, Options rules, bool in_object);
  [[nodiscard]] std::string option_for(const Value& actual, const Value& expected);
  [[nodiscard]] std::string with_option(std::string note, const Value& actual, const Value& expected);
  [[nodiscard]] bool same_but_for_floats(Items actual, Items expected);
  [[nodiscard]] std::string items_between(Items actual, Items expected);
  void hint_at_order(const Frame& frame);
  void hint_at_order(const pickle::Array& actual, const pickle::Array& expected, std::uint64_t differences);
  void add_hint(std::string path, std::uint64_t elements);
  void finish_hints();

  const Options& options_;
  std::optional<Options> object_options_;  ///< for what is inside of objects; made when first needed
  IdenticalNans identical_nans_;
  const Value& actual_;
  const Value& expected_;
  IgnoredPaths ignored_;
  Comparison result_;
  void sketch_numbers(const Number& actual, const Number& expected, const std::string& actual_text,
                      const std::string& expected_text);
  void finish_sketches();
  void count_group(const std::string& where, What what);

  // walker_parts.cpp
  void enter_part(Frame& frame);
  void note_owners();
  void note_changed_child(Frame& frame);
  PartLog::Owner own(Frame& frame, std::string path);
  void note_unmatched(const Matching& matching, Step::Kind kind, Frame& frame);
  void note_items(Items actual, Items expected);
  void note_lines(const LineDiff& lines);
  /// Which rows and columns of an array have been found to differ; empty where nobody asks.
  struct Marks {
    bool has_fields = false;
    bool in_table = false;
    bool has_columns = false;  ///< it is all of a table, a matrix
    std::vector<bool> rows;
    std::vector<bool> columns;
  };
  [[nodiscard]] Marks marks_for(const pickle::Array& expected);
  void note_marks(const Marks& marks, const pickle::Array& expected, const ArrayResult& compared);
  void note_fields(const pickle::Dtype& actual, const pickle::Dtype& expected);
  [[nodiscard]] TableRows* table_here();
  void finish_table(Frame& frame);

  SketchSet sketches_;
  PartLog parts_;
  std::vector<TableRows> tables_;
  bool has_auto_atol_ = false;
  ListMagnitudes magnitudes_;
  std::uint64_t noted_ = 0;               ///< calls of note_path(): places that differ, as often as they are met
  std::optional<LooseNumbers> floats_;    ///< that are no array's
  std::optional<LooseNumbers> integers_;  ///< the same
  std::map<std::pair<std::string, What>, std::uint64_t> groups_;
  std::vector<Frame> stack_;
  std::unordered_map<std::pair<const Value*, const Value*>, Status, PairHash> pairs_;
  Digester actual_digests_;
  Digester expected_digests_;
  std::uint64_t steps_left_;
  std::uint64_t bytes_left_;
  Hints hints_;
  Budget hint_budget_;
  bool root_in_object_ = false;
  std::uint64_t reordered_ = 0;  // differences that are only of order
  Digester rough_actual_;
  Digester rough_expected_;
  bool exhausted_ = false;
  bool moved_ = false;        // some number is not bit for bit what it was
  bool passed_nans_ = false;  // NaNs may have been passed over
};

/// Ranges of the same numbers, as Python compares them; false for anything else.
[[nodiscard]] bool are_equal_ranges(const pickle::Value& a, const pickle::Value& b);

}  // namespace snapshot_test::compare
