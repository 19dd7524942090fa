// Which frames are the project's own: the rule behind `deepest` and `path`.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>
#include <vector>

#include "host/trace/frame_hook.h"

namespace snapshot_test::host::trace {

/// Where code lies that is nobody's benchmark. Folders end in '/'.
struct Folders {
  /// The standard library; what is in a site-packages or dist-packages folder below does not belong to it.
  std::vector<std::string> standard_library;
  /// Treated the same way, site-packages included.
  std::vector<std::string> ignored;

  /// Those of the running interpreter, as sysconfig names them and with symbolic links resolved. Needs the GIL; throws
  /// error_already_set.
  [[nodiscard]] static Folders of_interpreter();
};

/// Decides which frames count. A frame counts for depth, and its return can be `deepest` or on `path`, if it runs a
/// function (no generator, coroutine, class body, module or exec'd string) with a name that is neither a dunder nor
/// "<lambda>", "<listcomp>" and the like, from a file outside the folders above, and not part of numpy's dispatch of
/// array functions. Frames that do not count are not there
/// at all: putting a standard-library helper or a comprehension in between changes no depth. What the import machinery
/// runs is not looked at, however deep: whether a module is imported already depends on what ran before.
///
/// Make one in the process that forks the cases: decisions are cached in code objects, under a slot of which CPython
/// has 255 a process. Immutable; has to outlive the tracers that use it.
class Eligibility {
 public:
  /// Needs the GIL.
  explicit Eligibility(Folders folders);

  /// Looks at the code object alone and runs no Python code. Needs the GIL; leaves no error set.
  [[nodiscard]] st_frame_kind classify(PyCodeObject* code) const noexcept;
  [[nodiscard]] Py_ssize_t code_extra_index() const noexcept { return code_extra_index_; }

 private:
  Folders folders_;
  Py_ssize_t code_extra_index_;
};

}  // namespace snapshot_test::host::trace
