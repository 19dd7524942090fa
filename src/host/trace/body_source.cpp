#include "host/trace/body_source.hpp"

#include <algorithm>

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

// The file has been compiled before, and has warned then; and a call of a constant would warn.
class WarningsOff {
 public:
  WarningsOff() : guard_(py::module_::import("warnings").attr("catch_warnings")()) {
    guard_.attr("__enter__")();
    py::module_::import("warnings").attr("simplefilter")("ignore");
  }
  WarningsOff(const WarningsOff&) = delete;
  WarningsOff& operator=(const WarningsOff&) = delete;
  ~WarningsOff() {
    const py::error_scope keep_error;
    try {
      guard_.attr("__exit__")(py::none(), py::none(), py::none());
    } catch (py::error_already_set& error) {
      error.discard_as_unraisable("restoring the warning filters");
    }
  }

 private:
  py::object guard_;
};

// A code object begins where its first decorator does.
int first_line(py::handle function) {
  const py::list decorators = function.attr("decorator_list");
  const py::object first =
      decorators.empty() ? py::reinterpret_borrow<py::object>(function) : py::object(decorators[0]);
  return first.attr("lineno").cast<int>();
}

bool is_code(py::handle object) { return PyCode_Check(object.ptr()); }

}  // namespace

ModuleSource::ModuleSource(std::string file, py::list lines) : file_(std::move(file)), lines_(std::move(lines)) {
  texts_.reserve(lines_.size());
  for (const py::handle line : lines_) texts_.push_back(line.cast<std::string>());
  const WarningsOff quiet;
  plain_ = compile(parse());
  outermost_ = make_variant(std::nullopt);
}

py::object ModuleSource::parse() const {
  return py::module_::import("ast").attr("parse")(py::str("").attr("join")(lines_), file_);
}

py::object ModuleSource::compile(const py::object& tree) const {
  constexpr int kNoFlags = 0;
  constexpr bool kDontInherit = true;
  return py::module_::import("builtins").attr("compile")(tree, file_, "exec", kNoFlags, kDontInherit);
}

ModuleSource::Variant ModuleSource::make_variant(const std::optional<Key>& only) const {
  Variant variant;
  const py::object tree = parse();
  const auto visit = [&](const auto& self, py::handle node) -> void {
    if (node_kind(node) == "FunctionDef") {
      const Key key{first_line(node), node.attr("name").cast<std::string>()};
      if (!only || key == *only) {
        variant.plans.emplace(key, observe_statements(node, texts_));
        return;
      }
    }
    for_each_child(node, [&](py::handle child) {
      // Definitions stand in statements; there is none in an expression.
      const std::string_view kind = node_kind(child);
      const bool holds_statements = py::hasattr(child, "body") && kind != "Lambda" && kind != "IfExp";
      if (holds_statements || kind == "Try" || kind == "TryStar" || kind == "Match") self(self, child);
    });
  };
  visit(visit, tree);
  if (!variant.plans.empty()) variant.code = compile(tree);
  return variant;
}

// The two trees of code objects are alike down to the functions that are observed, which are not entered.
static py::object find_twin(py::handle plain, py::handle observing, py::handle wanted, const auto& is_observed) {
  const py::tuple plain_constants = plain.attr("co_consts");
  const py::tuple observing_constants = observing.attr("co_consts");
  for (std::size_t i = 0; i < std::min(plain_constants.size(), observing_constants.size()); ++i) {
    const py::object code = plain_constants[i];
    const py::object twin = observing_constants[i];
    if (!is_code(code) || !is_code(twin)) continue;
    const bool same_place = code.attr("co_firstlineno").equal(wanted.attr("co_firstlineno")) &&
                            code.attr("co_name").equal(wanted.attr("co_name"));
    if (same_place && code.equal(wanted)) return twin;
    if (is_observed(code)) continue;
    if (py::object found = find_twin(code, twin, wanted, is_observed)) return found;
  }
  return {};
}

std::optional<FunctionTemplate> ModuleSource::find_in(const Variant& variant, py::handle code, const Key& key) const {
  const auto plan = variant.plans.find(key);
  if (plan == variant.plans.end()) return std::nullopt;
  const auto is_observed = [&](py::handle other) {
    return variant.plans.contains(
        {other.attr("co_firstlineno").cast<int>(), other.attr("co_name").cast<std::string>()});
  };
  py::object twin = find_twin(plain_, variant.code, code, is_observed);
  if (!twin) return std::nullopt;
  for (const char* shape : {"co_name", "co_firstlineno", "co_flags", "co_argcount", "co_posonlyargcount",
                            "co_kwonlyargcount", "co_varnames", "co_freevars", "co_cellvars"}) {
    if (!twin.attr(shape).equal(code.attr(shape))) return std::nullopt;
  }
  return FunctionTemplate{std::move(twin), plan->second};
}

std::optional<FunctionTemplate> ModuleSource::find(py::handle code) {
  const Key key{code.attr("co_firstlineno").cast<int>(), code.attr("co_name").cast<std::string>()};
  if (auto found = find_in(outermost_, code, key)) return found;
  if (outermost_.plans.contains(key)) return std::nullopt;
  const WarningsOff quiet;
  return find_in(make_variant(key), code, key);
}

}  // namespace snapshot_test::host::trace
