#include "snapshot_test/store/run_info.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <mutex>
#include <random>
#include <sstream>

#include "snapshot_test/store/format.hpp"
#include "store/json_text.hpp"

namespace snapshot_test::store {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json git_to_json(const std::optional<GitInfo>& git) {
  if (!git) {
    return nullptr;
  }
  ordered_json out;
  out["commit"] = git->commit.empty() ? ordered_json(nullptr) : ordered_json(git->commit);
  out["branch"] = git->branch.empty() ? ordered_json(nullptr) : ordered_json(git->branch);
  out["dirty"] = git->dirty ? ordered_json(*git->dirty) : ordered_json(nullptr);
  out["path"] = git->path;
  return out;
}

std::string text_or_null(const json& in, const char* key) {
  return in.at(key).is_null() ? std::string() : in.at(key).get<std::string>();
}

std::optional<GitInfo> git_from_json(const json& in) {
  if (in.is_null()) {
    return std::nullopt;
  }
  need_object(in);
  GitInfo git;
  git.commit = text_or_null(in, "commit");
  git.branch = text_or_null(in, "branch");
  if (!in.at("dirty").is_null()) {
    git.dirty = in.at("dirty").get<bool>();
  }
  in.at("path").get_to(git.path);
  return git;
}

void run_from_json(const json& in, RunInfo& out, std::string& where) {
  in.at("id").get_to(out.id);
  in.at("time").get_to(out.time);
  in.at("tool_version").get_to(out.tool_version);
  where = "git";
  out.git = git_from_json(in.at("git"));
  where = "python";
  const json& python = in.at("python");
  need_object(python);
  python.at("version").get_to(out.python.version);
  python.at("implementation").get_to(out.python.implementation);
  python.at("executable").get_to(out.python.executable);
  where = "machine";
  const json& machine = in.at("machine");
  need_object(machine);
  machine.at("platform").get_to(out.machine.platform);
  machine.at("cpu").get_to(out.machine.cpu);
  out.machine.cores = static_cast<unsigned>(get_unsigned(machine, "cores"));
  std::istringstream features(machine.at("cpu_features").get<std::string>());
  for (std::string word; features >> word;) {
    out.machine.cpu_features.push_back(word);
  }
  where.clear();
  in.at("packages").get_to(out.packages);
  out.tested = in.value("tested", std::vector<model::TestedPackage>());
  if (in.contains("environment")) {
    out.environment = in.at("environment").get<std::map<std::string, std::string>>();
  }
  out.seed = get_unsigned(in, "seed");
  out.settings = in.at("settings");
  in.at("counts").get_to(out.counts);
}

}  // namespace

std::string new_run_id(std::time_t now) {
  using std::chrono::nanoseconds;
  using std::chrono::seconds;
  // Four digits are the fraction of the second, in 1/65536, so that captures that follow each other sort as they were
  // made; two are random. A clock that has gone on to the next second meanwhile is at the end of this one.
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto second = std::chrono::floor<seconds>(since);
  std::int64_t fraction = second.count() == now + 1 ? 0xFFFF : 0;
  if (second.count() == now) {
    fraction = (nanoseconds(since - second).count() << 16U) / 1'000'000'000;
  }
  std::random_device entropy;
  auto number = static_cast<std::uint64_t>(fraction) << 8U | (entropy() & 0xFFU);
  // Those of one process rise, whatever the clock does within the second.
  static std::mutex mutex;
  static std::time_t last_second = 0;
  static std::uint64_t last_number = 0;
  const std::lock_guard lock(mutex);
  if (now == last_second && number <= last_number) {
    number = last_number + 1;
  }
  constexpr std::uint64_t kMost = 0xFFFFFF;
  if (number > kMost) {
    ++now;
    number = 0;
  }
  last_second = now;
  last_number = number;
  return fmt::format("{:%Y%m%dT%H%M%SZ}-{:06x}", fmt::gmtime(now), number);
}

std::string utc_text(std::time_t time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time)); }

std::string to_text(const RunInfo& run) {
  ordered_json out;
  out["format"] = kFormatVersion;
  out["id"] = run.id;
  out["time"] = run.time;
  out["tool_version"] = run.tool_version;
  out["git"] = git_to_json(run.git);
  out["python"]["version"] = run.python.version;
  out["python"]["implementation"] = run.python.implementation;
  out["python"]["executable"] = run.python.executable;
  out["machine"]["platform"] = run.machine.platform;
  out["machine"]["cpu"] = run.machine.cpu;
  out["machine"]["cores"] = run.machine.cores;
  out["machine"]["cpu_features"] = fmt::format("{}", fmt::join(run.machine.cpu_features, " "));
  out["packages"] = run.packages;
  out["tested"] = nlohmann::json(run.tested);
  if (run.environment) {
    out["environment"] = *run.environment;
  }
  out["seed"] = run.seed;
  out["settings"] = run.settings;
  out["counts"] = run.counts;
  return json_text(out);
}

Result<RunInfo> run_info_from_text(std::string_view text, const std::string& path) {
  RunInfo run;
  std::uint64_t version = 0;
  auto decoded = decode_json(text, path, [&](const json& in, std::string& where) {
    need_object(in);
    version = get_unsigned(in, "format");
    if (is_read_format(version)) {
      run_from_json(in, run, where);
    }
  });
  if (decoded) {
    decoded = check_version(version, path);
  }
  if (!decoded) {
    return tl::unexpected(std::move(decoded.error()));
  }
  return run;
}

}  // namespace snapshot_test::store
