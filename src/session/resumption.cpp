#include "session/resumption.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <utility>

#include "snapshot_test/store/run_info.hpp"

namespace snapshot_test::session {

namespace fs = std::filesystem;
using model::Ending;
using nlohmann::json;

namespace {

/// Size and time of files that are read but not imported.
json stamps(const std::vector<fs::path>& files) {
  json stamps = json::object();
  for (const fs::path& file : files) {
    std::error_code ignored;
    stamps[fs::absolute(file).string()] = {fs::file_size(file, ignored),
                                           fs::last_write_time(file, ignored).time_since_epoch().count()};
  }
  return stamps;
}

/// All that must be as it was for what was seen of a case to count.
json identity(const CaptureOptions& options, const model::Benchmark& benchmark, std::size_t index,
              const std::string& source) {
  return {{"benchmark", benchmark.name},
          {"index", index},
          {"ids", benchmark.case_ids(index)},
          {"version", benchmark.version},
          {"source", source},
          {"rules", model::rules_for(benchmark, options.comparison.rules, options.comparison.changes)}};
}

bool same_identity(const json& line, const json& wanted) {
  for (const auto& [key, value] : wanted.items()) {
    if (line.at(key) != value) {
      return false;
    }
  }
  return true;
}

Captured captured_from(const json& line) {
  Captured captured;
  captured.status = model::capture_status_from_name(line.at("status").get<std::string>()).value();
  line.at("reason").get_to(captured.reason);
  line.at("complete").get_to(captured.complete);
  line.at("context_free").get_to(captured.context_free);
  line.at("observation").get_to(captured.observation);
  line.at("total_seconds").get_to(captured.observation.total_seconds);
  return captured;
}

}  // namespace

json settings_json(const CaptureOptions& options) {
  json settings = options.record.run;
  settings["filter"] = options.suite.filter.value_or("");
  return settings;
}

json resumption_key(const CaptureOptions& options, const runner::PythonEnvironment& python,
                    const model::DiscoverReply& reply) {
  json settings = settings_json(options);
  settings.update(options.record.resumable);
  settings.erase("rules");  // each case has its own
  const store::MachineInfo machine = store::collect_machine();
  return {{"snapshot_test", ST_VERSION},
          {"benchmark_dir", fs::absolute(options.suite.benchmark_dir).lexically_normal().string()},
          {"python", {{"version", python.version}, {"executable", python.executable}}},
          {"machine", {{"cpu", machine.cpu}, {"cpu_features", machine.cpu_features}}},
          {"packages", reply.packages},
          {"files", reply.files},
          {"reducers", stamps(options.suite.reducers)},
          {"seed", options.suite.seed},
          {"settings", std::move(settings)}};
}

bool worth_recording(Ending ending) {
  switch (ending) {
    case Ending::kReturned:
    case Ending::kNoOp:
    case Ending::kSkipped:
    case Ending::kRaised:
    case Ending::kTimedOut: return true;
    default: return false;
  }
}

json journal_line(const CaptureOptions& options, const model::Benchmark& benchmark, std::size_t index,
                  const std::string& source, const Captured& captured) {
  json line = identity(options, benchmark, index, source);
  line["status"] = model::name(captured.status);
  line["reason"] = captured.reason;
  line["complete"] = captured.complete;
  line["context_free"] = captured.context_free;
  line["total_seconds"] = captured.observation.total_seconds;
  line["observation"] = captured.observation;
  return line;
}

std::vector<Recorded> recorded_cases(const CaptureOptions& options, const std::vector<json>& lines,
                                     const Selection& selection, const std::map<std::string, std::string>& sources) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < selection.suite.benchmarks.size(); ++i) {
    places.emplace(selection.suite.benchmarks[i].name, i);
  }
  std::vector<Recorded> all;
  for (const json& line : lines) {
    try {
      const auto place = places.find(line.at("benchmark").get<std::string>());
      const auto index = line.at("index").get<std::size_t>();
      if (place == places.end()) {
        continue;
      }
      const model::Benchmark& benchmark = selection.suite.benchmarks[place->second];
      const auto& indices = selection.indices[place->second];
      const auto source = sources.find(benchmark.module);
      if (source != sources.end() && std::binary_search(indices.begin(), indices.end(), index) &&
          same_identity(line, identity(options, benchmark, index, source->second))) {
        all.push_back({place->second, index, captured_from(line)});
      }
    } catch (const std::exception&) {
      continue;  // the file may hold anything
    }
  }
  return all;
}

}  // namespace snapshot_test::session
