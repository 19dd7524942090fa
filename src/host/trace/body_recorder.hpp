// Where rewritten statements leave their values.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace snapshot_test::host::trace {

/// What a statement's value has to be to count as something the benchmark computed.
enum class KeepRule {
  kAnything,
  /// Not an iterator: where a statement unpacks its value, an iterator is used up and would show as empty.
  kNotIterator,
  /// Not a plain number, text, function, class or module, nor a tuple of them: `n = self.n` and `add = np.add` give
  /// names to what is there, and a case that shows nothing else has shown nothing.
  kNotPlain,
  /// An empty list or dict that something has been put into since: `out = []` computes nothing, what follows may.
  kFilled,
};

/// The slots that the recorders of one rewritten function write to.
///
/// Slots are written while the benchmark runs, with the GIL. Values are held by reference; a later one replaces an
/// earlier one. The recorders share the ownership, so a table may be dropped while rewritten code still runs.
class RecordTable : public std::enable_shared_from_this<RecordTable> {
 public:
  struct Slot {
    KeepRule rule = KeepRule::kAnything;
    std::uint64_t count = 0;  ///< how often the statement ran
    pybind11::object value;   ///< the last one; null if it never ran or the last value is not one to keep
  };

  [[nodiscard]] static std::shared_ptr<RecordTable> make(const std::vector<KeepRule>& rules);

  /// A C callable of one argument that stores it in slot `index` and returns it. No Python frame.
  [[nodiscard]] pybind11::object recorder(std::size_t index);

  /// Hands the slots over and starts anew. Values that are not to be kept are null.
  [[nodiscard]] std::vector<Slot> take();

 private:
  explicit RecordTable(const std::vector<KeepRule>& rules);

  std::vector<Slot> slots_;  // never grows: recorders point into it
};

}  // namespace snapshot_test::host::trace
