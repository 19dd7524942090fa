// One benchmark, run and observed in the calling process.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/errors.hpp"
#include "bindings/parts.hpp"
#include "host/discovery/live_benchmark.hpp"
#include "host/execution/clock_window.hpp"
#include "host/execution/seen.hpp"
#include "host/interpreter/determinism.hpp"
#include "host/trace/body_rewriter.hpp"
#include "host/trace/tracer.hpp"

namespace snapshot_test::bindings {

namespace py = pybind11;
namespace discovery = host::discovery;
namespace execution = host::execution;
namespace trace = host::trace;

namespace {

/// The observing code is in the function until this is destroyed.
class InstalledBody {
 public:
  explicit InstalledBody(trace::RewrittenBody& body) : body_(body) { body_.install(); }
  ~InstalledBody() { body_.restore(); }
  InstalledBody(const InstalledBody&) = delete;
  InstalledBody& operator=(const InstalledBody&) = delete;

 private:
  trace::RewrittenBody& body_;
};

/// A benchmark with an instance of its own: set up, called and torn down once, in that order. Python's side decides
/// about folders, the cache and time limits. Exceptions are the benchmark's own.
class Benchmark {
 public:
  Benchmark(const std::string& benchmark_dir, const std::string& name,
            const std::shared_ptr<trace::Eligibility>& eligibility)
      : eligibility_(eligibility), live_(find(benchmark_dir, name)) {}

  /// None without one; else its key. Benchmarks of one key share what setup_cache() gives.
  [[nodiscard]] std::optional<std::string> cache_key() const {
    return live_.setup_cache() ? std::optional(live_.setup_cache()->key) : std::nullopt;
  }
  [[nodiscard]] py::object setup_cache() const { return live_.setup_cache()->function(); }
  [[nodiscard]] std::optional<double> timeout() const { return live_.timeout(); }
  [[nodiscard]] bool is_skipped(const py::tuple& parameters) const {
    const py::object skipped = live_.attribute("skip_params");
    return !skipped.is_none() && skipped.contains(parameters);
  }
  [[nodiscard]] py::object function() const { return live_.function(); }
  [[nodiscard]] const std::string& type() const { return live_.type(); }

  /// Empty, or why it is skipped; teardown has to run all the same.
  std::string set_up(const py::tuple& args, std::uint64_t seed) {
    host::interpreter::reseed(seed);
    if (live_.set_up(args) == discovery::SetUp::kReady) {
      return "";
    }
    return live_.skip_reason().empty() ? "NotImplementedError" : live_.skip_reason();
  }

  /// What the call showed; Python's class TraceResult is made of it.
  py::dict call(const py::tuple& args, std::uint64_t seed, int depth_limit) {
    const execution::ClockWindow::TimeOfDay goes_on = execution::ClockWindow::TimeOfDay::kGoesOn;
    execution::ClockWindow clock(goes_on);
    trace::BodyRewriter rewriter;
    auto body = rewriter.prepare(live_.function());
    trace::Tracer tracer(*eligibility_, {.depth_limit = depth_limit});
    host::interpreter::reseed(seed);
    py::object returned;
    {
      std::optional<InstalledBody> installed;
      if (body) {
        installed.emplace(*body);
      }
      returned = tracer.call(live_.function(), args);
      clock.close();
    }
    std::vector<std::string> notes;
    returned = execution::as_returned(std::move(returned), notes);
    auto seen = execution::seen_outside(std::move(returned), body ? &*body : nullptr, clock, notes);
    trace::Trace traced = tracer.take();
    notes.insert(notes.end(), traced.notes.begin(), traced.notes.end());
    const int max_depth = traced.max_depth;
    const int deepest_depth = traced.deepest ? traced.deepest->depth : 0;
    for (auto& each : execution::seen_inside(traced, execution::Inside::kAll)) {
      seen.push_back(std::move(each));
    }
    py::dict shown = describe(seen);
    shown["notes"] = notes;
    shown["max_depth"] = max_depth;
    shown["deepest_depth"] = deepest_depth;
    return shown;
  }

  void tear_down(const py::tuple& args) const { live_.tear_down(args); }

 private:
  static discovery::LiveBenchmark find(const std::string& benchmark_dir, const std::string& name) {
    make_room(benchmark_dir);
    return or_benchmark_error(discovery::LiveBenchmark::resolve(benchmark_dir, name));
  }

  static py::dict describe(const std::vector<execution::SeenValue>& seen) {
    py::dict sites;
    py::object deepest = py::none();
    for (const execution::SeenValue& each : seen) {
      if (each.meaningful && !each.only_if_asked) {
        sites[py::str(each.site.text())] = each.value;
      }
      if (each.site.kind == model::SiteKind::kDeepest) {
        deepest = py::str(each.source);
      }
    }
    py::dict shown;
    shown["sites"] = sites;
    shown["deepest_function"] = deepest;
    if (const auto result = execution::result_of(seen, execution::Rounds::kAll)) {
      shown["result"] = result->value;
      shown["of_deepest"] = result->site.kind == model::SiteKind::kDeepest;
    } else {
      shown["result"] = py::none();
      shown["of_deepest"] = false;
    }
    return shown;
  }

  std::shared_ptr<trace::Eligibility> eligibility_;
  discovery::LiveBenchmark live_;
};

}  // namespace

void add_runner(py::module_& module) {
  py::class_<Benchmark>(module, "Benchmark")
      .def(py::init<const std::string&, const std::string&, const std::shared_ptr<trace::Eligibility>&>(),
           py::arg("benchmark_dir"), py::arg("name"), py::arg("eligibility"))
      .def_property_readonly("cache_key", &Benchmark::cache_key)
      .def_property_readonly("timeout", &Benchmark::timeout)
      .def_property_readonly("function", &Benchmark::function)
      .def_property_readonly("type", &Benchmark::type)
      .def("setup_cache", &Benchmark::setup_cache)
      .def("is_skipped", &Benchmark::is_skipped, py::arg("parameters"))
      .def("set_up", &Benchmark::set_up, py::arg("args"), py::arg("seed"))
      .def("call", &Benchmark::call, py::arg("args"), py::arg("seed"), py::arg("depth_limit"))
      .def("tear_down", &Benchmark::tear_down, py::arg("args"));
}

}  // namespace snapshot_test::bindings
