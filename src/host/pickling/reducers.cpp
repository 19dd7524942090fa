#include "host/pickling/reducers.hpp"

#include <algorithm>
#include <iterator>

#include "host/pickling/python_error.hpp"
#include "host/pickling/type_names.hpp"

namespace snapshot_test::host::pickling {

namespace py = pybind11;

void Reducers::add(std::string module_name, std::string attribute, Match match, Reducer reducer) {
  append({{}, std::move(module_name), std::move(attribute), match, std::move(reducer)});
}

void Reducers::add(std::string name, Match match, Reducer reducer) {
  append({{}, {}, std::move(name), match, std::move(reducer)});
}

void Reducers::add(py::object type, Match match, Reducer reducer) {
  append({std::move(type), {}, {}, match, std::move(reducer)});
}

void Reducers::append(Entry entry) {
  entries_.push_back(std::move(entry));
  found_.clear();
}

void Reducers::add_library(std::string package, Loader loader) {
  libraries_.push_back({std::move(package), std::move(loader)});
  found_.clear();
}

const Reducer* Reducers::find(py::handle type) const {
  const Py_ssize_t modules = PyDict_GET_SIZE(PyImport_GetModuleDict());
  if (const auto known = found_.find(type.ptr());
      known != found_.end() && (known->second.reducer != nullptr || known->second.modules == modules)) {
    return known->second.reducer;
  }
  load_libraries_of(type);
  const Reducer* reducer = search(type);
  found_[type.ptr()] = {py::reinterpret_borrow<py::object>(type), reducer, modules};
  return reducer;
}

void Reducers::load_libraries_of(py::handle type) const {
  const py::handle classes(reinterpret_cast<PyTypeObject*>(type.ptr())->tp_mro);
  if (!classes) {
    return;
  }
  for (const py::handle each : py::reinterpret_borrow<py::tuple>(classes)) {
    const std::string name = type_name(each);
    const std::string_view package = std::string_view(name).substr(0, name.find('.'));
    const auto library = std::find_if(libraries_.begin(), libraries_.end(), [&](const Library& candidate) {
      return !candidate.loaded && candidate.package == package;
    });
    if (library == libraries_.end()) {
      continue;
    }
    library->loaded = true;
    Reducers added;
    try {
      library->loader(added);
    } catch (const py::error_already_set& error) {
      if (is_fatal(error)) {
        throw;
      }
      problems_.push_back("the canonical forms of " + library->package + " could not be loaded: " + one_line(error));
    }
    std::move(added.entries_.begin(), added.entries_.end(), std::back_inserter(library_entries_));
    // Loading runs Python: another thread may have found nothing in the meantime.
    found_.clear();
  }
}

const Reducer* Reducers::search(py::handle type) const {
  auto* const asked = reinterpret_cast<PyTypeObject*>(type.ptr());
  std::vector<std::string> names;  // of the type and its bases, made when first needed
  const auto is_named = [&](const Entry& entry) {
    if (names.empty()) {
      for (const py::handle each : py::reinterpret_borrow<py::tuple>(asked->tp_mro)) {
        names.push_back(type_name(each));
      }
    }
    const auto end = entry.match == Match::kExactType ? names.begin() + 1 : names.end();
    return std::find(names.begin(), end, entry.attribute) != end;
  };
  const auto matches = [&](const Entry& entry) {
    py::object wanted = entry.type;
    if (!wanted) {
      if (entry.module.empty() && is_named(entry)) {
        return true;
      }
      wanted = entry.module.empty() ? find_loaded(entry.attribute) : find_loaded(entry.module, entry.attribute);
    }
    if (!wanted || !PyType_Check(wanted.ptr())) {
      return false;
    }
    return entry.match == Match::kExactType
               ? wanted.is(type)
               : PyType_IsSubtype(asked, reinterpret_cast<PyTypeObject*>(wanted.ptr())) != 0;
  };
  for (const std::deque<Entry>* entries : {&entries_, &std::as_const(library_entries_)}) {
    const auto entry = std::find_if(entries->rbegin(), entries->rend(), matches);
    if (entry != entries->rend()) {
      return &entry->reducer;
    }
  }
  return nullptr;
}

}  // namespace snapshot_test::host::pickling
