#include "host/execution/shared_objects.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "host/execution/reachable.hpp"
#include "host/interpreter/interpreter.hpp"
#include "host/pickling/type_names.hpp"
#include "util/text.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

/// Memory up to this size is looked at as a whole; of more than that, pieces that are evenly spread over it.
constexpr std::size_t kWhole = std::size_t{256} << 10;
constexpr std::size_t kPiece = std::size_t{4} << 10;
constexpr std::size_t kPieces = 32;
/// Of longer lists about so many items are looked at.
constexpr Py_ssize_t kMostCompared = 10'000;

class Addresses {
 public:
  void add(const void* address) {
    hash_ = (hash_ ^ reinterpret_cast<std::uintptr_t>(address)) * 0x9e3779b97f4a7c15u;
    hash_ ^= hash_ >> 29;
  }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 0x51ed270b;
};

std::uint64_t version_of(PyObject* dict) {
#if PY_VERSION_HEX < 0x030E0000
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  return reinterpret_cast<PyDictObject*>(dict)->ma_version_tag;
#pragma GCC diagnostic pop
#else
  (void)dict;
  return 0;
#endif
}

/// Of its first entries.
std::uint64_t hash_of_dict(PyObject* dict, Py_ssize_t entries) {
  Addresses addresses;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  for (Py_ssize_t at = 0; entries > 0 && PyDict_Next(dict, &at, &key, &value) != 0; --entries) {
    addresses.add(key);
    addresses.add(value);
  }
  return addresses.hash();
}

std::uint64_t hash_of_list(PyObject* list, Py_ssize_t size) {
  Addresses addresses;
  const Py_ssize_t step = std::max<Py_ssize_t>(1, size / kMostCompared);
  for (Py_ssize_t i = 0; i < size; i += step) {
    addresses.add(PyList_GET_ITEM(list, i));
  }
  return addresses.hash();
}

std::uint64_t hash_of_set(PyObject* set) {
  Addresses addresses;
  const auto* table = reinterpret_cast<const PySetObject*>(set);
  for (Py_ssize_t i = 0; i <= table->mask; ++i) {
    if (table->table[i].key != nullptr) {
      addresses.add(table->table[i].key);
    }
  }
  return addresses.hash();
}

std::uint64_t hash_of_instance(PyObject* object) {
  Addresses addresses;
  const visitproc visit = [](PyObject* child, void* into) {
    static_cast<Addresses*>(into)->add(child);
    return 0;
  };
  Py_TYPE(object)->tp_traverse(object, visit, &addresses);
  return addresses.hash();
}

std::uint64_t hash_of_memory(PyObject* object) {
  Py_buffer view{};
  if (PyObject_GetBuffer(object, &view, PyBUF_STRIDES) != 0) {
    PyErr_Clear();
    return 0;
  }
  std::uint64_t hash = 0;
  const auto* bytes = static_cast<const std::byte*>(view.buf);
  const auto size = static_cast<std::size_t>(view.len);
  if (PyBuffer_IsContiguous(&view, 'A') == 0) {
    hash = 0;  // what it is a view of is watched itself
  } else if (size <= kWhole) {
    hash = XXH3_64bits(bytes, size);
  } else {
    for (std::size_t i = 0; i < kPieces; ++i) {
      const std::size_t at = (size - kPiece) / (kPieces - 1) * i;
      hash = XXH3_64bits_withSeed(bytes + at, kPiece, hash);
    }
  }
  PyBuffer_Release(&view);
  return hash;
}

std::string_view top_level(std::string_view name) { return name.substr(0, name.find('.')); }

/// They last for the process, hold nothing that a case computes, or change whenever they are used.
bool is_left_out(PyObject* object) {
  PyTypeObject* const type = Py_TYPE(object);
  const std::string_view name = type->tp_name;
  return PyType_IsSubtype(type, &PyType_Type) != 0 || name.starts_with("_io.") || name.starts_with("weakref") ||
         type == &PyGen_Type || type == &PyCoro_Type || type == &PyFrame_Type || type == &PyModule_Type ||
         type == &PyTraceBack_Type || type == &PyCode_Type || type == &PyCFunction_Type ||
         type == &PyWrapperDescr_Type || type == &PyMethodDescr_Type || type == &PyGetSetDescr_Type ||
         type == &PyMemberDescr_Type || type == &PyClassMethodDescr_Type || PyIter_Check(object) != 0;
}

/// What these refer to never changes.
bool is_fixed(PyTypeObject* type) {
  const std::string_view name = type->tp_name;
  return type == &PyStaticMethod_Type || type == &PyClassMethod_Type || type == &PyProperty_Type ||
         type == &PyMethod_Type || name == "numpy.ufunc" || name == "ModuleSpec" || name.ends_with("FileLoader") ||
         name == "_abc._abc_data" || name == "re.Pattern";
}

/// A cached function's own order says what was asked for last; what it keeps is in its dict.
bool is_cached_function(PyTypeObject* type) { return std::strcmp(type->tp_name, "functools._lru_cache_wrapper") == 0; }

}  // namespace

SharedObjects::SharedObjects(const std::string& suite) : array_(pickling::find_loaded("numpy", "ndarray")) {
  // What both reach is not the suite's own.
  add_modules(suite, false);
  first_of_suite_ = watched_.size();
  add_modules(suite, true);
}

void SharedObjects::add_modules(const std::string& suite, bool of_suite) {
  const py::object sys = interpreter::module("sys");
  const py::object standard = py::getattr(sys, "stdlib_module_names", py::none());
  const py::dict modules = sys.attr("modules");
  std::vector<PyObject*> roots;
  for (const auto& [key, module] : modules) {
    if (!PyModule_Check(module.ptr()) || !py::isinstance<py::str>(key)) {
      continue;
    }
    const auto name = key.cast<std::string>();
    const std::string package(top_level(name));
    if ((package == suite) != of_suite) {
      continue;
    }
    PyObject* names = PyModule_GetDict(module.ptr());
    const bool is_standard = package == "__main__" || package == "builtins" ||
                             (!standard.is_none() && PySequence_Contains(standard.ptr(), py::str(package).ptr()) == 1);
    if (!is_standard) {
      packages_.insert(package);
      roots.push_back(names);
    } else if (seen_.insert(names).second) {
      watch(names, Kind::kDict, -1, of_suite);
    }
  }
  for (PyObject* names : roots) {
    add(names, -1, of_suite);
  }
  if (of_suite) {
    return;
  }
  for (const char* name : {"path", "meta_path", "path_hooks"}) {
    add(py::object(sys.attr(name)).ptr(), -1, of_suite);
  }
  if (seen_.insert(modules.ptr()).second) {
    watch(modules.ptr(), Kind::kDict, -1, of_suite);
  }
}

void SharedObjects::push(PyObject* object, std::int32_t above, PyObject* cached) {
  if (object != nullptr && (PyObject_IS_GC(object) || PyObject_CheckBuffer(object)) && !PyBytes_Check(object)) {
    pending_.push_back({object, above, cached});
  }
}

void SharedObjects::add(PyObject* object, std::int32_t above, bool of_suite) {
  push(object, above);
  while (!pending_.empty()) {
    const Pending next = pending_.back();
    pending_.pop_back();
    look_into(next, of_suite);
  }
}

void SharedObjects::look_into(const Pending& next, bool of_suite) {
  PyObject* const object = next.object;
  PyTypeObject* const type = Py_TYPE(object);
  if (!seen_.insert(object).second) {
    return;
  }
  if (PyDict_Check(object)) {
    const std::int32_t here = watch(object, Kind::kDict, next.above, of_suite, next.cached);
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(object, &at, &key, &value) != 0;) {
      push(value, here);
    }
  } else if (PyList_Check(object)) {
    const std::int32_t here = watch(object, Kind::kList, next.above, of_suite);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(object); ++i) {
      push(PyList_GET_ITEM(object, i), here);
    }
  } else if (PyTuple_Check(object)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i) {
      push(PyTuple_GET_ITEM(object, i), next.above);
    }
  } else if (PyAnySet_Check(object)) {
    if (PySet_Check(object)) {
      watch(object, Kind::kSet, next.above, of_suite);
    }
  } else if (PyFunction_Check(object)) {
    const auto* function = reinterpret_cast<const PyFunctionObject*>(object);
    for (PyObject* part :
         {function->func_closure, function->func_defaults, function->func_kwdefaults, function->func_dict}) {
      push(part, next.above);
    }
  } else if (PyCell_Check(object)) {
    push(PyCell_GET(object), watch(object, Kind::kCell, next.above, of_suite));
  } else if (PyType_Check(object)) {
    auto* as_type = reinterpret_cast<PyTypeObject*>(object);
    PyObject* module = as_type->tp_dict != nullptr && PyType_HasFeature(as_type, Py_TPFLAGS_HEAPTYPE)
                           ? PyDict_GetItemString(as_type->tp_dict, "__module__")
                           : nullptr;
    if (module != nullptr && PyUnicode_Check(module) &&
        packages_.contains(std::string(top_level(py::handle(module).cast<std::string>())))) {
      push(as_type->tp_dict, next.above);
    }
  } else if (array_ && type == reinterpret_cast<PyTypeObject*>(array_.ptr())) {
    const std::int32_t here = watch(object, Kind::kMemory, next.above, of_suite);
    const py::object base = py::reinterpret_borrow<py::object>(object).attr("base");
    push(base.ptr(), here);
  } else if (PyMemoryView_Check(object)) {
    push(PyMemoryView_GET_BASE(object), next.above);
  } else if (PyObject_CheckBuffer(object)) {
    watch(object, Kind::kMemory, next.above, of_suite);
  } else if (PyObject_IS_GC(object) && type->tp_traverse != nullptr && !is_left_out(object)) {
    const bool cached = is_cached_function(type);
    const std::int32_t here =
        cached || is_fixed(type) ? next.above : watch(object, Kind::kInstance, next.above, of_suite);
    struct Visitor {
      SharedObjects& objects;
      std::int32_t above;
      PyObject* cached;
    } visitor{*this, here, cached ? object : nullptr};
    const visitproc visit = [](PyObject* child, void* into) {
      const auto& to = *static_cast<Visitor*>(into);
      if (!PyType_Check(child)) {
        to.objects.push(child, to.above, to.cached);
      }
      return 0;
    };
    type->tp_traverse(object, visit, &visitor);
  }
}

std::int32_t SharedObjects::watch(PyObject* object, Kind kind, std::int32_t above, bool of_suite, PyObject* cached) {
  fill(watched_.emplace_back(Watched{object, cached, above, kind, of_suite}));
  return static_cast<std::int32_t>(watched_.size() - 1);
}

void SharedObjects::fill(Watched& watched) {
  PyObject* object = watched.object;
  switch (watched.kind) {
    case Kind::kDict:
      watched.version = version_of(object);
      watched.size = PyDict_GET_SIZE(object);
      watched.hash = hash_of_dict(object, watched.size);
      break;
    case Kind::kList:
      watched.size = PyList_GET_SIZE(object);
      watched.hash = hash_of_list(object, watched.size);
      break;
    case Kind::kSet:
      watched.size = reinterpret_cast<PySetObject*>(object)->used;
      watched.hash = hash_of_set(object);
      break;
    case Kind::kCell: watched.hash = reinterpret_cast<std::uintptr_t>(PyCell_GET(object)); break;
    case Kind::kInstance: watched.hash = hash_of_instance(object); break;
    case Kind::kMemory: watched.hash = hash_of_memory(object); break;
  }
}

bool SharedObjects::is_same(Watched& watched) {
  if (watched.kind == Kind::kDict && watched.version != 0 && version_of(watched.object) == watched.version) {
    return true;
  }
  if (watched.kind == Kind::kList && PyList_GET_SIZE(watched.object) != watched.size) {
    return false;
  }
  Watched now = watched;
  fill(now);
  if (now.size != watched.size || now.hash != watched.hash) {
    return false;
  }
  watched.version = now.version;  // something was changed and put back
  return true;
}

bool SharedObjects::has_only_grown(const Watched& watched) {
  switch (watched.kind) {
    case Kind::kDict:
      return PyDict_GET_SIZE(watched.object) > watched.size &&
             hash_of_dict(watched.object, watched.size) == watched.hash;
    case Kind::kList:
      return PyList_GET_SIZE(watched.object) > watched.size &&
             hash_of_list(watched.object, watched.size) == watched.hash;
    default: return false;
  }
}

void SharedObjects::settle() {
  for (Watched& watched : watched_) {
    if (!is_same(watched)) {
      fill(watched);
    }
  }
}

void SharedObjects::accept_gains() {
  for (std::size_t i = first_of_suite_; i < watched_.size(); ++i) {
    if (watched_[i].of_suite && !is_same(watched_[i]) && has_only_grown(watched_[i])) {
      keep_gains(i);
    }
  }
}

void SharedObjects::keep_gains(std::size_t place) {
  const Watched before = watched_[place];
  fill(watched_[place]);
  const auto here = static_cast<std::int32_t>(place);
  if (before.kind == Kind::kList) {
    for (Py_ssize_t i = before.size; i < PyList_GET_SIZE(before.object); ++i) {
      add(PyList_GET_ITEM(before.object, i), here, before.of_suite);
    }
    return;
  }
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t entry = 0;
  for (Py_ssize_t at = 0; PyDict_Next(before.object, &at, &key, &value) != 0; ++entry) {
    if (entry >= before.size) {
      add(value, here, before.of_suite);
    }
  }
}

bool SharedObjects::take_gains(Watched& watched) {
  if (watched.kind == Kind::kList) {
    return PyList_SetSlice(watched.object, watched.size, PyList_GET_SIZE(watched.object), nullptr) == 0;
  }
  if (watched.cached != nullptr) {
    // Only the function itself can take single results out.
    const py::object done = py::reinterpret_steal<py::object>(
        watched.size == 0 ? PyObject_CallMethod(watched.cached, "cache_clear", nullptr) : nullptr);
    fill(watched);
    return static_cast<bool>(done);
  }
  std::vector<py::object> keys;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t entry = 0;
  for (Py_ssize_t at = 0; PyDict_Next(watched.object, &at, &key, &value) != 0; ++entry) {
    const bool of_python = PyUnicode_Check(key) && util::is_dunder(py::handle(key).cast<std::string>());
    if (entry >= watched.size && !is_code(value) && !of_python) {
      keys.push_back(py::reinterpret_borrow<py::object>(key));
    }
  }
  for (const py::object& each : keys) {
    if (PyObject_DelItem(watched.object, each.ptr()) != 0) {
      return false;
    }
  }
  fill(watched);
  return true;
}

std::string SharedObjects::put_back() {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    if (is_same(watched_[i])) {
      continue;
    }
    if (!has_only_grown(watched_[i]) || !take_gains(watched_[i])) {
      PyErr_Clear();
      return fmt::format("it has changed {}", name_of(watched_[i]));
    }
  }
  return "";
}

/// "numpy.core.getlimits.iinfo._min_vals", as far as names lead there.
std::string SharedObjects::name_of(const Watched& watched) const {
  std::string path;
  const Watched* below = nullptr;
  for (const Watched* each = &watched; each != nullptr;
       each = each->above < 0 ? nullptr : &watched_[static_cast<std::size_t>(each->above)]) {
    if (each->kind == Kind::kDict) {
      PyObject* key = nullptr;
      PyObject* value = nullptr;
      for (Py_ssize_t at = 0; below != nullptr && PyDict_Next(each->object, &at, &key, &value) != 0;) {
        if (value == below->object && PyUnicode_Check(key)) {
          path = "." + py::handle(key).cast<std::string>() + path;
          break;
        }
      }
      PyObject* name = PyDict_GetItemString(each->object, "__qualname__");
      name = name != nullptr ? name : PyDict_GetItemString(each->object, "__name__");
      if (name != nullptr && PyUnicode_Check(name)) {
        path = "." + py::handle(name).cast<std::string>() + path;
      }
    }
    below = each;
  }
  const std::string what = Py_TYPE(watched.object)->tp_name;
  return path.empty() ? fmt::format("a {} that others reach", what) : fmt::format("{} ({})", path.substr(1), what);
}

}  // namespace snapshot_test::host::execution
