#include "cluster/wire.hpp"

#include <exception>
#include <filesystem>
#include <optional>
#include <utility>
#include <variant>

#include "util/try.hpp"

namespace snapshot_test::cluster {

using nlohmann::json;

namespace {

template <class T>
json optional_json(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

template <class T>
std::optional<T> optional_from(const json& in, const char* name) {
  return in.at(name).is_null() ? std::nullopt : std::optional(in.at(name).get<T>());
}

std::string absolute_path(const std::filesystem::path& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

/// Calls a function that throws what nlohmann::json throws.
template <class Function>
auto checked(const Function& function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& error) {
    return fail(ErrorKind::kCorrupt, std::string("a message of a cluster is malformed: ") + error.what());
  }
}

}  // namespace

json options_json(const model::SuiteOptions& options) {
  json reducers = json::array();
  for (const auto& file : options.reducers) {
    reducers.push_back(absolute_path(file));
  }
  return {{"benchmark_dir", absolute_path(options.benchmark_dir)},
          {"project_dir", options.project_dir ? json(absolute_path(*options.project_dir)) : json(nullptr)},
          {"timeout", optional_json(options.timeout)},
          {"import_timeout", optional_json(options.import_timeout)},
          {"max_memory", optional_json(options.max_memory)},
          {"seed", options.seed},
          {"limits", options.limits},
          {"freeze_time", optional_json(options.freeze_time)},
          {"reducers", std::move(reducers)},
          {"project_code", options.project_code}};
}

model::SuiteOptions options_from_json(const json& in) {
  model::SuiteOptions options;
  options.benchmark_dir = in.at("benchmark_dir").get<std::string>();
  options.python = in.at("python").get<std::string>();
  if (const auto folder = optional_from<std::string>(in, "project_dir")) {
    options.project_dir = *folder;
  }
  options.timeout = optional_from<double>(in, "timeout");
  options.import_timeout = optional_from<double>(in, "import_timeout");
  options.max_memory = optional_from<std::uint64_t>(in, "max_memory");
  in.at("seed").get_to(options.seed);
  in.at("limits").get_to(options.limits);
  options.freeze_time = optional_from<std::uint64_t>(in, "freeze_time");
  for (const json& file : in.at("reducers")) {
    options.reducers.emplace_back(file.get<std::string>());
  }
  in.at("project_code").get_to(options.project_code);
  options.workers = 1;
  return options;
}

json host_json(const HostPlan& host) {
  return {{"epoch", host.epoch}, {"second", host.pass == runner::Pass::kSecond}, {"preload", host.preload}};
}

HostPlan host_from_json(const json& in) {
  HostPlan host;
  in.at("epoch").get_to(host.epoch);
  host.pass = in.at("second").get<bool>() ? runner::Pass::kSecond : runner::Pass::kFirst;
  in.at("preload").get_to(host.preload);
  return host;
}

json benchmark_json(const model::Benchmark& benchmark, const model::Rules& rules) {
  return model::encode(model::Become{model::BenchmarkRequest{model::without_params(benchmark), rules}});
}

Result<model::BenchmarkRequest> benchmark_from_json(const json& in) {
  TRY_ASSIGN(auto command, model::decode<model::Command>(in));
  return checked([&]() -> Result<model::BenchmarkRequest> {
    return std::get<model::BenchmarkRequest>(std::get<model::Become>(std::move(command)).request);
  });
}

json task_json(const runner::CaseTask& task, const model::CaseRequest& request) {
  return {{"case", model::encode(model::RunCase{task.benchmark->name, request})},
          {"expected", task.expected},
          {"spawn", task.isolation == model::Isolation::kSpawn},
          {"in_series", task.in_series}};
}

Result<SentTask> task_from_json(const json& in) {
  return checked([&]() -> Result<SentTask> {
    TRY_ASSIGN(auto command, model::decode<model::Command>(in.at("case")));
    SentTask sent;
    sent.request = std::get<model::RunCase>(std::move(command)).request;
    sent.task.index = sent.request.index;
    sent.task.observe = sent.request.observe;
    in.at("expected").get_to(sent.task.expected);
    sent.task.isolation = in.at("spawn").get<bool>() ? model::Isolation::kSpawn : model::Isolation::kFork;
    in.at("in_series").get_to(sent.task.in_series);
    return sent;
  });
}

json outcome_json(const runner::CaseOutcome& outcome) {
  return {{"reply", model::encode(model::CaseReply{outcome.observation, outcome.comparisons, ""})},
          {"total_seconds", outcome.observation.total_seconds},
          {"ran", outcome.ran},
          {"in_series", outcome.in_series}};
}

Result<runner::CaseOutcome> outcome_from_json(const json& in) {
  return checked([&]() -> Result<runner::CaseOutcome> {
    auto report = model::decode<model::Report>(in.at("reply"));
    auto* reply = report ? std::get_if<model::CaseReply>(&*report) : nullptr;
    if (reply == nullptr) {
      return fail(ErrorKind::kCorrupt, "a worker sent something else than what a case showed");
    }
    runner::CaseOutcome outcome;
    outcome.observation = std::move(reply->observation);
    outcome.comparisons = std::move(reply->comparisons);
    in.at("total_seconds").get_to(outcome.observation.total_seconds);
    in.at("ran").get_to(outcome.ran);
    in.at("in_series").get_to(outcome.in_series);
    return outcome;
  });
}

}  // namespace snapshot_test::cluster
