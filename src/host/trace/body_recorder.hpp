// Where rewritten statements leave their values.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/trace/passing_iterator.hpp"
#include "host/trace/plain_values.hpp"
#include "host/trace/round_log.hpp"

namespace snapshot_test::host::trace {

/// What a statement's value has to be to count as something the benchmark computed.
enum class KeepRule {
  kAnything,
  /// Not an iterator: where a statement unpacks its value, an iterator is used up and would show as empty.
  kNotIterator,
  /// Not a plain number (numpy's, too), text, function, class or module, nor a tuple of them: `n = self.n` and
  /// `add = np.add` give names to what is there, and a case that shows nothing else has shown nothing.
  kNotPlain,
  /// An empty list or dict that something has been put into since: `out = []` computes nothing, what follows may.
  kFilled,
};

/// When a value is looked at. Whatever is looked at when its statement has run is copied or digested then: a later
/// statement may write into it.
enum class Look {
  kAtOnce,  ///< when its statement has run
  kTwice,   ///< then, and in the end (in a loop: of the round), since it has a name and may be worked on: `b.sort()`
  kLater,   ///< in the end alone: what `np.empty(n)` gives is nothing yet; and nothing follows a last statement
};

/// What a site records.
enum class Passing {
  kNo,         ///< the value that it is given, which it returns
  kItems,      ///< the items of the iterable that it is given, as they pass: it returns an iterator over these
  kIterators,  ///< the same for an iterator; anything else is returned as it is, and not recorded
};

struct SiteRule {
  KeepRule keep = KeepRule::kAnything;
  Look look = Look::kLater;
  bool repeated = false;  ///< in a loop: each round counts
  Passing passing = Passing::kNo;
};

/// The slots that the recorders of one rewritten function write to.
///
/// Slots are written while the benchmark runs, with the GIL. The recorders share the ownership, so a table may be
/// dropped while rewritten code still runs.
class RecordTable : public std::enable_shared_from_this<RecordTable> {
 public:
  /// An iteration over numbers or texts that were there before. Its iterator says how far it has come, so that nothing
  /// is done as the items pass.
  struct Iteration {
    pybind11::object iterator;
    pybind11::object iterable;
    PlainValues::Copy items;  ///< as they were when it began
  };
  struct Slot {
    SiteRule rule;
    std::uint64_t count = 0;            ///< how often the statement ran, or how many items passed
    std::vector<Iteration> iterations;  ///< that are not in the log yet; one inside the other, where calls are nested
    pybind11::object value;             ///< the last one; null if it never ran or the last value is not one to keep
    std::optional<RoundLog> log;
    std::optional<RoundLog> in_the_end;  ///< of rounds from `changed_from` on; none while nothing was changed later
    std::uint64_t changed_from = 0;
    bool entered = false;     ///< of kItems: the iteration began
    bool left_early = false;  ///< most items did not pass: to look at all of them first would cost more than the loop
  };
  /// What a slot came to.
  struct Taken {
    std::uint64_t count = 0;
    pybind11::object value;    ///< what it was in the end; of repeated sites the list of rounds; null: nothing to keep
    pybind11::object at_once;  ///< what it was when its statement had run, where that was looked at
    pybind11::object last;     ///< of repeated sites: the last value
    bool rounds = false;
    bool changed = false;  ///< `at_once` is not what `value` is
    std::string unseen;    ///< which rounds were not looked at
  };

  [[nodiscard]] static std::shared_ptr<RecordTable> make(const std::vector<SiteRule>& rules);

  /// A C callable of one argument that records at slot `index`. No Python frame.
  [[nodiscard]] pybind11::object recorder(std::size_t index);

  /// Hands the slots over and starts anew.
  [[nodiscard]] std::vector<Taken> take();

  /// For recorders. Neither throws.
  void record(Slot& slot, pybind11::handle value);
  void record_item(Slot& slot, pybind11::handle item);
  /// What the code goes on with in place of `given`.
  [[nodiscard]] pybind11::object pass(Slot& slot, pybind11::handle given);

 private:
  explicit RecordTable(const std::vector<SiteRule>& rules);

  void look_at_once(Slot& slot, pybind11::handle value, Owners owners);
  [[nodiscard]] pybind11::object pass_atoms(Slot& slot, pybind11::handle given);
  void log_iterations(Slot& slot, bool ended_only);
  void end_round(Slot& slot, pybind11::handle next);
  [[nodiscard]] Taken take(Slot& slot);
  [[nodiscard]] Taken take_rounds(Slot& slot);

  PlainValues plain_;
  PassingIterators passing_;
  std::vector<Slot> slots_;  // never grows: recorders point into it
};

}  // namespace snapshot_test::host::trace
