#include "host/trace/body_rewriter.hpp"

#include <fmt/format.h>

#include <utility>

#include "host/trace/body_source.hpp"

namespace snapshot_test::host::trace {
namespace py = pybind11;
namespace {

constexpr int kMaxWrappers = 100;

// The function at the bottom of methods, partials and decorators that leave a `__wrapped__`; null where there is none.
py::object innermost_function(py::handle benchmark) {
  auto callable = py::reinterpret_borrow<py::object>(benchmark);
  const py::object partial = py::module_::import("functools").attr("partial");
  for (int i = 0; i < kMaxWrappers; ++i) {
    if (PyMethod_Check(callable.ptr()) || py::isinstance<py::staticmethod>(callable) ||
        PyObject_TypeCheck(callable.ptr(), &PyClassMethod_Type)) {
      callable = callable.attr("__func__");
    } else if (py::isinstance(callable, partial)) {
      callable = callable.attr("func");
    } else if (py::hasattr(callable, "__wrapped__")) {
      callable = callable.attr("__wrapped__");
    } else {
      return PyFunction_Check(callable.ptr()) ? callable : py::object();
    }
  }
  return {};
}

// Why a function is not rewritten, as the end of a sentence; empty if nothing speaks against it.
std::string objection(const py::object& code) {
  const int flags = code.attr("co_flags").cast<int>();
  if (flags & (CO_COROUTINE | CO_ITERABLE_COROUTINE)) return "it is a coroutine";
  if (flags & (CO_GENERATOR | CO_ASYNC_GENERATOR)) return "it is a generator";
  if (code.attr("co_name").cast<std::string>() == "<lambda>") return "it is a lambda";
  return {};
}

std::string name_of(py::handle function) {
  return py::str(py::getattr(function, "__module__", py::str("?"))).cast<std::string>() + "." +
         py::str(py::getattr(function, "__qualname__", py::str("?"))).cast<std::string>();
}

tl::unexpected<Error> unsupported(std::string_view name, std::string_view reason) {
  return fail(ErrorKind::kUnsupported, fmt::format("body of {} is not observed: {}", name, reason));
}

py::list source_lines(const std::string& file, py::handle globals) {
  const py::module_ linecache = py::module_::import("linecache");
  linecache.attr("checkcache")(file);
  return linecache.attr("getlines")(file, globals);
}

using Places = std::map<std::string, std::size_t>;

Places places_of(const BodyPlan& plan) {
  Places places;
  for (std::size_t i = 0; i < plan.sites.size(); ++i) {
    const bool statement = i < plan.statements;
    places.emplace(
        statement ? placeholder(SiteGroup::kStatement, i) : placeholder(SiteGroup::kIteration, i - plan.statements), i);
  }
  return places;
}

std::optional<std::size_t> place_of(const py::object& constant, const Places& places) {
  if (!py::isinstance<py::str>(constant)) return std::nullopt;
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(constant.ptr(), &size);
  if (!text) PyErr_Clear();  // lone surrogates: not ours
  const auto place = text ? places.find(std::string(text, static_cast<std::size_t>(size))) : places.end();
  return place != places.end() ? std::optional(place->second) : std::nullopt;
}

// Puts recorders where the placeholders are, in comprehensions, too, which have code of their own. One may be missing:
// the compiler drops what can never run.
py::object with_recorders(const py::object& observing, RecordTable& table, const Places& places) {
  const py::tuple constants = observing.attr("co_consts");
  py::tuple replaced(constants.size());
  for (std::size_t i = 0; i < constants.size(); ++i) {
    py::object constant = constants[i];
    if (PyCode_Check(constant.ptr())) {
      constant = with_recorders(constant, table, places);
    } else if (const auto place = place_of(constant, places)) {
      constant = table.recorder(*place);
    }
    replaced[i] = constant;
  }
  return observing.attr("replace")(py::arg("co_consts") = replaced);
}

}  // namespace

RewrittenBody::~RewrittenBody() {
  if (function_) restore();
}

void RewrittenBody::install() {
  if (installed_) return;
  function_.attr("__code__") = observing_;
  installed_ = true;
}

void RewrittenBody::restore() noexcept {
  if (!installed_) return;
  const py::error_scope keep_error;
  // Same free variables and a code object: only memory can be lacking, and then the observing code stays, which does
  // what the original does.
  if (PyObject_SetAttrString(function_.ptr(), "__code__", original_.ptr()) != 0) PyErr_Clear();
  installed_ = false;
}

std::vector<BodyValue> RewrittenBody::take_values() {
  std::vector<BodyValue> values;
  std::vector<RecordTable::Taken> taken = table_->take();
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (!taken[i].value) continue;
    const SitePlan& site = sites_[i];
    values.push_back({static_cast<int>(i), site.source, taken[i].count, std::move(taken[i].value),
                      std::move(taken[i].last), taken[i].rounds, taken[i].unseen, site.incidental, false, false});
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (!taken[i].at_once) continue;
    values.push_back({static_cast<int>(taken.size() + i),
                      sites_[i].source + " (when it had run)",
                      taken[i].count,
                      std::move(taken[i].at_once),
                      {},
                      taken[i].rounds,
                      taken[i].unseen,
                      false,
                      true,
                      taken[i].changed});
  }
  return values;
}

BodyRewriter::BodyRewriter() = default;
BodyRewriter::~BodyRewriter() = default;

ModuleSource* BodyRewriter::source_of(const std::string& file, py::handle globals) {
  auto& source = modules_[file];
  if (!source) {
    py::list lines = source_lines(file, globals);
    if (lines.empty()) return nullptr;
    source = std::make_unique<ModuleSource>(file, std::move(lines));
  }
  return source.get();
}

void BodyRewriter::read_ahead(py::handle module) try {
  const py::object globals = module.attr("__dict__");
  (void)source_of(globals["__file__"].cast<std::string>(), globals);
} catch (const py::error_already_set&) {
  // No file, or a file that is no Python source.
} catch (const py::cast_error&) {
}

Result<RewrittenBody> BodyRewriter::prepare(py::handle benchmark) try {
  RewrittenBody body;
  body.function_ = innermost_function(benchmark);
  if (!body.function_) {
    return unsupported(py::repr(benchmark).cast<std::string>(), "it is not a function written in Python");
  }
  body.original_ = body.function_.attr("__code__");
  const std::string name = name_of(body.function_);
  if (const std::string reason = objection(body.original_); !reason.empty()) return unsupported(name, reason);

  const auto file = body.original_.attr("co_filename").cast<std::string>();
  ModuleSource* source = source_of(file, body.function_.attr("__globals__"));
  if (source == nullptr) return unsupported(name, fmt::format("its source ('{}') can't be read", file));
  auto found = source->find(body.original_);
  if (!found) {
    return unsupported(name, fmt::format("its code is not what '{}' compiles to (the file changed after it was "
                                         "imported, or a decorator replaced the code)",
                                         file));
  }
  std::vector<SiteRule> rules;
  for (const SitePlan& site : found->plan.sites) rules.push_back(site.rule);
  body.does_nothing_ = found->plan.does_nothing;
  body.table_ = RecordTable::make(rules);
  body.observing_ = with_recorders(found->observing, *body.table_, places_of(found->plan));
  body.sites_ = std::move(found->plan.sites);
  return body;
} catch (const py::error_already_set& error) {
  return fail(ErrorKind::kUnsupported, fmt::format("body is not observed: {}", error.what()));
} catch (const py::cast_error& error) {
  return fail(ErrorKind::kUnsupported, fmt::format("body is not observed: {}", error.what()));
}

}  // namespace snapshot_test::host::trace
