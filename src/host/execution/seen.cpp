#include "host/execution/seen.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace snapshot_test::host::execution {

namespace py = pybind11;
using model::SiteKind;

namespace {

/// A coroutine or an asynchronous generator: ASV never runs its body, and neither do we.
bool is_never_run(const py::object& value) {
  return PyCoro_CheckExact(value.ptr()) != 0 || PyAsyncGen_CheckExact(value.ptr()) != 0;
}

/// Every round is a reading of the clock, or None; and there is one.
bool are_readings(const py::object& rounds, const ClockWindow& clock) {
  const auto list = py::reinterpret_borrow<py::list>(rounds);
  return !list.empty() && std::all_of(list.begin(), list.end(),
                                      [&](py::handle round) { return round.is_none() || clock.holds(round.ptr()); });
}

bool is_result(const model::Site& site, const py::object& value, Rounds rounds, const ClockWindow& clock,
               std::vector<std::string>& notes) {
  if (value.is_none()) {
    return false;
  }
  if (clock.holds(value.ptr()) || (rounds == Rounds::kAll && are_readings(value, clock))) {
    notes.push_back(site.text() + " is a reading of the clock, and not compared");
    return false;
  }
  return true;
}

}  // namespace

py::object as_returned(py::object returned, std::vector<std::string>& notes) {
  if (!is_never_run(returned)) {
    return returned;
  }
  notes.emplace_back("it is asynchronous: its body is not run, as under ASV");
  if (PyCoro_CheckExact(returned.ptr()) != 0) {
    returned.attr("close")();  // or Python warns that it was never awaited
  }
  return py::none();
}

std::vector<SeenValue> seen_outside(py::object returned, trace::RewrittenBody* body, const ClockWindow& clock,
                                    std::vector<std::string>& notes) {
  std::vector<SeenValue> seen;
  const model::Site site{SiteKind::kReturn, 0};
  const bool meaningful = is_result(site, returned, Rounds::kLast, clock, notes);
  seen.push_back({site, std::move(returned), "", 1, meaningful});
  if (body == nullptr) {
    return seen;
  }
  for (trace::BodyValue& each : body->take_values()) {
    const model::Site at{SiteKind::kBody, each.index};
    std::vector<std::string> unsaid;
    const bool is_value =
        is_result(at, each.value, each.rounds ? Rounds::kAll : Rounds::kLast, clock, each.at_once ? unsaid : notes);
    seen.push_back({at, std::move(each.value), std::move(each.source), each.count, is_value, each.rounds,
                    std::move(each.last), std::move(each.unseen), each.incidental, each.at_once && !each.changed});
  }
  return seen;
}

std::vector<SeenValue> seen_inside(trace::Trace& trace, Inside which) {
  std::vector<SeenValue> seen;
  const auto add = [&](const model::Site& site, trace::TracedCall& call) {
    seen.push_back({site, std::move(call.value), std::move(call.function), 1, call.meaningful});
  };
  if (trace.deepest) {
    add({SiteKind::kDeepest, 0}, *trace.deepest);
  }
  if (which == Inside::kAll) {
    for (trace::TracedCall& each : trace.path) {
      add({SiteKind::kPath, each.depth}, each);
    }
  }
  return seen;
}

bool is_plain_iterator(py::handle value) {
  const PyTypeObject* type = Py_TYPE(value.ptr());
  if (PyGen_CheckExact(value.ptr()) != 0) {
    return true;
  }
  if (PyIter_Check(value.ptr()) == 0 || type->tp_iter != PyObject_SelfIter) {
    return false;
  }
  const std::string_view name = type->tp_name;
  return name.find('.') == std::string_view::npos ? (type->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0
                                                  : name.starts_with("itertools.");
}

std::optional<SeenValue> result_of(const std::vector<SeenValue>& seen, Rounds rounds) {
  std::vector<const SeenValue*> of_body;
  const SeenValue* deepest = nullptr;
  for (const SeenValue& each : seen) {
    if (each.meaningful && each.site.kind == SiteKind::kReturn) {
      return each;
    }
    const bool stands = !each.only_if_asked && !each.incidental;
    if (each.meaningful && each.site.kind == SiteKind::kBody && stands) {
      of_body.push_back(&each);
    }
    if (each.meaningful && each.site.kind == SiteKind::kDeepest) {
      deepest = &each;
    }
  }
  const auto value_of = [&](const SeenValue& each) {
    return each.rounds && rounds == Rounds::kLast && each.last ? each.last : each.value;
  };
  if (of_body.size() > 1) {
    py::tuple all(of_body.size());
    for (std::size_t i = 0; i < of_body.size(); ++i) {
      all[i] = value_of(*of_body[i]);
    }
    return SeenValue{of_body.front()->site, std::move(all), "", 1, true};
  }
  if (of_body.size() == 1) {
    SeenValue only = *of_body.front();
    only.value = value_of(only);
    only.rounds = only.rounds && rounds == Rounds::kAll;
    return only;
  }
  return deepest != nullptr ? std::optional(*deepest) : std::nullopt;
}

}  // namespace snapshot_test::host::execution
