// Rewriting a function's syntax tree so that its statements' values are recorded. What is a site: body_rewriter.hpp.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "host/trace/body_recorder.hpp"

namespace snapshot_test::host::trace {

/// One observed statement, or iteration in one.
struct SitePlan {
  SiteRule rule;
  std::string source;       ///< on one line, at most 80 bytes
  bool incidental = false;  ///< what `with` entered: no loss where it cannot be pickled
};

struct BodyPlan {
  /// The statements in source order, then the iterations: so the numbers of statements are what they were in stores
  /// made before iterations were observed.
  std::vector<SitePlan> sites;
  std::size_t statements = 0;
  bool does_nothing = false;
};

/// What the rewritten tree calls in place of the recorder of a site: a string constant. No source can hold it: it has a
/// NUL. Iterations have numbers of their own.
enum class SiteGroup { kStatement, kIteration };
[[nodiscard]] std::string placeholder(SiteGroup group, std::size_t index);

/// Rewrites the body of an ast.FunctionDef in place. New nodes are where the old ones were, so tracebacks stay as they
/// are. `lines` is the file's text, as UTF-8. Needs the GIL; may throw error_already_set.
[[nodiscard]] BodyPlan observe_statements(pybind11::handle function, const std::vector<std::string>& lines);

/// "Call" for an ast.Call. Valid as long as the node.
[[nodiscard]] std::string_view node_kind(pybind11::handle node);

/// Calls `visit(child)` for every node right below `node`, in source order.
template <class Visit>
void for_each_child(pybind11::handle node, Visit visit) {
  for (const pybind11::handle field : node.attr("_fields")) {
    const pybind11::object value = pybind11::getattr(node, field, pybind11::none());
    if (PyList_CheckExact(value.ptr())) {
      for (const pybind11::handle item : value) {
        if (pybind11::hasattr(item, "_fields")) visit(item);
      }
    } else if (pybind11::hasattr(value, "_fields")) {
      visit(value);
    }
  }
}

}  // namespace snapshot_test::host::trace
