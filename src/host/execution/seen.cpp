#include "host/execution/seen.hpp"

#include <utility>

namespace snapshot_test::host::execution {

namespace py = pybind11;
using model::SiteKind;

namespace {

/// A coroutine or an asynchronous generator: ASV never runs its body, and neither do we.
bool is_never_run(const py::object& value) {
  return PyCoro_CheckExact(value.ptr()) != 0 || PyAsyncGen_CheckExact(value.ptr()) != 0;
}

bool is_result(const model::Site& site, const py::object& value, const ClockWindow& clock,
               std::vector<std::string>& notes) {
  if (value.is_none()) {
    return false;
  }
  if (clock.holds(value.ptr())) {
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
  const bool meaningful = is_result(site, returned, clock, notes);
  seen.push_back({site, std::move(returned), "", 1, meaningful});
  if (body == nullptr) {
    return seen;
  }
  for (trace::BodyValue& each : body->take_values()) {
    const model::Site at{SiteKind::kBody, each.index};
    const bool is_value = is_result(at, each.value, clock, notes);
    seen.push_back({at, std::move(each.value), std::move(each.source), each.count, is_value});
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

std::optional<SeenValue> result_of(const std::vector<SeenValue>& seen) {
  std::vector<const SeenValue*> of_body;
  const SeenValue* deepest = nullptr;
  for (const SeenValue& each : seen) {
    if (each.meaningful && each.site.kind == SiteKind::kReturn) {
      return each;
    }
    if (each.meaningful && each.site.kind == SiteKind::kBody) {
      of_body.push_back(&each);
    }
    if (each.meaningful && each.site.kind == SiteKind::kDeepest) {
      deepest = &each;
    }
  }
  if (of_body.size() > 1) {
    py::tuple all(of_body.size());
    for (std::size_t i = 0; i < of_body.size(); ++i) {
      all[i] = of_body[i]->value;
    }
    return SeenValue{of_body.front()->site, std::move(all), "", 1, true};
  }
  if (of_body.size() == 1) {
    return *of_body.front();
  }
  return deepest != nullptr ? std::optional(*deepest) : std::nullopt;
}

}  // namespace snapshot_test::host::execution
