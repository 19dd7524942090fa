#include "store/status_file.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "store/json_text.hpp"
#include "util/file.hpp"
#include "util/try.hpp"

namespace snapshot_test::store {

namespace fs = std::filesystem;

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kStatusName = "snapshot_test status";

tl::unexpected<Error> unusable(const fs::path& path, std::string_view what) {
  return fail(
      ErrorKind::kUsage,
      fmt::format("the status file '{}' {}; record one with `snapshot_test baseline --status FILE`, on the code "
                  "before the change",
                  path.string(), what));
}

ordered_json benchmark_to_json(const BenchmarkStatus& benchmark) {
  const Manifest& shape = benchmark.shape;
  ordered_json out;
  out["benchmark"] = shape.benchmark;
  out["module"] = shape.module;
  out["class"] = shape.class_name;
  out["function"] = shape.function;
  out["params"] = ordered_json::array();
  for (const model::ParamAxis& axis : shape.params) {
    out["params"].push_back({{"name", axis.name}, {"ids", axis.ids}});
  }
  out["cases"] = ordered_json::array();
  for (std::size_t i = 0; i < shape.cases.size(); ++i) {
    const CaseRecord& record = shape.cases[i];
    ordered_json each;
    each["index"] = record.index;
    each["case"] = case_label(shape, record);
    each["status"] = model::name(benchmark.statuses.at(i));
    each["reason"] = record.reason;
    each["seconds"] = record.seconds;
    out["cases"].push_back(std::move(each));
  }
  return out;
}

BenchmarkStatus benchmark_from_json(const json& in) {
  need_object(in);
  BenchmarkStatus benchmark;
  Manifest& shape = benchmark.shape;
  in.at("benchmark").get_to(shape.benchmark);
  in.at("module").get_to(shape.module);
  in.at("class").get_to(shape.class_name);
  in.at("function").get_to(shape.function);
  for (const json& axis : get_array(in, "params")) {
    shape.params.push_back({axis.at("name").get<std::string>(), axis.at("ids").get<std::vector<std::string>>()});
  }
  const model::Benchmark whole = benchmark_of(shape);
  const std::size_t cases = whole.case_count();
  for (const json& each : get_array(in, "cases")) {
    CaseRecord record;
    record.index = get_unsigned(each, "index");
    const auto status = model::case_status_from_name(each.at("status").get<std::string>());
    const bool rises = shape.cases.empty() || shape.cases.back().index < record.index;
    if (!status || record.index >= cases || !rises) {
      throw std::invalid_argument(fmt::format("'{}' has an unknown status, or an index that it cannot have",
                                              each.at("case").get<std::string>()));
    }
    record.ids = whole.case_ids(record.index);
    each.at("reason").get_to(record.reason);
    each.at("seconds").get_to(record.seconds);
    shape.cases.push_back(std::move(record));
    benchmark.statuses.push_back(*status);
  }
  return benchmark;
}

void status_from_json(const json& in, const std::string& path, StatusFile& out, std::string& where) {
  in.at("suite").get_to(out.suite);
  in.at("filter").get_to(out.filter);
  in.at("exclude").get_to(out.exclude);
  in.at("exclude_benchmarks").get_to(out.exclude_benchmarks);
  where = "run";
  auto run = run_info_from_text(in.at("run").dump(), path);
  if (!run) {
    throw std::invalid_argument(run.error().message);
  }
  out.run = std::move(*run);
  where = "failures";
  for (const json& each : get_array(in, "failures")) {
    out.failures.push_back({each.at("where").get<std::string>(), each.at("cause").get<std::string>(), ""});
  }
  std::size_t place = 0;
  for (const json& each : get_array(in, "benchmarks")) {
    where = fmt::format("benchmarks[{}]", place++);
    out.benchmarks.push_back(benchmark_from_json(each));
  }
  where.clear();
  std::erase_if(out.benchmarks, [](const BenchmarkStatus& each) { return each.statuses.empty(); });
}

}  // namespace

Result<void> write_status_file(const fs::path& path, const StatusFile& status) {
  ordered_json out;
  out["format"] = kStatusName;
  out["version"] = kStatusFormat;
  out["suite"] = status.suite;
  out["filter"] = status.filter;
  out["exclude"] = status.exclude;
  out["exclude_benchmarks"] = status.exclude_benchmarks;
  out["run"] = ordered_json::parse(to_text(status.run));
  out["failures"] = ordered_json::array();
  for (const model::DiscoveryFailure& each : status.failures) {
    out["failures"].push_back({{"where", each.where}, {"cause", each.cause}});
  }
  out["benchmarks"] = ordered_json::array();
  for (const BenchmarkStatus& each : status.benchmarks) {
    out["benchmarks"].push_back(benchmark_to_json(each));
  }
  std::error_code code;
  if (path.has_parent_path()) {
    fs::create_directories(path.parent_path(), code);
  }
  if (code) {
    return fail(ErrorKind::kIo, fmt::format("cannot create the folder '{}' for the status file: {}; name another file "
                                            "with --status",
                                            path.parent_path().string(), code.message()));
  }
  return util::write_file_atomically(path, json_text(out));
}

Result<StatusFile> read_status_file(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(path, code)) {
    return unusable(path, "does not exist");
  }
  auto text = util::read_file(path);
  if (!text) {
    return text.error().kind == ErrorKind::kCorrupt ? unusable(path, "is no regular file")
                                                    : tl::unexpected(std::move(text.error()));
  }
  if (text->empty()) {
    return unusable(path, "is empty");
  }
  StatusFile status;
  bool is_one = false;
  std::uint64_t version = 0;
  const auto decoded = decode_json(*text, path.string(), [&](const json& in, std::string& where) {
    is_one = in.is_object() && in.value("format", json()) == kStatusName;
    if (!is_one) {
      return;
    }
    version = get_unsigned(in, "version");
    if (version == kStatusFormat) {
      status_from_json(in, path.string(), status, where);
    }
  });
  if (!decoded) {
    return fail(ErrorKind::kUsage,
                fmt::format("the status file {}; record it anew with `snapshot_test baseline --status FILE`, on the "
                            "code before the change",
                            decoded.error().message));
  }
  if (!is_one) {
    return unusable(path, "is no file that `snapshot_test baseline` has written");
  }
  if (version != kStatusFormat) {
    return unusable(path, fmt::format("has format version {}, and this version reads {}", version, kStatusFormat));
  }
  if (status.benchmarks.empty()) {
    return unusable(path, "holds no cases");
  }
  return status;
}

}  // namespace snapshot_test::store
