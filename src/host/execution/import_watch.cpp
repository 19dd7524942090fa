#include "host/execution/import_watch.hpp"

#include <string>
#include <utility>

#include "host/discovery/python.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

py::tuple ImportWatch::surroundings() {
  const py::module_ sys = py::module_::import("sys");
  const auto copy = [&](const char* name) {
    py::object list = py::reinterpret_steal<py::object>(PySequence_List(sys.attr(name).ptr()));
    return list ? list : throw py::error_already_set();
  };
  return py::make_tuple(copy("path"), copy("meta_path"), copy("path_hooks"),
                        py::module_::import("os").attr("environ").attr("copy")());
}

void ImportWatch::before_import() {
  if (++imports_ == 2) {
    before_ = surroundings();
    loaded_ = py::set(py::module_::import("sys").attr("modules"));
  }
}

bool ImportWatch::finds_the_same() const {
  if (before_.is_none()) {
    return true;  // there is no other module
  }
  if (!before_.equal(surroundings())) {
    return false;
  }
  // A folder may have been on the path for as long as an import took.
  const py::dict modules(py::module_::import("sys").attr("modules").attr("copy")());
  for (const std::pair<py::handle, py::handle> entry : modules) {
    if (!loaded_.contains(entry.first) && !is_found_where_it_was(entry.first, entry.second)) {
      return false;
    }
  }
  return true;
}

bool ImportWatch::is_found_where_it_was(py::handle name, py::handle module) const {
  if (!py::isinstance<py::str>(name) || name.cast<std::string>().find('.') != std::string::npos) {
    return true;  // what is in a package lies where the package does
  }
  if (module.is_none()) {
    return false;  // set by the suite, so that its import fails
  }
  const py::object spec = discovery::attribute_or_none(module, "__spec__");
  if (spec.is_none() || !py::bool_(discovery::attribute_or_none(spec, "has_location"))) {
    return true;
  }
  for (const py::handle finder : before_[py::int_(1)]) {
    const py::object find = discovery::attribute_or_none(finder, "find_spec");
    const py::object found = find.is_none() ? find : find(name, py::none());
    if (!found.is_none()) {
      return found.attr("origin").equal(spec.attr("origin"));
    }
  }
  return false;
}

}  // namespace snapshot_test::host::execution
