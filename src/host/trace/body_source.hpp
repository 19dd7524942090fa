// A source file compiled twice: as it is, and with its functions' statements observed.
#pragma once

#include <pybind11/pybind11.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/trace/body_statements.hpp"

namespace snapshot_test::host::trace {

/// Observing code in which the recorder of site i is still the string constant placeholder(i).
struct FunctionTemplate {
  pybind11::object observing;
  BodyPlan plan;
};

/// One source file. The whole file is compiled, because that gives every function the scopes, the private names, the
/// `__class__` cell and the `__future__` features that it really has. Needs the GIL; everything may throw
/// error_already_set (a SyntaxError, for one).
class ModuleSource {
 public:
  /// `lines` as linecache has them: with their ends.
  ModuleSource(std::string file, pybind11::list lines);

  /// The observing twin of `code`; nullopt where the file, as it is now, does not compile to it.
  [[nodiscard]] std::optional<FunctionTemplate> find(pybind11::handle code);

 private:
  /// First line (that of the first decorator) and name: what a def and its code object have in common.
  using Key = std::pair<int, std::string>;
  struct Variant {
    pybind11::object code;
    std::map<Key, BodyPlan> plans;
  };

  [[nodiscard]] pybind11::object parse() const;
  [[nodiscard]] pybind11::object compile(const pybind11::object& tree) const;
  /// Observes every function that is not nested in another, or only the one that is meant.
  [[nodiscard]] Variant make_variant(const std::optional<Key>& only) const;
  [[nodiscard]] std::optional<FunctionTemplate> find_in(const Variant& variant, pybind11::handle code,
                                                        const Key& key) const;

  std::string file_;
  pybind11::list lines_;
  std::vector<std::string> texts_;  // the lines as UTF-8, which is what column offsets count
  pybind11::object plain_;
  Variant outermost_;  // a nested function gets a variant of its own, when it is asked for
};

}  // namespace snapshot_test::host::trace
