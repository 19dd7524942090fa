// Parameter axes, their names and their ids. Needs the GIL, except same_ids.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/discovery/attributes.hpp"
#include "snapshot_test/model/benchmark.hpp"

namespace snapshot_test::host::discovery {

/// The live parameters of one benchmark.
struct Params {
  std::vector<py::list> axes;      ///< the values themselves
  std::vector<std::string> names;  ///< one per axis

  [[nodiscard]] std::size_t combinations() const;
};

/// Reads `params` and `param_names` from the sources; consumes a generator, as ASV does. Throws py::error_already_set
/// (TypeError for what is not a list of values or a list of lists).
[[nodiscard]] Params read_params(const Sources& sources);

/// repr of each value, without the address of object.__repr__'s own form; equal ids of one axis are numbered
/// " (0)", " (1)", ... Throws what a __repr__ raises.
[[nodiscard]] std::vector<std::string> axis_ids(const py::list& values);
[[nodiscard]] std::vector<model::ParamAxis> describe_axes(const Params& params);

/// The values of one combination, the last axis fastest, as itertools.product orders them. `index` must be less than
/// combinations().
[[nodiscard]] py::tuple combination(const Params& params, std::size_t index);

/// Are two ids the same but for memory addresses in them ("<… at 0x7f…>"), which differ from process to process?
[[nodiscard]] bool same_ids(std::string_view a, std::string_view b);

}  // namespace snapshot_test::host::discovery
