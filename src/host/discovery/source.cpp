#include "host/discovery/source.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace snapshot_test::host::discovery {
namespace {

/// inspect.unwrap, then the function of a method. A chain of wrappers that never ends is cut short.
py::object innermost(py::object callable) {
  constexpr int kMostWrappers = 1000;
  for (int i = 0; i < kMostWrappers; ++i) {
    py::object wrapped = attribute_or_none(callable, "__wrapped__");
    if (wrapped.is_none()) {
      break;
    }
    callable = std::move(wrapped);
  }
  return is_method(callable) ? py::object(callable.attr("__func__")) : callable;
}

py::object code_object(const py::object& callable) {
  const py::object function = innermost(callable);
  return is_function(function) ? py::object(function.attr("__code__")) : py::object(py::none());
}

/// The class that ASV puts above a method's source.
std::string class_of_method(const py::object& item) {
  if (!is_method(item)) {
    return "";
  }
  const py::object klass = attribute_or_none(item, "im_class");
  if (!klass.is_none()) {
    return utf8(klass.attr("__name__"));
  }
  const py::object qualname = attribute_or_none(item, "__qualname__");
  if (qualname.is_none()) {
    return "";
  }
  const std::string name = utf8(qualname);
  const std::size_t last = name.rfind('.');
  if (last == std::string::npos) {
    return "";
  }
  const std::size_t before = last == 0 ? std::string::npos : name.rfind('.', last - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return name.substr(begin, last - begin);
}

std::string indent_after_newlines(const std::string& text) {
  std::string indented;
  indented.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    indented += c;
    if (c == '\n') {
      indented += "    ";
    }
  }
  return indented;
}

bool is_mark_wrapper(const py::object& function) {
  const py::object globals = attribute_or_none(function, "__globals__");
  if (!py::isinstance<py::dict>(globals)) {
    return false;
  }
  const py::object name = globals.attr("get")("__name__", py::none());
  return py::isinstance<py::str>(name) && utf8(name) == "asv_runner.benchmarks.mark";
}

bool is_idle_instruction(const py::handle instruction) {
  static constexpr std::array<std::string_view, 5> kSilent{"RESUME", "NOP", "CACHE", "RETURN_VALUE", "COPY_FREE_VARS"};
  const std::string name = utf8(instruction.attr("opname"));
  if (name == "LOAD_CONST" || name == "RETURN_CONST") {
    return instruction.attr("argval").is_none();
  }
  for (const std::string_view silent : kSilent) {
    if (name == silent) {
      return true;
    }
  }
  return false;
}

}  // namespace

SourceReader::SourceReader()
    : getsourcelines_(py::module_::import("inspect").attr("getsourcelines")),
      dedent_(py::module_::import("textwrap").attr("dedent")),
      sha256_(py::module_::import("hashlib").attr("sha256")) {}

FunctionSource SourceReader::read_uncached(const py::object& callable) const {
  FunctionSource source;
  try {
    const py::tuple found = getsourcelines_(callable);
    py::list stripped;
    for (const py::handle line : found[0]) {
      stripped.append(line.attr("rstrip")());
    }
    source.first_line = found[1].cast<int>();
    source.text = utf8(dedent_(py::str("\n").attr("join")(stripped)));
  } catch (const py::error_already_set&) {
    // No source: made by exec, written in C, or the file is gone. ASV leaves out some of these and stops at others.
  }
  return source;
}

FunctionSource SourceReader::read(const py::object& callable) {
  const py::object code = code_object(callable);
  if (code.is_none()) {
    return read_uncached(callable);
  }
  const auto found = by_code_.find(code.ptr());
  if (found != by_code_.end()) {
    return found->second.source;
  }
  return by_code_.emplace(code.ptr(), Entry{code, read_uncached(callable)}).first->second.source;
}

std::string SourceReader::file(const py::object& callable) {
  const py::object code = code_object(callable);
  return code.is_none() ? "" : utf8(code.attr("co_filename"));
}

std::string SourceReader::text_of(const py::object& item) {
  const py::object own = attribute_or_none(item, "pretty_source");
  if (own.is_none()) {
    return read(item).text;
  }
  return utf8(dedent_(own).attr("lstrip")());
}

std::string SourceReader::code(const std::vector<py::object>& items) {
  std::string joined;
  std::string previous_class;
  for (const py::object& item : items) {
    if (item.is_none()) {
      continue;
    }
    std::string text = text_of(item);
    if (text.empty()) {
      continue;
    }
    const std::string klass = class_of_method(item);
    if (!klass.empty()) {
      text = (klass == previous_class ? "    " : fmt::format("class {}:\n    ", klass)) + indent_after_newlines(text);
    }
    joined += (joined.empty() ? "" : "\n\n") + text;
    previous_class = klass;
  }
  return utf8(py::str(joined).attr("rstrip")());
}

std::string SourceReader::setup_cache_key(const py::object& setup_cache) const {
  const py::module_ inspect = py::module_::import("inspect");
  const std::string module = utf8(inspect.attr("getmodule")(setup_cache).attr("__name__"));
  const std::size_t dot = module.find('.');
  const std::string where =
      dot == std::string::npos ? utf8(inspect.attr("getsourcefile")(setup_cache)) : module.substr(dot + 1);
  const py::tuple lines = getsourcelines_(setup_cache);
  return fmt::format("{}:{}", where, lines[1].cast<int>());
}

std::string SourceReader::sha256(const std::string& text) const {
  return utf8(sha256_(py::bytes(text)).attr("hexdigest")());
}

py::object plain_function(const py::object& callable) {
  py::object function = is_method(callable) ? py::object(callable.attr("__func__")) : callable;
  while (is_function(function) && is_mark_wrapper(function)) {
    py::object wrapped = attribute_or_none(function, "__wrapped__");
    if (!is_function(wrapped)) {
      break;
    }
    function = std::move(wrapped);
  }
  return is_function(function) ? function : py::object(py::none());
}

bool does_nothing(const py::object& callable) {
  const py::object function = plain_function(callable);
  if (function.is_none()) {
    return false;
  }
  const py::object code = function.attr("__code__");
  constexpr int kGeneratorOrCoroutine = 0x20 | 0x80 | 0x200;  // CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR
  if ((code.attr("co_flags").cast<int>() & kGeneratorOrCoroutine) != 0) {
    return false;
  }
  constexpr std::size_t kLongestIdleCode = 64;  // bytes; a body that does nothing needs fewer than ten
  if (py::len(code.attr("co_code")) > kLongestIdleCode) {
    return false;
  }
  for (const py::handle instruction : py::module_::import("dis").attr("get_instructions")(code)) {
    if (!is_idle_instruction(instruction)) {
      return false;
    }
  }
  return true;
}

}  // namespace snapshot_test::host::discovery
