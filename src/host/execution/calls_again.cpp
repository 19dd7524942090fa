#include "host/execution/calls_again.hpp"

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "host/execution/clock_window.hpp"
#include "host/execution/memory_limit.hpp"
#include "host/execution/perturb_source.hpp"
#include "host/interpreter/determinism.hpp"
#include "host/interpreter/interpreter.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;
using model::SiteKind;

namespace {

constexpr int kPerturbedRounds = 3;
constexpr const char* kNothingToChange = "nothing on its instance can be changed in place";

py::object perturb_function() {
  py::dict globals;
  globals["__name__"] = "snapshot_test.perturb";
  globals["__builtins__"] = interpreter::module("builtins");
  const py::object code =
      interpreter::module("builtins")
          .attr("compile")(py::str(kPerturbSource.data(), kPerturbSource.size()), "<snapshot_test perturb.py>", "exec");
  if (py::reinterpret_steal<py::object>(PyEval_EvalCode(code.ptr(), globals.ptr(), globals.ptr())).ptr() == nullptr) {
    throw py::error_already_set();
  }
  return globals["perturb"];
}

class Again {
 public:
  Again(const Context& context, const discovery::LiveBenchmark& live, trace::RewrittenBody* body, const py::tuple& args,
        const model::CaseRequest& request, ValueWriter& writer, const OnAgain& on_value,
        std::vector<std::string>& notes)
      : context_(context),
        live_(live),
        body_(body),
        args_(args),
        request_(request),
        writer_(writer),
        on_value_(on_value),
        notes_(notes) {}

  void repeat() {
    for (int i = 1; i <= request_.repeat; ++i) {
      discovery::LiveBenchmark& live = instances_.emplace_back(live_.anew());
      std::optional<py::object> value = set_up(live);
      const bool ready = !value;
      hand({SiteKind::kRepeated, i}, ready ? call(live) : *value);
      if (ready) {
        tear_down(live);
      }
    }
  }

  void perturb() {
    discovery::LiveBenchmark& live = instances_.emplace_back(live_.anew());
    if (const auto failed = set_up(live)) {
      hand({SiteKind::kPerturbed, 0}, *failed);
      return;
    }
    const py::object change = perturb_function();
    std::vector<py::object> results = {call(live)};
    std::vector<std::optional<std::string>> digests = {digest(results.back())};
    bool changed = false;
    for (int round = 1; round <= kPerturbedRounds; ++round) {
      changed = change(live.instance(), round, request_.seed + static_cast<std::uint64_t>(round)).cast<int>() > 0;
      if (!changed) {
        break;
      }
      results.push_back(call(live));
      digests.push_back(digest(results.back()));
      hand({SiteKind::kPerturbed, round}, results.back());
    }
    hand({SiteKind::kPerturbed, 0}, changed ? what_stayed(results, digests) : py::object(py::str(kNothingToChange)));
    tear_down(live);
  }

 private:
  /// What is wrong with it, if it is not ready.
  std::optional<py::object> set_up(discovery::LiveBenchmark& live) {
    try {
      const MemoryLimit limit(context_.start.max_memory);
      interpreter::reseed(context_.start.seed);
      if (live.set_up(args_) == discovery::SetUp::kReady) {
        return std::nullopt;
      }
      return py::str("setup skips");
    } catch (const py::error_already_set& error) {
      return py::str("setup raised " + type_of(error));
    }
  }

  py::object call(discovery::LiveBenchmark& live) {
    ClockWindow clock(context_.start.frozen_time >= 0 ? ClockWindow::TimeOfDay::kStandsStill
                                                      : ClockWindow::TimeOfDay::kGoesOn);
    std::vector<std::string> ignored;  // the first call has said it
    if (body_ != nullptr) {
      body_->install();
    }
    py::object returned;
    py::object raised;
    try {
      const MemoryLimit limit(context_.start.max_memory);
      interpreter::reseed(context_.start.seed);
      returned = live.function()(*args_);
    } catch (const py::error_already_set& error) {
      raised = py::str("raised " + type_of(error));
    }
    clock.close();
    if (body_ != nullptr) {
      body_->restore();
    }
    if (raised) {
      if (body_ != nullptr) {
        (void)seen_outside(py::none(), body_, clock, ignored);  // takes out what it has recorded
      }
      return raised;
    }
    const auto result =
        result_of(seen_outside(as_returned(std::move(returned), ignored), body_, clock, ignored), Rounds::kAll);
    return result ? result->value : py::none();
  }

  void tear_down(discovery::LiveBenchmark& live) {
    try {
      live.tear_down(args_);
    } catch (const py::error_already_set& error) {
      notes_.push_back("teardown after a call that was repeated raised " + type_of(error));
    }
  }

  static std::string type_of(const py::error_already_set& error) {
    return py::str(error.type().attr("__name__")).cast<std::string>();
  }

  /// Of what can be looked at more than once.
  std::optional<std::string> digest(const py::object& value) {
    return is_plain_iterator(value) ? std::nullopt : writer_.digest(value);
  }

  py::object what_stayed(const std::vector<py::object>& results,
                         const std::vector<std::optional<std::string>>& digests) {
    py::list out;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto now = digest(results[i]);
      out.append(!now || !digests[i]   ? "not looked at"
                 : *now == *digests[i] ? "stayed as it was"
                                       : "was changed by a later call");
    }
    return out;
  }

  void hand(model::Site site, py::object value) {
    SeenValue seen;
    seen.site = site;
    seen.meaningful = !value.is_none();
    seen.value = std::move(value);
    on_value_(std::move(seen));
  }

  const Context& context_;
  const discovery::LiveBenchmark& live_;
  trace::RewrittenBody* body_;
  const py::tuple& args_;
  const model::CaseRequest& request_;
  ValueWriter& writer_;
  const OnAgain& on_value_;
  std::vector<std::string>& notes_;
  std::deque<discovery::LiveBenchmark> instances_;
};

}  // namespace

void call_again(const Context& context, const discovery::LiveBenchmark& live, trace::RewrittenBody* body,
                const py::tuple& args, const model::CaseRequest& request, ValueWriter& writer, const OnAgain& on_value,
                std::vector<std::string>& notes) {
  Again again(context, live, body, args, request, writer, on_value, notes);
  if (request.repeat > 0) {
    again.repeat();
  }
  if (request.perturb) {
    again.perturb();
  }
}

}  // namespace snapshot_test::host::execution
