// The snapshot store: one case at a time, as scripts store and load it.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/errors.hpp"
#include "bindings/parts.hpp"
#include "bindings/stored_cases.hpp"
#include "host/discovery/benchmark_type.hpp"
#include "host/discovery/params.hpp"
#include "host/execution/sinks.hpp"
#include "host/pickling/pickler.hpp"
#include "host/pickling/standard_reducers.hpp"
#include "host/pickling/type_names.hpp"
#include "snapshot_test/store/store.hpp"
#include "snapshot_test/store/transaction.hpp"
#include "util/try.hpp"

namespace snapshot_test::bindings {

namespace py = pybind11;
namespace fs = std::filesystem;
namespace pickling = host::pickling;
using model::CaptureStatus;
using store::CaseRecord;
using store::Manifest;
using store::Store;

namespace {

Manifest new_manifest(const Target& target) {
  model::Benchmark benchmark;
  benchmark.name = target.full_name();
  benchmark.type = host::discovery::builtin_type(target.function).value_or("time");
  benchmark.module = target.module;
  benchmark.class_name = target.class_name;
  benchmark.function = target.function;
  return store::make_manifest(benchmark);
}

/// Raises what a __repr__ raises.
std::vector<std::string> ids_of(const py::tuple& parameters) {
  std::vector<std::string> ids;
  for (const py::handle value : parameters) {
    py::list alone;
    alone.append(value);
    ids.push_back(host::discovery::axis_ids(alone).front());
  }
  return ids;
}

/// ValueError about parameters, else StoreError.
[[noreturn]] void raise_for(const Error& error, const std::string& root) {
  if (error.kind == ErrorKind::kUsage) {
    throw py::value_error(error.message);
  }
  raise("StoreError", py::make_tuple(error.message, root));
}

template <class T>
T or_raise(Result<T> result, const std::string& root) {
  if (!result) {
    raise_for(result.error(), root);
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}

store::PythonInfo this_python() {
  const py::module_ sys = py::module_::import("sys");
  const py::object executable = sys.attr("executable");
  return {py::module_::import("platform").attr("python_version")().cast<std::string>(), "CPython",
          executable.is_none() ? std::string() : executable.cast<std::string>()};
}

/// One case on its way into the store, which is locked meanwhile.
class Recording {
 public:
  static Result<Recording> begin(const std::string& root, const Target& target) {
    TRY_ASSIGN(auto store, opened(Store::open_or_create(store::absolute_location(root))));
    std::string run = store::new_run_id(std::time(nullptr));
    TRY_ASSIGN(auto transaction, store->begin_capture(run, kPatience));
    TRY_ASSIGN(auto manifest, store->load_manifest(target.full_name()));
    return Recording{std::move(store), std::move(transaction), manifest ? std::move(*manifest) : new_manifest(target),
                     std::move(run)};
  }

  [[nodiscard]] Result<std::unique_ptr<store::ObjectWriter>> writer() const {
    return store::create_object(transaction->locator(), store::Compression::kNone);
  }

  Result<void> finish(CaseRecord record, const std::vector<std::string>& names, store::PythonInfo python) {
    store::RunInfo run;
    run.id = id;
    run.time = store::utc_text(std::time(nullptr));
    run.tool_version = ST_VERSION;
    std::error_code ignored;
    run.git = store::collect_git(fs::current_path(ignored)).value_or(std::nullopt);
    run.python = std::move(python);
    run.machine = store::collect_machine();
    run.settings = {{"interface", "python"}};
    run.counts[std::string(name(record.status))] = 1;
    record.run = id;
    auto done = store::put_case(manifest, names, std::move(record));
    done = done ? transaction->put_manifest(manifest) : done;
    done = done ? transaction->put_run(run) : done;
    return done ? transaction->commit() : done;
  }

  std::unique_ptr<Store> store;
  std::unique_ptr<store::CaptureTransaction> transaction;
  Manifest manifest;
  std::string id;
};

Recording begin(const std::string& root, const Target& target) {
  auto recording = [&] {
    const py::gil_scoped_release waits;
    return Recording::begin(root, target);
  }();
  return or_raise(std::move(recording), root);
}

void finish(Recording& recording, const std::string& root, CaseRecord record, const std::vector<std::string>& names) {
  store::PythonInfo python = this_python();
  auto done = [&] {
    const py::gil_scoped_release writes;
    return recording.finish(std::move(record), names, std::move(python));
  }();
  or_raise(std::move(done), root);
}

/// What happens to values of which a pickle only says what they are: functions, locks.
enum class Describing { kRefused, kStored };

/// Pickles one value as a capture does, as often as it is needed: an iterator in it gives the same items each time.
class ValuePickler {
 public:
  ValuePickler(py::object value, const std::string& root, Describing describing)
      : value_(std::move(value)), root_(root), describing_(describing) {}

  [[nodiscard]] std::string type() const { return pickling::type_name(py::type::handle_of(value_)); }

  /// SnapshotError where the value cannot be pickled, or only described and `describing` refuses that. Returns what the
  /// pickle does not hold.
  std::vector<std::string> write(util::ByteSink& sink) {
    const auto pickled = pickling::Pickler(sink, limits_, reducers_, drained_).dump(value_);
    if (!pickled && pickled.error().kind == ErrorKind::kPython) {
      refuse(pickled.error().message);
    }
    if (!pickled) {
      raise_for(pickled.error(), root_);
    }
    described_.clear();
    if (pickled->content == pickling::Content::kDescribedOnly) {
      described_ = pickled->notes.empty() ? "it holds nothing that can be compared" : pickled->notes.front();
      if (describing_ == Describing::kRefused) {
        refuse(described_);
      }
    }
    partly_ = pickled->partly;
    return pickled->notes;
  }

  /// Of the last write().
  [[nodiscard]] const std::string& partly() const { return partly_; }
  /// Of the last write(): why the pickle is a description only; empty where it holds the value.
  [[nodiscard]] const std::string& described() const { return described_; }

  /// SnapshotError where write() would raise it.
  void try_out() {
    host::execution::HashSink nowhere(or_raise(store::Sha256::create(), root_));
    write(nowhere);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    raise("SnapshotError", py::make_tuple("a value of type " + type() + " was not stored: " + why +
                                          "; store what was computed instead, as an array, a number or a container"));
  }

  py::object value_;
  const std::string& root_;
  Describing describing_;
  pickling::Reducers reducers_ = pickling::standard_reducers();
  pickling::DrainCache drained_{pickling::pickle_items};
  pickling::Limits limits_;
  std::string partly_;
  std::string described_;
};

/// The path of the pickle, and what it does not hold of the value.
std::pair<std::string, std::vector<std::string>> store_value(const std::string& root, const Target& target,
                                                             const py::tuple& parameters,
                                                             const std::vector<std::string>& names,
                                                             const py::object& value, bool describe) {
  CaseRecord record;
  record.ids = ids_of(parameters);
  ValuePickler pickler(value, root, describe ? Describing::kStored : Describing::kRefused);
  if (!or_raise(open_if_there(root), root)) {
    pickler.try_out();  // no folder is made for a value that cannot be stored
  }
  Recording recording = begin(root, target);
  host::execution::StoreSink sink(or_raise(recording.writer(), root));
  std::vector<std::string> notes = pickler.write(sink);
  model::SiteValue site;
  or_raise(sink.finish(site), root);
  const std::string object = site.object;
  site.site = {model::SiteKind::kResult, 0};
  site.type = pickler.type();
  site.meaningful = !value.is_none() && pickler.described().empty();
  site.partly = pickler.partly();
  record.status = site.meaningful ? CaptureStatus::kOuter : CaptureStatus::kVacuous;
  if (!site.meaningful) {
    record.reason = value.is_none() ? "the result is None" : "the result is only described: " + pickler.described();
  }
  record.ending = model::Ending::kReturned;
  record.sites = {std::move(site)};
  finish(recording, root, std::move(record), names);
  const auto stored = recording.store->find_object(object);
  return {stored ? stored->place : recording.store->name(), std::move(notes)};
}

void store_failure(const std::string& root, const Target& target, const py::tuple& parameters,
                   const std::vector<std::string>& names, const std::string& reason) {
  CaseRecord record;
  record.ids = ids_of(parameters);
  record.status = CaptureStatus::kFailed;
  record.reason = reason;
  record.ending = model::Ending::kRaised;
  Recording recording = begin(root, target);
  finish(recording, root, std::move(record), names);
}

/// `work()` without the GIL, then its value or an exception.
template <class Work>
auto unlocked(const std::string& root, Work&& work) {
  auto result = [&] {
    const py::gil_scoped_release free;
    return work();
  }();
  return or_raise(std::move(result), root);
}

void add_classes(py::module_& module) {
  py::class_<Target>(module, "SnapshotTarget", "A benchmark as scripts name it.")
      .def(py::init([](std::string module_path, std::string class_name, std::string function) {
             return Target{std::move(module_path), std::move(class_name), std::move(function)};
           }),
           py::arg("module"), py::arg("class_name"), py::arg("function"))
      .def_readonly("module", &Target::module)
      .def_readonly("class_name", &Target::class_name)
      .def_readonly("function", &Target::function)
      .def_property_readonly("full_name", &Target::full_name);
  py::class_<StoredCase>(module, "StoredCase", "What the store has of one case.")
      .def_readonly("target", &StoredCase::target)
      .def_readonly("names", &StoredCase::names)
      .def_readonly("ids", &StoredCase::ids)
      .def_readonly("failed", &StoredCase::failed)
      .def_readonly("reason", &StoredCase::reason)
      .def_readonly("values", &StoredCase::values)
      .def_readonly("sketched", &StoredCase::sketched)
      .def_readonly("path", &StoredCase::path)
      .def_property_readonly("time", [](const StoredCase& it) { return it.run.time; })
      .def_property_readonly("python_version", [](const StoredCase& it) { return it.run.python.version; })
      .def_property_readonly("platform", [](const StoredCase& it) { return it.run.machine.platform; })
      .def_property_readonly("git_commit", [](const StoredCase& it) { return it.run.git ? it.run.git->commit : ""; })
      .def_property_readonly("git_branch", [](const StoredCase& it) { return it.run.git ? it.run.git->branch : ""; });
  py::class_<Stats>(module, "StoreStats", "What a store holds, counted.")
      .def_readonly("snapshots", &Stats::snapshots)
      .def_readonly("benchmarks", &Stats::benchmarks)
      .def_property_readonly("modules", [](const Stats& it) { return it.modules.size(); })
      .def_readonly("bytes", &Stats::bytes)
      .def_readonly("oldest", &Stats::oldest)
      .def_readonly("newest", &Stats::newest);
  py::class_<util::MappedFile>(module, "StoredPickle", py::buffer_protocol(), "A pickle that was checked.")
      .def_buffer([](const util::MappedFile& file) {
        return py::buffer_info(reinterpret_cast<const std::uint8_t*>(file.bytes().data()),
                               static_cast<py::ssize_t>(file.bytes().size()));
      });
}

}  // namespace

void add_storage(py::module_& module) {
  add_classes(module);
  module.def("store_value", &store_value, py::arg("root"), py::arg("target"), py::arg("parameters"), py::arg("names"),
             py::arg("value"), py::arg("describe"),
             "Stores what a case came to. The path of its pickle, and what is not in it.");
  module.def("store_failure", &store_failure, py::arg("root"), py::arg("target"), py::arg("parameters"),
             py::arg("names"), py::arg("reason"), "Stores that a case could not be captured.");
  module.def(
      "find_stored",
      [](const std::string& root, const Target& target, const py::tuple& parameters) {
        const auto ids = ids_of(parameters);
        return unlocked(root, [&] { return find_stored(root, target, ids); });
      },
      py::arg("root"), py::arg("target"), py::arg("parameters"), "What the store has of a case, if anything.");
  module.def(
      "list_stored",
      [](const std::string& root, const std::optional<std::string>& in, const std::optional<std::string>& function) {
        return unlocked(root, [&] { return list_stored(root, in, function); });
      },
      py::arg("root"), py::arg("module"), py::arg("function"), "What the store has of all cases, or of some.");
  module.def(
      "forget_stored",
      [](const std::string& root, const Target& target, const py::tuple& parameters) {
        const auto ids = ids_of(parameters);
        return unlocked(root, [&] { return forget_stored(root, target, ids); });
      },
      py::arg("root"), py::arg("target"), py::arg("parameters"), "Removes a case from its manifest. Was there one?");
  module.def(
      "clean_store", [](const std::string& root) { unlocked(root, [&] { return clean_store(root); }); },
      py::arg("root"), "Removes what nothing refers to, and empty folders.");
  module.def(
      "store_stats", [](const std::string& root) { return unlocked(root, [&] { return stats_of(root); }); },
      py::arg("root"), "Counts what a store holds.");
  module.def(
      "load_object",
      [](const std::string& root, const std::string& sha256, std::uint64_t bytes) {
        return unlocked(root, [&] { return load_object(root, sha256, bytes); });
      },
      py::arg("root"), py::arg("sha256"), py::arg("bytes"), "The pickle of a value, checked against its name.");
}

}  // namespace snapshot_test::bindings
