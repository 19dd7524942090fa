#include "host/discovery/params.hpp"

#include <cctype>
#include <limits>
#include <optional>
#include <unordered_map>

#include "util/addresses.hpp"
#include "util/folder_names.hpp"

namespace snapshot_test::host::discovery {
namespace {

py::list to_list(const py::object& iterable) {
  auto list = py::reinterpret_steal<py::list>(PySequence_List(iterable.ptr()));
  if (!list) {
    throw py::error_already_set();
  }
  return list;
}

bool is_tuple_or_list(py::handle value) { return PyTuple_Check(value.ptr()) != 0 || PyList_Check(value.ptr()) != 0; }

/// The pieces of a repr of the form "<... at 0x7f...>".
struct AddressedRepr {
  std::string_view head;     // "<..."
  std::string_view address;  // "0x7f..."
};

/// The form `^(<.*) at (0x[\da-fA-F]*)(>)$`.
std::optional<AddressedRepr> split_address(std::string_view repr) {
  if (repr.ends_with('\n')) {
    repr.remove_suffix(1);
  }
  if (!repr.starts_with('<') || !repr.ends_with('>') || repr.find('\n') != std::string_view::npos) {
    return std::nullopt;
  }
  std::size_t digits = repr.size() - 1;
  while (digits > 0 && std::isxdigit(static_cast<unsigned char>(repr[digits - 1])) != 0) {
    --digits;
  }
  constexpr std::string_view kBefore = " at 0x";
  if (digits < kBefore.size() + 1 || repr.substr(digits - kBefore.size(), kBefore.size()) != kBefore) {
    return std::nullopt;
  }
  const std::size_t address = digits - 2;
  return AddressedRepr{repr.substr(0, digits - kBefore.size()), repr.substr(address, repr.size() - 1 - address)};
}

std::string repr_without_address(py::handle value) {
  std::string repr = utf8(py::repr(value));
  const std::optional<AddressedRepr> parts = split_address(repr);
  if (!parts) {
    return repr;
  }
  const auto own = py::reinterpret_steal<py::object>(PyBaseObject_Type.tp_repr(value.ptr()));
  if (!own) {
    throw py::error_already_set();
  }
  const std::string own_repr = utf8(own);
  const std::optional<AddressedRepr> own_parts = split_address(own_repr);
  if (own_parts && own_parts->address == parts->address) {
    return std::string(parts->head) + ">";
  }
  return repr;
}

}  // namespace

std::size_t Params::combinations() const {
  std::size_t count = 1;
  for (const py::list& axis : axes) {
    const std::size_t size = axis.size();
    if (size == 0) {
      return 0;
    }
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
    count = count > kMost / size ? kMost : count * size;
  }
  return count;
}

Params read_params(const Sources& sources) {
  Params params;
  const py::object declared_names = first_attribute(sources, "param_names");
  const py::list names = declared_names.is_none() ? py::list() : to_list(declared_names);
  for (const py::handle name : names) {
    params.names.push_back(utf8(py::str(name)));
  }
  const py::object declared = first_attribute(sources, "params");
  const py::list values = declared.is_none() ? py::list() : to_list(declared);
  if (!values.empty() && !is_tuple_or_list(values[0])) {
    params.axes.push_back(values);
  } else {
    for (const py::handle axis : values) {
      params.axes.push_back(to_list(py::reinterpret_borrow<py::object>(axis)));
    }
  }
  if (params.names.size() > params.axes.size()) {
    params.names.resize(params.axes.size());
  }
  while (params.names.size() < params.axes.size()) {
    params.names.push_back("param" + std::to_string(params.names.size() + 1));
  }
  return params;
}

std::vector<std::string> axis_ids(const py::list& values) {
  std::vector<std::string> ids;
  ids.reserve(values.size());
  std::unordered_map<std::string, std::size_t> seen;
  for (const py::handle value : values) {
    std::string id = repr_without_address(value);
    // Other folders stay in ids as they are in those of stores.
    ids.push_back(util::folder_names().replaced(id, util::FolderNames::Which::kScratch).value_or(id));
    ++seen[ids.back()];
  }
  std::unordered_map<std::string, std::size_t> numbered;
  for (std::string& id : ids) {
    if (seen[id] > 1) {
      const std::size_t number = numbered[id]++;
      id += " (" + std::to_string(number) + ")";
    }
  }
  return ids;
}

std::vector<model::ParamAxis> describe_axes(const Params& params) {
  std::vector<model::ParamAxis> axes;
  for (std::size_t i = 0; i < params.axes.size(); ++i) {
    axes.push_back({params.names[i], axis_ids(params.axes[i])});
  }
  return axes;
}

py::tuple combination(const Params& params, std::size_t index) {
  py::tuple values(params.axes.size());
  for (std::size_t axis = params.axes.size(); axis-- > 0;) {
    const py::list& choices = params.axes[axis];
    values[axis] = choices[index % choices.size()];
    index /= choices.size();
  }
  return values;
}

bool same_ids(std::string_view a, std::string_view b) {
  return util::without_addresses(a) == util::without_addresses(b);
}

}  // namespace snapshot_test::host::discovery
