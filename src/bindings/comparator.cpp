// Compares live values: what the program does with two pickles, without writing their arrays anywhere.
#include <fmt/format.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "bindings/live_values.hpp"
#include "bindings/parts.hpp"
#include "host/pickling/pickler.hpp"
#include "host/pickling/python_error.hpp"
#include "host/pickling/standard_reducers.hpp"
#include "snapshot_test/compare/compare.hpp"
#include "snapshot_test/compare/explain.hpp"
#include "snapshot_test/model/auto_atol.hpp"
#include "snapshot_test/model/limits.hpp"

namespace snapshot_test::bindings {

namespace py = pybind11;
namespace pickling = host::pickling;

namespace {

/// From here on other threads run while two values are compared.
constexpr std::uint64_t kWithoutGil = std::uint64_t{64} << 10;

py::object to_python(const nlohmann::json& json) {
  switch (json.type()) {
    case nlohmann::json::value_t::object: {
      py::dict out;
      for (const auto& [key, value] : json.items()) {
        out[py::str(key)] = to_python(value);
      }
      return out;
    }
    case nlohmann::json::value_t::array: {
      py::list out;
      for (const auto& value : json) {
        out.append(to_python(value));
      }
      return out;
    }
    case nlohmann::json::value_t::string: return py::str(json.get_ref<const std::string&>());
    case nlohmann::json::value_t::boolean: return py::bool_(json.get<bool>());
    case nlohmann::json::value_t::number_integer: return py::int_(json.get<std::int64_t>());
    case nlohmann::json::value_t::number_unsigned: return py::int_(json.get<std::uint64_t>());
    case nlohmann::json::value_t::number_float: return py::float_(json.get<double>());
    default: return py::none();
  }
}

/// What came of one comparison; `details` are made when they are asked for.
struct Compared {
  std::optional<compare::Comparison> comparison;  ///< nothing: not compared
  std::string reason;                             ///< why not
  std::vector<std::string> notes;

  [[nodiscard]] bool match() const { return comparison && comparison->outcome != compare::Outcome::kDifferent; }
  [[nodiscard]] std::optional<std::string> message() const {
    if (match()) {
      return std::nullopt;
    }
    return comparison ? compare::explain(*comparison) : reason;
  }
  [[nodiscard]] py::object tolerance() const {
    if (!comparison || !comparison->tolerance) {
      return py::none();
    }
    return py::make_tuple(comparison->tolerance->rtol, comparison->tolerance->atol);
  }
  [[nodiscard]] py::object details() const {
    nlohmann::json out =
        comparison ? compare::to_json(*comparison) : nlohmann::json{{"outcome", "not compared"}, {"reason", reason}};
    if (!notes.empty()) {
      out["notes"] = notes;
    }
    return to_python(out);
  }
};

/// Keeps a pickle's stream in memory, and sees to it that a long one can be interrupted.
class MemorySink : public util::ByteSink {
 public:
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes) override {
    if (PyErr_CheckSignals() != 0) {
      raised_.emplace();
      return fail(ErrorKind::kInterrupted, "interrupted");
    }
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return {};
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  /// What a signal's handler raised.
  [[nodiscard]] const std::optional<py::error_already_set>& raised() const { return raised_; }

 private:
  std::vector<std::byte> bytes_;
  std::optional<py::error_already_set> raised_;
};

/// One side: its pickle, and the memory that the pickle refers to.
class Pickled {
 public:
  Result<pickle::Document> read(py::handle value, const pickling::Reducers& reducers, pickling::DrainCache& drained) {
    const model::ValueLimits limits;
    auto info = pickling::Pickler(sink_, limits, reducers, drained, &buffers_).dump(value);
    if (sink_.raised()) {
      throw py::error_already_set(*sink_.raised());
    }
    if (!info) {
      return tl::unexpected(std::move(info.error()));
    }
    info_ = std::move(*info);
    return pickle::read(sink_.bytes(), buffers_.spans());
  }
  [[nodiscard]] const pickling::PickledInfo& info() const { return info_; }
  /// Was what read() threw raised by a signal's handler?
  [[nodiscard]] bool was_interrupted() const { return sink_.raised().has_value(); }

 private:
  MemorySink sink_;
  pickling::Buffers buffers_;
  pickling::PickledInfo info_;
};

/// What all comparators share: how types are written, and what was found out about them. Owned by the module.
struct Kit {
  pickling::Reducers reducers = pickling::standard_reducers();
  LiveValues live;
};

/// Calls visit(name, rule) for each rule that is a number or a flag.
template <class AnyRules, class Visit>
void for_each_number(AnyRules&& rules, Visit&& visit) {
  model::for_each_rule(
      [&visit](const char* name, auto& rule) {
        if constexpr (std::is_arithmetic_v<std::remove_reference_t<decltype(rule)>>) {
          visit(name, rule);
        }
      },
      rules);
}

class Comparator {
 public:
  /// `rules`, and lenient_builtins, by name; the default of those that are not there.
  explicit Comparator(const py::kwargs& rules)
      : owner_(py::module_::import("diff_tester._core").attr("_kit")), kit_(owner_.cast<Kit&>()) {
    for_each_number(options_, [&rules](const char* name, auto& rule) {
      if (rules.contains(name)) {
        rule = rules[name].cast<std::remove_reference_t<decltype(rule)>>();
      }
    });
    options_.count_identical_nans = true;
    options_.lenient_builtins = rules.contains("lenient_builtins") && rules["lenient_builtins"].cast<bool>();
  }

  Compared compare(py::handle actual, py::handle expected) {
    const auto strides = options_.ignore_order ? LiveValues::Strides::kContiguous : LiveValues::Strides::kAny;
    LiveRoom actual_room;
    LiveRoom expected_room;
    if (const auto x = kit_.live.view(actual, actual_room, strides)) {
      if (const auto y = kit_.live.view(expected, expected_room, strides)) {
        return with_notes(compare_documents(*x, *y), actual.is_none() && expected.is_none());
      }
    }
    if (auto numbers = compare_numbers(actual, expected)) {
      return std::move(*numbers);
    }
    return compare_pickled(actual, expected);
  }

 private:
  /// Two lists, or tuples, of numbers of one type, as if they were arrays; nothing where they are something else, or
  /// differ: then it is said of each place.
  std::optional<Compared> compare_numbers(py::handle actual, py::handle expected) {
    // To an automatic atol a tuple's numbers are no array: each stands by itself.
    const bool apart = options_.tolerance.atol == model::kAutoAtol && PyTuple_Check(expected.ptr()) != 0;
    const auto x = options_.ignore_order || apart ? std::nullopt : kit_.live.gather(actual);
    const auto y = x ? kit_.live.gather(expected) : std::nullopt;
    if (!y || x->sequence != y->sequence || x->type != y->type || x->count != y->count) {
      return std::nullopt;
    }
    compare::Comparison comparison = compare_documents(x->as_array(), y->as_array());
    if (comparison.outcome == compare::Outcome::kDifferent) {
      return std::nullopt;
    }
    comparison.leaves = x->count;
    return Compared{std::move(comparison), {}, {}};
  }

  static Compared with_notes(compare::Comparison comparison, bool both_none) {
    Compared out{std::move(comparison), {}, {}};
    if (both_none) {
      out.notes.emplace_back("both values are None");
    }
    return out;
  }

  compare::Comparison compare_documents(const pickle::Document& actual, const pickle::Document& expected) const {
    std::optional<py::gil_scoped_release> released;
    // Sorting what another thread writes to would not end well.
    if (actual.extent() + expected.extent() >= kWithoutGil && !options_.ignore_order) {
      released.emplace();
    }
    return compare::compare(actual, expected, options_);
  }

  Compared compare_pickled(py::handle actual, py::handle expected) {
    pickling::DrainCache drained{pickling::pickle_items};
    Pickled actual_side;
    Pickled expected_side;
    Compared out;
    const auto read = [&](const char* side, Pickled& pickled, py::handle value) -> std::optional<pickle::Document> {
      std::string why;
      try {
        auto document = pickled.read(value, kit_.reducers, drained);
        for (const std::string& note : pickled.info().notes) {
          out.notes.push_back(fmt::format("{}: {}", side, note));
        }
        if (document) {
          return std::move(*document);
        }
        why = document.error().message;
      } catch (const py::error_already_set& error) {
        if (pickling::is_fatal(error) || pickled.was_interrupted()) {
          throw;
        }
        why = pickling::one_line(error);
      }
      out.reason = fmt::format("the {} value: {}", side, why);
      return std::nullopt;
    };
    const auto x = read("actual", actual_side, actual);
    const auto y = x ? read("expected", expected_side, expected) : std::nullopt;
    if (!x || !y) {
      return out;
    }
    const auto says_nothing = [](const Pickled& side) {
      return side.info().content == pickling::Content::kDescribedOnly;
    };
    if (says_nothing(actual_side) && says_nothing(expected_side)) {
      out.reason = "nothing in the two values says what was computed";
      return out;
    }
    compare::Comparison comparison = compare_documents(*x, *y);
    const bool same = comparison.outcome != compare::Outcome::kDifferent;
    if (same && (comparison.leaves == 0 || says_nothing(actual_side) || says_nothing(expected_side))) {
      out.reason = "nothing in the two values says what was computed";
      return out;
    }
    out.comparison = std::move(comparison);
    return out;
  }

  py::object owner_;  ///< of the kit
  Kit& kit_;
  compare::Options options_;
};

}  // namespace

void add_comparator(py::module_& module) {
  py::dict defaults;
  for_each_number(compare::Options(), [&defaults](const char* name, auto rule) { defaults[name] = rule; });
  module.attr("default_rules") = defaults;
  module.attr("auto_atol") = model::kAutoAtol;
  py::class_<Kit>(module, "_Kit");
  module.attr("_kit") = py::cast(std::make_unique<Kit>());
  py::class_<Compared>(module, "Compared")
      .def_property_readonly("match", &Compared::match)
      .def_property_readonly("skipped", [](const Compared& self) { return !self.comparison; })
      .def_property_readonly("message", &Compared::message)
      .def_property_readonly("tolerance", &Compared::tolerance)
      .def("details", &Compared::details);
  py::class_<Comparator>(module, "Comparator")
      .def(py::init<py::kwargs>())
      .def("compare", &Comparator::compare, py::arg("actual"), py::arg("expected"));
}

}  // namespace snapshot_test::bindings
