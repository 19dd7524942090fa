// body[i]: what the statements of a benchmark's own body computed, which Python would throw away or leave in a local.
//
// Observed, wherever nested (but not inside a nested function, class or lambda):
//   f(x)                 the expression's value; constants, bare names, yield and await are not sites
//   x = f(), self.x = …  the value on the right; also with several targets, and annotated
//   a, b = f()           the tuple (a, b) as assigned; with an attribute among the targets the value on the right
//   x += f()             x afterwards
//   (x := f())           the value, in whatever statement: `if (x := f()) > 0:`
//   x = [], x = {}       what is in it in the end, if anything is
// and, numbered after all of these:
//   for x in f()         the items, as they pass; also in comprehensions
//   any(f(x) for …)      the items of what any, all, sum, min, max, deque and len(list(…)) use up
//   with f() as x        x
// A statement in a loop counts in every round: its value is the list of what the rounds computed (round_log.hpp).
// Not observed: what is stored into subscripts (the array is the result, not what went in), right sides that compute
// nothing (constants, names, displays of them), and plain numbers, texts and functions that a right side without call
// or subscript yields (`n = self.n`): they are given, not computed, and would make an unchecked case look checked. Nor
// is an iteration over what is given: range(n), a name that is no iterator, sorted(…) or enumerate(…) of these.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/trace/body_recorder.hpp"
#include "host/trace/body_statements.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::trace {

/// What one observed statement or iteration came to.
struct BodyValue {
  int index = 0;            ///< i of body[i]
  std::string source;       ///< its text on one line, at most 80 bytes
  std::uint64_t count = 0;  ///< how often it ran; how many items passed
  pybind11::object value;   ///< what it is in the end; the list of rounds, if `rounds`
  pybind11::object last;    ///< of rounds: the last one; may be null
  bool rounds = false;
  std::string unseen;       ///< which rounds were not looked at
  bool incidental = false;  ///< it is no loss where it cannot be pickled
  /// This is what another value was when its statement had run: one that is looked at in the end, too.
  bool at_once = false;
  bool changed = false;  ///< of `at_once`: and is not any more
};

/// A benchmark function with a second, observing code object. Made by BodyRewriter; survives a fork. All of it needs
/// the GIL, the destructor included.
class RewrittenBody {
 public:
  RewrittenBody(RewrittenBody&&) noexcept = default;
  RewrittenBody& operator=(RewrittenBody&&) = delete;
  ~RewrittenBody();

  /// Puts the observing code into the function object itself, so whoever calls it, through whatever wrapper, is
  /// observed. Throws error_already_set where Python refuses.
  void install();
  /// Puts the original code back. Does nothing if not installed.
  void restore() noexcept;

  /// The sites that ran and whose value is one to keep, in order; those with `at_once` at the end. The values are
  /// handed over.
  [[nodiscard]] std::vector<BodyValue> take_values();

  /// Nothing but `pass`, `...`, a docstring or `return`: a memory reference, not a benchmark.
  [[nodiscard]] bool does_nothing() const noexcept { return does_nothing_; }
  /// How many statements and iterations are observed, whether they run or not.
  [[nodiscard]] std::size_t site_count() const noexcept { return sites_.size(); }
  /// The plain function below all decorators.
  [[nodiscard]] const pybind11::object& function() const noexcept { return function_; }

 private:
  friend class BodyRewriter;
  RewrittenBody() = default;

  pybind11::object function_;
  pybind11::object original_;
  pybind11::object observing_;
  std::shared_ptr<RecordTable> table_;
  std::vector<SitePlan> sites_;
  bool does_nothing_ = false;
  bool installed_ = false;
};

class ModuleSource;

/// Rewrites benchmark functions. Parses each source file once, however many functions of it are asked for; meant to be
/// used before the cases are forked. Needs the GIL throughout.
class BodyRewriter {
 public:
  BodyRewriter();
  ~BodyRewriter();
  BodyRewriter(const BodyRewriter&) = delete;
  BodyRewriter& operator=(const BodyRewriter&) = delete;

  /// `benchmark`: a function, method or partial, decorated or not; the innermost pure Python function is what gets
  /// rewritten. Nothing is changed until install(). kUnsupported, with the reason, where there is no such function, it
  /// is a lambda, generator or coroutine, or its code is not what its source file compiles to.
  [[nodiscard]] Result<RewrittenBody> prepare(pybind11::handle benchmark);

  /// Parses a module's source file now, for the processes that are forked later. What cannot be read or compiled is
  /// left for prepare() to report.
  void read_ahead(pybind11::handle module);

 private:
  [[nodiscard]] ModuleSource* source_of(const std::string& file, pybind11::handle globals);

  std::map<std::string, std::unique_ptr<ModuleSource>> modules_;  // by file name
};

}  // namespace snapshot_test::host::trace
