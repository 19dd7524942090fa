#include "host/trace/body_statements.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

constexpr std::size_t kMaxSourceBytes = 80;

/// How much a right-hand side does.
enum class Work {
  kNothing,  ///< constants, names, displays of them
  kLittle,   ///< attributes and operators: may compute, or just fetch
  kMuch,     ///< calls, subscripts, comprehensions
};

bool is_one_of(std::string_view kind, std::initializer_list<std::string_view> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

struct Ingredients {
  bool call = false, attribute = false, oper = false, name = false;
};

void collect(py::handle node, Ingredients& found) {
  const std::string_view kind = node_kind(node);
  if (kind == "Lambda") return;
  if (is_one_of(kind, {"Call", "Subscript", "ListComp", "SetComp", "DictComp", "GeneratorExp"})) {
    found.call = true;
    return;
  }
  found.attribute |= kind == "Attribute";
  found.name |= kind == "Name";
  found.oper |= is_one_of(kind, {"BinOp", "UnaryOp", "Compare"});
  for_each_child(node, [&](py::handle child) { collect(child, found); });
}

Work work_of(py::handle expression) {
  Ingredients found;
  collect(expression, found);
  if (found.call) return Work::kMuch;
  return found.attribute || (found.oper && found.name) ? Work::kLittle : Work::kNothing;
}

/// What is assigned to.
enum class Shape {
  kOther,   ///< a subscript, or something deeper
  kSingle,  ///< a name, or an attribute of a name
  kNames,   ///< a tuple or list of names, nested or not
  kMixed,   ///< the same, with attributes of names among them
};

Shape shape_of(py::handle target) {
  const std::string_view kind = node_kind(target);
  if (kind == "Name") return Shape::kSingle;
  if (kind == "Attribute") return node_kind(target.attr("value")) == "Name" ? Shape::kSingle : Shape::kOther;
  if (kind == "Starred") return shape_of(target.attr("value"));
  if (kind != "Tuple" && kind != "List") return Shape::kOther;
  const py::list elements = target.attr("elts");
  if (elements.empty()) return Shape::kOther;
  Shape shape = Shape::kNames;
  for (const py::handle element : elements) {
    const Shape part = shape_of(element);
    if (part == Shape::kOther) return Shape::kOther;
    const bool plain_name = part == Shape::kSingle && node_kind(element) != "Attribute";
    const bool starred_attribute = node_kind(element) == "Starred" && node_kind(element.attr("value")) == "Attribute";
    if (starred_attribute || (!plain_name && part != Shape::kNames)) shape = Shape::kMixed;
  }
  return shape;
}

bool is_empty_display(py::handle expression) {
  const std::string_view kind = node_kind(expression);
  if (kind == "List") return py::list(expression.attr("elts")).empty();
  return kind == "Dict" && py::list(expression.attr("values")).empty();
}

bool is_suite_of_nothing(const py::list& body) {
  return std::all_of(body.begin(), body.end(), [](py::handle statement) {
    const std::string_view kind = node_kind(statement);
    if (kind == "Pass") return true;
    if (kind != "Expr" && kind != "Return") return false;
    const py::object value = statement.attr("value");
    if (value.is_none()) return true;
    return node_kind(value) == "Constant" && (kind == "Expr" || value.attr("value").is_none());
  });
}

class StatementObserver {
 public:
  explicit StatementObserver(const std::vector<std::string>& lines)
      : ast_(py::module_::import("ast")), statement_type_(ast_.attr("stmt")), lines_(lines) {}

  void observe_suites(py::handle node);
  std::vector<SitePlan> take_sites() { return std::move(sites_); }

 private:
  py::list observe_suite(const py::list& suite);
  void observe_expression(py::handle statement);
  void observe_named(py::handle node);
  void observe_assignment(py::handle statement, const py::list& targets, py::list& out);
  void observe_augmented(py::handle statement, py::list& out);

  py::object recorded(py::handle statement, KeepRule rule, const py::object& value, py::handle place);
  py::object recorded_after(py::handle statement, KeepRule rule, const py::object& value);
  py::object loaded(py::handle target) const;
  std::string source_of(py::handle node) const;

  py::module_ ast_;
  py::object statement_type_;
  const std::vector<std::string>& lines_;
  std::vector<SitePlan> sites_;
};

// Whatever holds statements has them in a list field: body, orelse, finalbody; handlers and cases hold such holders.
void StatementObserver::observe_suites(py::handle node) {
  for (const py::handle field : node.attr("_fields")) {
    const py::object value = py::getattr(node, field, py::none());
    if (!PyList_CheckExact(value.ptr())) continue;
    const auto items = py::reinterpret_borrow<py::list>(value);
    if (items.empty()) continue;
    const py::object first = items[0];
    if (py::isinstance(first, statement_type_)) {
      py::setattr(node, field, observe_suite(items));
    } else if (is_one_of(node_kind(first), {"ExceptHandler", "match_case"})) {
      for (const py::handle item : items) observe_suites(item);
    }
  }
}

py::list StatementObserver::observe_suite(const py::list& suite) {
  py::list out;
  for (const py::handle statement : suite) {
    out.append(statement);
    const std::string_view kind = node_kind(statement);
    if (kind == "Expr") {
      observe_expression(statement);
    } else if (kind == "Assign") {
      observe_assignment(statement, statement.attr("targets"), out);
    } else if (kind == "AnnAssign") {
      py::list targets;
      targets.append(statement.attr("target"));
      if (!statement.attr("value").is_none()) observe_assignment(statement, targets, out);
    } else if (kind == "AugAssign") {
      observe_augmented(statement, out);
    } else if (!is_one_of(kind, {"FunctionDef", "AsyncFunctionDef", "ClassDef"})) {
      observe_named(statement);
      observe_suites(statement);
    }
  }
  return out;
}

void StatementObserver::observe_expression(py::handle statement) {
  const py::object value = statement.attr("value");
  if (is_one_of(node_kind(value), {"Yield", "YieldFrom", "Await"})) return;
  if (work_of(value) == Work::kNothing) return;
  statement.attr("value") = recorded(statement, KeepRule::kAnything, value, value);
}

// Assignment expressions in a statement's own expressions, not in the statements below it.
void StatementObserver::observe_named(py::handle node) {
  for_each_child(node, [&](py::handle child) {
    if (py::isinstance(child, statement_type_)) return;
    const std::string_view kind = node_kind(child);
    if (is_one_of(kind, {"Lambda", "ListComp", "SetComp", "DictComp", "GeneratorExp", "ExceptHandler", "match_case"})) {
      return;
    }
    observe_named(child);
    if (kind != "NamedExpr") return;
    const py::object value = child.attr("value");
    const Work work = work_of(value);
    if (work == Work::kNothing) return;
    child.attr("value") =
        recorded(child, work == Work::kMuch ? KeepRule::kAnything : KeepRule::kNotPlain, value, value);
  });
}

void StatementObserver::observe_assignment(py::handle statement, const py::list& targets, py::list& out) {
  const py::object value = statement.attr("value");
  const Work work = work_of(value);
  const bool to_be_filled = is_empty_display(value);
  if (work == Work::kNothing && !to_be_filled) return;
  const KeepRule rule = to_be_filled          ? KeepRule::kFilled
                        : work == Work::kMuch ? KeepRule::kAnything
                                              : KeepRule::kNotPlain;
  py::object names;
  bool single = false;
  bool mixed = false;
  for (const py::handle target : targets) {
    const Shape shape = shape_of(target);
    single |= shape == Shape::kSingle;
    mixed |= shape == Shape::kMixed;
    if (shape == Shape::kNames && !names) names = py::reinterpret_borrow<py::object>(target);
  }
  if (single) {
    statement.attr("value") = recorded(statement, rule, value, value);
  } else if (names) {
    out.append(recorded_after(statement, rule, loaded(names)));
  } else if (mixed) {
    const KeepRule unpacked = work == Work::kMuch ? KeepRule::kNotIterator : KeepRule::kNotPlain;
    statement.attr("value") = recorded(statement, unpacked, value, value);
  }
}

void StatementObserver::observe_augmented(py::handle statement, py::list& out) {
  const py::object target = statement.attr("target");
  if (node_kind(target) != "Name") return;
  const bool much = work_of(statement.attr("value")) == Work::kMuch;
  out.append(recorded_after(statement, much ? KeepRule::kAnything : KeepRule::kNotPlain, loaded(target)));
}

py::object StatementObserver::recorded(py::handle statement, KeepRule rule, const py::object& value, py::handle place) {
  py::list arguments;
  arguments.append(value);
  const py::object recorder = ast_.attr("Constant")(placeholder(sites_.size()));
  const py::object call = ast_.attr("Call")(recorder, arguments, py::list());
  ast_.attr("copy_location")(call, place);
  ast_.attr("copy_location")(recorder, place);
  sites_.push_back({rule, source_of(statement)});
  return call;
}

py::object StatementObserver::recorded_after(py::handle statement, KeepRule rule, const py::object& value) {
  const py::object after = ast_.attr("Expr")(recorded(statement, rule, value, statement));
  ast_.attr("copy_location")(after, statement);
  ast_.attr("fix_missing_locations")(after);
  return after;
}

py::object StatementObserver::loaded(py::handle target) const {
  const std::string_view kind = node_kind(target);
  if (kind == "Starred") return loaded(target.attr("value"));
  if (kind == "Name") return ast_.attr("Name")(target.attr("id"), ast_.attr("Load")());
  py::list elements;
  for (const py::handle element : target.attr("elts")) elements.append(loaded(element));
  return ast_.attr("Tuple")(elements, ast_.attr("Load")());
}

std::string StatementObserver::source_of(py::handle node) const {
  const auto number = [&](const char* name) { return node.attr(name).cast<std::size_t>(); };
  const std::size_t first = number("lineno");
  const std::size_t last = number("end_lineno");
  std::string text;
  for (std::size_t line = first; line <= last && line <= lines_.size(); ++line) {
    const std::string_view whole = lines_[line - 1];
    const std::size_t begin = std::min(line == first ? number("col_offset") : 0, whole.size());
    const std::size_t end = line == last ? number("end_col_offset") : whole.size();
    for (const char c : whole.substr(begin, end - begin)) {
      const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
      if (!space) text += c;
      if (space && !text.empty() && text.back() != ' ') text += ' ';
    }
    if (text.size() > kMaxSourceBytes) break;
  }
  if (text.size() <= kMaxSourceBytes) return text;
  std::size_t cut = kMaxSourceBytes - 3;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
  return text.substr(0, cut) + "...";
}

}  // namespace

std::string placeholder(std::size_t index) {
  using namespace std::string_literals;
  return "\0snapshot_test site "s + std::to_string(index);
}

std::string_view node_kind(py::handle node) {
  const std::string_view name = Py_TYPE(node.ptr())->tp_name;
  return name.substr(name.rfind('.') + 1);
}

BodyPlan observe_statements(py::handle function, const std::vector<std::string>& lines) {
  BodyPlan plan;
  plan.does_nothing = is_suite_of_nothing(function.attr("body"));
  StatementObserver observer(lines);
  // Only the body: decorators and defaults belong to the definition.
  function.attr("body") = [&] {
    const py::object holder = py::module_::import("ast").attr("Module")(function.attr("body"), py::list());
    observer.observe_suites(holder);
    return py::object(holder.attr("body"));
  }();
  plan.sites = observer.take_sites();
  return plan;
}

}  // namespace snapshot_test::host::trace
