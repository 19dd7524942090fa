#include "pickle/names.hpp"

#include <algorithm>
#include <array>

namespace snapshot_test::pickle {
namespace {

struct Renamed {
  Global then;  ///< without a name: every name of that module
  Global now;   ///< without a name: the same
};

// The part of Python's own table (Lib/_compat_pickle.py) that values are made of.
constexpr std::array<Renamed, 22> kSincePython2 = {{
    {{"__builtin__", "basestring"}, {"builtins", "str"}},
    {{"__builtin__", "intern"}, {"sys", "intern"}},
    {{"__builtin__", "long"}, {"builtins", "int"}},
    {{"__builtin__", "reduce"}, {"functools", "reduce"}},
    {{"__builtin__", "unichr"}, {"builtins", "chr"}},
    {{"__builtin__", "unicode"}, {"builtins", "str"}},
    {{"__builtin__", "xrange"}, {"builtins", "range"}},
    {{"__builtin__", ""}, {"builtins", ""}},
    {{"copy_reg", ""}, {"copyreg", ""}},
    {{"exceptions", "StandardError"}, {"builtins", "Exception"}},
    {{"exceptions", ""}, {"builtins", ""}},
    {{"itertools", "ifilter"}, {"builtins", "filter"}},
    {{"itertools", "ifilterfalse"}, {"itertools", "filterfalse"}},
    {{"itertools", "imap"}, {"builtins", "map"}},
    {{"itertools", "izip"}, {"builtins", "zip"}},
    {{"itertools", "izip_longest"}, {"itertools", "zip_longest"}},
    {{"UserDict", "IterableUserDict"}, {"collections", "UserDict"}},
    {{"UserDict", ""}, {"collections", ""}},
    {{"UserList", ""}, {"collections", ""}},
    {{"UserString", ""}, {"collections", ""}},
    {{"StringIO", ""}, {"io", ""}},
    {{"cStringIO", ""}, {"io", ""}},
}};

// numpy 2 and Python 3.13 against what came before; numpy.core is below.
constexpr std::array<Renamed, 13> kSinceThen = {{
    {{"numpy", "bool_"}, {"numpy", "bool"}},
    {{"numpy", "float128"}, {"numpy", "longdouble"}},
    {{"numpy", "float96"}, {"numpy", "longdouble"}},
    {{"numpy", "complex256"}, {"numpy", "clongdouble"}},
    {{"numpy", "complex192"}, {"numpy", "clongdouble"}},
    {{"numpy", "chararray"}, {"numpy.char", "chararray"}},
    {{"numpy.core.defchararray", "chararray"}, {"numpy.char", "chararray"}},
    {{"numpy.rec", "recarray"}, {"numpy", "recarray"}},
    {{"numpy.rec", "record"}, {"numpy", "record"}},
    {{"numpy.matrixlib.defmatrix", "matrix"}, {"numpy", "matrix"}},
    {{"numpy.ma.core", "MaskedArray"}, {"numpy.ma", "MaskedArray"}},
    {{"numpy.random.mtrand", "__randomstate_ctor"}, {"numpy.random._pickle", "__randomstate_ctor"}},
    {{"pathlib._local", ""}, {"pathlib", ""}},
}};

template <std::size_t kSize>
const Renamed* find(const std::array<Renamed, kSize>& table, const Global& written) {
  const auto* const found = std::find_if(table.begin(), table.end(), [&written](const Renamed& entry) {
    return entry.then.module == written.module && (entry.then.name.empty() || entry.then.name == written.name);
  });
  return found == table.end() ? nullptr : &*found;
}

Global renamed(const Renamed& entry, const Global& written) {
  return {entry.now.module, entry.now.name.empty() ? written.name : entry.now.name};
}

// numpy.core and all below it are numpy._core today.
std::string_view todays_numpy(std::string_view module, Arena& arena) {
  constexpr std::string_view kOld = "numpy.core";
  constexpr std::string_view kNew = "numpy._core";
  constexpr std::size_t kLongestModule = 100;
  if (module.size() > kLongestModule || !module.starts_with(kOld)) return module;
  const std::string_view rest = module.substr(kOld.size());
  if (!rest.empty() && rest.front() != '.') return module;
  char* text = arena.array<char>(kNew.size() + rest.size());
  std::copy(rest.begin(), rest.end(), std::copy(kNew.begin(), kNew.end(), text));
  return {text, kNew.size() + rest.size()};
}

}  // namespace

Global todays_name(Global written, Era era, Arena& arena) {
  if (era == Era::kPython2) {
    if (const Renamed* entry = find(kSincePython2, written)) return renamed(*entry, written);
  }
  if (!written.module.starts_with("numpy") && !written.module.starts_with("pathlib")) return written;
  if (const Renamed* entry = find(kSinceThen, written)) return renamed(*entry, written);
  return {todays_numpy(written.module, arena), written.name};
}

}  // namespace snapshot_test::pickle
