#include "host/trace/body_statements.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

constexpr std::size_t kMaxSourceBytes = 80;

/// How much a right-hand side does.
enum class Work {
  kNothing,    ///< constants, names, displays of them
  kFetch,      ///< attributes: most are just there
  kOperators,  ///< of names or attributes: a result, or a step on the way to one
  kMuch,       ///< calls, subscripts, comprehensions
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
  if (found.oper && found.name) return Work::kOperators;
  return found.attribute ? Work::kFetch : Work::kNothing;
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

/// The name that is called: of `f(x)` and `a.b.f(x)` it is f. Empty for what has none.
std::string called_name(py::handle call) {
  const py::object function = call.attr("func");
  const std::string_view kind = node_kind(function);
  if (kind == "Name") return function.attr("id").cast<std::string>();
  return kind == "Attribute" ? function.attr("attr").cast<std::string>() : "";
}

/// Makes room that is filled afterwards.
bool allocates(py::handle expression) {
  return node_kind(expression) == "Call" &&
         is_one_of(called_name(expression),
                   {"empty", "empty_like", "zeros", "zeros_like", "ones", "ones_like", "full", "full_like", "ndarray",
                    "bytearray", "list", "dict", "set", "deque", "defaultdict", "OrderedDict"});
}

bool computes_items(py::handle iterable);

bool any_computes_items(const py::object& expressions) {
  return std::any_of(expressions.begin(), expressions.end(), [](py::handle each) { return computes_items(each); });
}

/// Is what the call gives the items of its arguments, put together in another way? Ranges have none. A method of that
/// name is something else.
bool hands_items_on(py::handle call) {
  const py::object function = call.attr("func");
  if (node_kind(function) == "Attribute") {
    const py::object owner = function.attr("value");
    if (node_kind(owner) != "Name") return false;
    if (!is_one_of(owner.attr("id").cast<std::string>(), {"itertools", "it", "builtins", "np", "numpy"})) return false;
  }
  return is_one_of(called_name(call),
                   {"enumerate",    "zip",     "reversed",    "iter",        "sorted",
                    "list",         "tuple",   "set",         "frozenset",   "islice",
                    "chain",        "product", "repeat",      "cycle",       "permutations",
                    "combinations", "tee",     "zip_longest", "pairwise",    "combinations_with_replacement",
                    "tqdm",         "trange",  "range",       "prange",      "arange",
                    "linspace",     "ndindex", "count",       "ndenumerate", "xrange"});
}

/// Has the iteration something to show that is computed, as opposed to given: range(n), a name, a literal, the items of
/// a dict that is there? As far as the source says.
bool computes_items(py::handle iterable) {
  const std::string_view kind = node_kind(iterable);
  if (is_one_of(kind, {"ListComp", "SetComp", "DictComp", "GeneratorExp"})) return true;
  if (is_one_of(kind, {"Subscript", "Starred", "NamedExpr"})) return computes_items(iterable.attr("value"));
  if (kind == "IfExp") return computes_items(iterable.attr("body")) || computes_items(iterable.attr("orelse"));
  if (kind == "BoolOp") return any_computes_items(iterable.attr("values"));
  if (kind != "Call") return false;
  const std::string name = called_name(iterable);
  if (is_one_of(name, {"items", "keys", "values", "copy", "tolist"}) &&
      node_kind(iterable.attr("func")) == "Attribute") {
    return computes_items(iterable.attr("func").attr("value"));
  }
  return hands_items_on(iterable) ? any_computes_items(iterable.attr("args")) : true;
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

/// What comes after a statement: anything that could write into what it computed?
enum class Follows { kNothing, kSomething };

bool does_something(py::handle statement) {
  const std::string_view kind = node_kind(statement);
  if (kind == "Pass") return false;
  if (kind != "Return" && kind != "Expr") return true;
  const py::object value = statement.attr("value");
  return !value.is_none() && work_of(value) != Work::kNothing;
}

class StatementObserver {
 public:
  StatementObserver(py::handle function, const std::vector<std::string>& lines)
      : ast_(py::module_::import("ast")), statement_type_(ast_.attr("stmt")), lines_(lines) {
    find_names_read(function);
  }

  void observe_suites(py::handle node, Follows follows);
  void take_sites(BodyPlan& plan);

 private:
  py::list observe_suite(const py::list& suite, Follows follows);
  void observe_statement(py::handle statement, Follows follows, py::list& out);
  void observe_nested(py::handle statement, Follows follows);
  void observe_expression(py::handle statement);
  void observe_named(py::handle node);
  void observe_assignment(py::handle statement, const py::list& targets, py::list& out);
  void observe_augmented(py::handle statement, py::list& out);
  void observe_entered(py::handle with);
  void observe_iterations(py::handle node);
  void observe_loop(py::handle loop);
  py::object observed_items(const py::object& iterable, const std::string& source);
  void observe_consumed(py::handle call);
  py::object counted(const py::object& value);

  void find_names_read(py::handle node);
  [[nodiscard]] bool is_read(py::handle target) const;
  [[nodiscard]] SiteRule rule_for(KeepRule keep, Look look) const;
  py::object recorded(py::handle statement, const SiteRule& rule, const py::object& value, py::handle place);
  py::object recorded_after(py::handle statement, const SiteRule& rule, const py::object& value);
  py::object passed(const py::object& iterable, Passing passing, std::string source);
  py::object call_of(const std::string& name, const py::object& value, py::handle place) const;
  py::object loaded(py::handle target) const;
  std::string source_of(py::handle node) const { return source_between(node, node); }
  std::string source_between(py::handle first_node, py::handle last_node) const;

  py::module_ ast_;
  py::object statement_type_;
  const std::vector<std::string>& lines_;
  std::set<std::string> names_read_;  ///< somewhere in the function
  std::vector<SitePlan> sites_;
  std::vector<SitePlan> iterations_;
  int loops_ = 0;                          ///< that the statement is in
  Follows follows_ = Follows::kSomething;  ///< of the statement
};

void StatementObserver::take_sites(BodyPlan& plan) {
  plan.statements = sites_.size();
  plan.sites = std::move(sites_);
  std::move(iterations_.begin(), iterations_.end(), std::back_inserter(plan.sites));
}

// Whatever holds statements has them in a list field: body, orelse, finalbody; handlers and cases hold such holders.
void StatementObserver::observe_suites(py::handle node, Follows follows) {
  const bool is_loop = is_one_of(node_kind(node), {"For", "AsyncFor", "While"});
  for (const py::handle field : node.attr("_fields")) {
    const py::object value = py::getattr(node, field, py::none());
    if (!PyList_CheckExact(value.ptr())) continue;
    const auto items = py::reinterpret_borrow<py::list>(value);
    if (items.empty()) continue;
    const py::object first = items[0];
    const bool repeats = is_loop && field.cast<std::string>() == "body";
    loops_ += repeats ? 1 : 0;
    if (py::isinstance(first, statement_type_)) {
      py::setattr(node, field, observe_suite(items, follows));
    } else if (is_one_of(node_kind(first), {"ExceptHandler", "match_case"})) {
      for (const py::handle item : items) observe_suites(item, follows);
    }
    loops_ -= repeats ? 1 : 0;
  }
}

py::list StatementObserver::observe_suite(const py::list& suite, Follows follows) {
  std::size_t last = suite.size();
  while (last > 0 && !does_something(suite[last - 1])) --last;
  py::list out;
  for (std::size_t i = 0; i < suite.size(); ++i) {
    const py::object statement = suite[i];
    out.append(statement);
    observe_statement(statement, i + 1 < last ? Follows::kSomething : follows, out);
  }
  return out;
}

void StatementObserver::observe_statement(py::handle statement, Follows follows, py::list& out) {
  follows_ = loops_ > 0 ? Follows::kSomething : follows;
  const std::string_view kind = node_kind(statement);
  if (is_one_of(kind, {"FunctionDef", "AsyncFunctionDef", "ClassDef"})) return;
  observe_iterations(statement);
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
  } else {
    observe_nested(statement, follows);
  }
}

// After an `if` or a `with` comes what comes after its last statement; whatever else holds statements may go on with
// another of its own.
void StatementObserver::observe_nested(py::handle statement, Follows follows) {
  const std::string_view kind = node_kind(statement);
  // A loop's condition is looked at in every round.
  loops_ += kind == "While" ? 1 : 0;
  observe_named(statement);
  loops_ -= kind == "While" ? 1 : 0;
  observe_suites(statement, is_one_of(kind, {"If", "With"}) ? follows : Follows::kSomething);
  if (kind == "With") observe_entered(statement);
}

void StatementObserver::find_names_read(py::handle node) {
  if (node_kind(node) == "Name" && node_kind(node.attr("ctx")) == "Load") {
    names_read_.insert(node.attr("id").cast<std::string>());
  }
  for_each_child(node, [&](py::handle child) { find_names_read(child); });
}

/// Does the function read what is assigned to? An attribute may be read by anybody.
bool StatementObserver::is_read(py::handle target) const {
  const std::string_view kind = node_kind(target);
  if (kind == "Name") return names_read_.contains(target.attr("id").cast<std::string>());
  if (kind == "Starred") return is_read(target.attr("value"));
  if (kind != "Tuple" && kind != "List") return true;
  const py::list elements = target.attr("elts");
  return std::any_of(elements.begin(), elements.end(), [&](py::handle element) { return is_read(element); });
}

SiteRule StatementObserver::rule_for(KeepRule keep, Look look) const {
  const bool repeated = loops_ > 0;
  return {keep, repeated || follows_ == Follows::kSomething ? look : Look::kLater, repeated, Passing::kNo};
}

void StatementObserver::observe_expression(py::handle statement) {
  const py::object value = statement.attr("value");
  if (is_one_of(node_kind(value), {"Yield", "YieldFrom", "Await"})) return;
  if (work_of(value) == Work::kNothing) return;
  statement.attr("value") = recorded(statement, rule_for(KeepRule::kAnything, Look::kAtOnce), value, value);
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
    const KeepRule keep = work == Work::kMuch ? KeepRule::kAnything : KeepRule::kNotPlain;
    child.attr("value") = recorded(child, rule_for(keep, Look::kTwice), value, value);
  });
}

void StatementObserver::observe_assignment(py::handle statement, const py::list& targets, py::list& out) {
  const py::object value = statement.attr("value");
  const Work work = work_of(value);
  const bool to_be_filled = is_empty_display(value);
  if (work == Work::kNothing && !to_be_filled) return;
  // `m = n // 2` prepares what reads m. Where nothing does, as with `result = n + n`, the value is what the statement
  // is for, be it a plain number.
  const bool for_itself = work == Work::kOperators && std::none_of(targets.begin(), targets.end(),
                                                                   [&](py::handle target) { return is_read(target); });
  const KeepRule keep = to_be_filled                        ? KeepRule::kFilled
                        : work == Work::kMuch || for_itself ? KeepRule::kAnything
                                                            : KeepRule::kNotPlain;
  const Look look = to_be_filled || allocates(value) ? Look::kLater : Look::kTwice;
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
    statement.attr("value") = recorded(statement, rule_for(keep, look), value, value);
  } else if (names) {
    out.append(recorded_after(statement, rule_for(keep, look), loaded(names)));
  } else if (mixed) {
    const KeepRule unpacked = work == Work::kMuch ? KeepRule::kNotIterator : KeepRule::kNotPlain;
    statement.attr("value") = recorded(statement, rule_for(unpacked, look), value, value);
  }
}

void StatementObserver::observe_augmented(py::handle statement, py::list& out) {
  const py::object target = statement.attr("target");
  if (node_kind(target) != "Name") return;
  const bool much = work_of(statement.attr("value")) == Work::kMuch || !is_read(target);
  const SiteRule rule = rule_for(much ? KeepRule::kAnything : KeepRule::kNotPlain, Look::kTwice);
  out.append(recorded_after(statement, rule, loaded(target)));
}

// `with f() as x`: x, once it is there.
void StatementObserver::observe_entered(py::handle with) {
  py::list entered;
  for (const py::handle item : with.attr("items")) {
    const py::object target = item.attr("optional_vars");
    if (target.is_none() || node_kind(item.attr("context_expr")) != "Call") continue;
    const Shape shape = shape_of(target);
    if (node_kind(target) != "Name" && shape != Shape::kNames) continue;
    const SiteRule rule{KeepRule::kNotPlain, Look::kLater, loops_ > 0, Passing::kNo};
    iterations_.push_back({rule, source_between(with, target), true});
    const std::string name = placeholder(SiteGroup::kIteration, iterations_.size() - 1);
    const py::object record = ast_.attr("Expr")(call_of(name, loaded(target), target));
    ast_.attr("copy_location")(record, target);
    ast_.attr("fix_missing_locations")(record);
    entered.append(record);
  }
  entered += with.attr("body");
  with.attr("body") = entered;
}

// What a statement iterates over in its own expressions, not in the statements below it.
void StatementObserver::observe_iterations(py::handle node) {
  for_each_child(node, [&](py::handle child) {
    if (py::isinstance(child, statement_type_)) return;
    const std::string_view kind = node_kind(child);
    if (is_one_of(kind, {"Lambda", "ExceptHandler", "match_case"})) return;
    observe_iterations(child);
    if (kind == "comprehension" && child.attr("is_async").cast<int>() == 0) observe_loop(child);
    if (kind == "Call") observe_consumed(child);
  });
  if (node_kind(node) == "For") observe_loop(node);
}

// A loop, or a comprehension's `for`.
void StatementObserver::observe_loop(py::handle loop) {
  const py::object iterable = loop.attr("iter");
  const std::string source = source_between(node_kind(loop) == "For" ? loop : loop.attr("target"), iterable);
  loop.attr("iter") = observed_items(iterable, source);
}

// What is given may be an iterator all the same: only the run can tell.
py::object StatementObserver::observed_items(const py::object& iterable, const std::string& source) {
  if (computes_items(iterable)) return passed(iterable, Passing::kItems, source);
  const std::string_view kind = node_kind(iterable);
  if (is_one_of(kind, {"Name", "Attribute"})) return passed(iterable, Passing::kIterators, source);
  if (kind == "Call" && hands_items_on(iterable)) {
    const py::list arguments = iterable.attr("args");
    for (std::size_t i = 0; i < arguments.size(); ++i) arguments[i] = observed_items(arguments[i], source);
  }
  return iterable;
}

// What C code uses up, and shows too little of in what it returns.
void StatementObserver::observe_consumed(py::handle call) {
  const py::list arguments = call.attr("args");
  const std::string name = called_name(call);
  const bool built_in = node_kind(call.attr("func")) == "Name" || name == "deque";
  if (!built_in || arguments.empty() || !is_one_of(name, {"deque", "any", "all", "sum", "min", "max", "len"})) return;
  if (name == "len") {
    const py::object inner = arguments[0];
    if (node_kind(inner) == "Call" && is_one_of(called_name(inner), {"list", "tuple", "set", "frozenset"})) {
      const py::list inner_arguments = inner.attr("args");
      if (inner_arguments.size() == 1 && computes_items(inner_arguments[0])) {
        inner_arguments[0] = passed(inner_arguments[0], Passing::kIterators, source_of(call));
      }
    } else if (work_of(inner) == Work::kMuch) {
      arguments[0] = counted(inner);
    }
    return;
  }
  const py::object first = arguments[0];
  if (node_kind(first) == "Starred" || (!computes_items(first) && node_kind(first) != "Name")) return;
  if (arguments.size() == 1 || name == "deque" || name == "sum") {
    arguments[0] = passed(first, Passing::kIterators, source_of(call));
  }
}

py::object StatementObserver::call_of(const std::string& name, const py::object& value, py::handle place) const {
  py::list arguments;
  arguments.append(value);
  const py::object recorder = ast_.attr("Constant")(name);
  const py::object call = ast_.attr("Call")(recorder, arguments, py::list());
  ast_.attr("copy_location")(call, place);
  ast_.attr("copy_location")(recorder, place);
  return call;
}

py::object StatementObserver::passed(const py::object& iterable, Passing passing, std::string source) {
  const SiteRule rule{KeepRule::kAnything, Look::kAtOnce, true, passing};
  iterations_.push_back({rule, std::move(source), false});
  return call_of(placeholder(SiteGroup::kIteration, iterations_.size() - 1), iterable, iterable);
}

// What only its length is taken of.
py::object StatementObserver::counted(const py::object& value) {
  const SiteRule rule{KeepRule::kAnything, Look::kLater, loops_ > 0, Passing::kNo};
  iterations_.push_back({rule, source_of(value), false});
  return call_of(placeholder(SiteGroup::kIteration, iterations_.size() - 1), value, value);
}

py::object StatementObserver::recorded(py::handle statement, const SiteRule& rule, const py::object& value,
                                       py::handle place) {
  sites_.push_back({rule, source_of(statement), false});
  return call_of(placeholder(SiteGroup::kStatement, sites_.size() - 1), value, place);
}

py::object StatementObserver::recorded_after(py::handle statement, const SiteRule& rule, const py::object& value) {
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

// From where the one begins to where the other ends.
std::string StatementObserver::source_between(py::handle first_node, py::handle last_node) const {
  const auto number = [](py::handle node, const char* name) { return node.attr(name).cast<std::size_t>(); };
  const std::size_t first = number(first_node, "lineno");
  const std::size_t last = number(last_node, "end_lineno");
  std::string text;
  for (std::size_t line = first; line <= last && line <= lines_.size(); ++line) {
    const std::string_view whole = lines_[line - 1];
    const std::size_t begin = std::min(line == first ? number(first_node, "col_offset") : 0, whole.size());
    const std::size_t end = line == last ? number(last_node, "end_col_offset") : whole.size();
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

std::string placeholder(SiteGroup group, std::size_t index) {
  using namespace std::string_literals;
  return (group == SiteGroup::kStatement ? "\0snapshot_test site "s : "\0snapshot_test iteration "s) +
         std::to_string(index);
}

std::string_view node_kind(py::handle node) {
  const std::string_view name = Py_TYPE(node.ptr())->tp_name;
  return name.substr(name.rfind('.') + 1);
}

BodyPlan observe_statements(py::handle function, const std::vector<std::string>& lines) {
  BodyPlan plan;
  plan.does_nothing = is_suite_of_nothing(function.attr("body"));
  StatementObserver observer(function, lines);
  // Only the body: decorators and defaults belong to the definition.
  function.attr("body") = [&] {
    const py::object holder = py::module_::import("ast").attr("Module")(function.attr("body"), py::list());
    observer.observe_suites(holder, Follows::kNothing);
    return py::object(holder.attr("body"));
  }();
  observer.take_sites(plan);
  return plan;
}

}  // namespace snapshot_test::host::trace
