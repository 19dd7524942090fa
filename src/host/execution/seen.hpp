// The values that one call of a benchmark showed, each at its site.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/execution/clock_window.hpp"
#include "host/trace/body_rewriter.hpp"
#include "host/trace/tracer.hpp"
#include "snapshot_test/model/observation.hpp"

namespace snapshot_test::host::execution {

/// A value that was seen at a site, held by reference.
struct SeenValue {
  model::Site site;
  pybind11::object value;
  std::string source;       ///< the statement, or the function that returned it
  std::uint64_t count = 1;  ///< how often the statement ran
  bool meaningful = false;
  bool rounds = false;         ///< the value is the list of what a repeated statement computed
  pybind11::object last = {};  ///< of rounds: the last one; null where it is not one to keep
  std::string unseen = {};     ///< which rounds were not looked at, or are digests only; empty if none
  bool incidental = false;     ///< not worth a word where it cannot be pickled as a whole
  bool only_if_asked = false;  ///< says the same as another site, unless a snapshot has it
};

/// An iterator of the language itself, which shows what it holds by being used up.
[[nodiscard]] bool is_plain_iterator(pybind11::handle value);

/// What a call returned; None for a coroutine or an asynchronous generator, whose body ASV never runs, with a note.
/// GIL held; may throw error_already_set.
[[nodiscard]] pybind11::object as_returned(pybind11::object returned, std::vector<std::string>& notes);

/// `return`, and the values of `body` (null: not observed), which are taken out of it. Every value but None is
/// meaningful here, except what the clock said, of which there is a note. GIL held.
[[nodiscard]] std::vector<SeenValue> seen_outside(pybind11::object returned, trace::RewrittenBody* body,
                                                  const ClockWindow& clock, std::vector<std::string>& notes);

/// `deepest`, and with kAll the calls on the way to it.
enum class Inside { kDeepest, kAll };
[[nodiscard]] std::vector<SeenValue> seen_inside(trace::Trace& trace, Inside which);

/// The one value that stands for a call where there is room for only one: what the benchmark returned, else what its
/// body computed (the value, or a tuple of several; of loops what `rounds` says), else what the deepest call returned.
/// None if nothing is meaningful.
enum class Rounds { kAll, kLast };
[[nodiscard]] std::optional<SeenValue> result_of(const std::vector<SeenValue>& seen, Rounds rounds);

}  // namespace snapshot_test::host::execution
