#include "shards/choice.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "util/try.hpp"

namespace snapshot_test::shards {

namespace {

constexpr std::size_t kMostShards = 100'000;
constexpr const char* kForms = "give K/N, such as 3/8, or auto where the environment says which shard this is";

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(number)
                                                                                   : std::nullopt;
}

/// What a batch system tells its jobs.
struct System {
  const char* index;
  const char* total;   ///< null: it says none
  std::uint64_t from;  ///< the first index
};
constexpr std::array<System, 4> kSystems{{{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", 0},
                                          {"CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
                                          {"JOB_COMPLETION_INDEX", nullptr, 0},
                                          {"TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", 0}}};

Result<std::optional<std::uint64_t>> number_of(const char* name, const Variables& variables) {
  const auto text = variables(name);
  if (!text) {
    return std::nullopt;
  }
  const auto number = whole_number(*text);
  if (!number) {
    return fail(ErrorKind::kUsage, fmt::format("the environment variable {} is '{}', not a whole number; "
                                               "--shard K/N says it instead",
                                               name, *text));
  }
  return number;
}

struct Found {
  const System* system;
  std::uint64_t index;  ///< from 0 on
  std::optional<std::uint64_t> total;
};

Result<std::optional<Found>> look_for(const System& system, const Variables& variables) {
  TRY_ASSIGN(const auto index, number_of(system.index, variables));
  if (!index) {
    return std::nullopt;
  }
  std::uint64_t first = system.from;
  std::uint64_t step = 1;
  if (std::string_view(system.index) == "SLURM_ARRAY_TASK_ID") {
    TRY_ASSIGN(const auto least, number_of("SLURM_ARRAY_TASK_MIN", variables));
    TRY_ASSIGN(const auto every, number_of("SLURM_ARRAY_TASK_STEP", variables));
    first = least.value_or(0);
    step = every.value_or(1);
  }
  if (*index < first || step == 0 || (*index - first) % step != 0) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("{}={} is no index that counts from {} in steps of {}; an array with gaps needs --shard K/N",
                    system.index, *index, first, step));
  }
  Found found{&system, (*index - first) / step, {}};
  if (system.total != nullptr) {
    TRY_ASSIGN(found.total, number_of(system.total, variables));
  }
  return found;
}

Result<Choice> checked(std::uint64_t number, std::uint64_t of, const std::string& from) {
  if (number < 1 || of < 1 || number > of) {
    return fail(ErrorKind::kUsage,
                fmt::format("{}: there is no shard {} of {}; shards count from 1; {}", from, number, of, kForms));
  }
  if (of > kMostShards) {
    return fail(ErrorKind::kUsage, fmt::format("{}: at most {} shards", from, kMostShards));
  }
  return Choice{number, of};
}

Result<Choice> from_environment(std::optional<std::uint64_t> given_total, const std::string& text,
                                const Variables& variables) {
  std::vector<Found> all;
  for (const System& system : kSystems) {
    TRY_ASSIGN(const auto found, look_for(system, variables));
    if (found) {
      all.push_back(*found);
    }
  }
  if (all.empty()) {
    return fail(ErrorKind::kUsage,
                fmt::format("--shard {}: none of SLURM_ARRAY_TASK_ID, CI_NODE_INDEX, JOB_COMPLETION_INDEX and "
                            "TEST_SHARD_INDEX is set; give --shard K/N",
                            text));
  }
  const Found& found = all.front();
  for (const Found& other : all) {
    if (other.index != found.index || (other.total && found.total && *other.total != *found.total)) {
      return fail(ErrorKind::kUsage, fmt::format("--shard {}: {} and {} are both set and say different things; give "
                                                 "--shard K/N",
                                                 text, found.system->index, other.system->index));
    }
  }
  std::optional<std::uint64_t> total = given_total;
  for (const Found& each : all) {
    if (each.total && total && *each.total != *total) {
      return fail(ErrorKind::kUsage, fmt::format("--shard {}: {} says {}", text, each.system->total, *each.total));
    }
    total = total ? total : each.total;
  }
  if (!total && found.system->total == nullptr) {
    return fail(ErrorKind::kUsage, fmt::format("--shard {}: {} does not say of how many shards this is one; give "
                                               "--shard auto/N",
                                               text, found.system->index));
  }
  if (!total) {
    return fail(ErrorKind::kUsage, fmt::format("--shard {}: {} is set and {} is not; give --shard auto/N", text,
                                               found.system->index, found.system->total));
  }
  return checked(found.index + 1, *total, fmt::format("--shard {} ({})", text, found.system->index));
}

}  // namespace

std::optional<std::string> process_variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes it
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

Result<Choice> read_choice(const std::string& text, const Variables& variables) {
  const std::size_t slash = text.find('/');
  const std::string number = text.substr(0, slash);
  const auto of = slash == std::string::npos ? std::nullopt : whole_number(std::string_view(text).substr(slash + 1));
  if (number == "auto" && (slash == std::string::npos || of)) {
    return from_environment(of, text, variables);
  }
  const auto one = whole_number(number);
  if (!one || !of) {
    return fail(ErrorKind::kUsage, fmt::format("--shard '{}' names no shard; {}", text, kForms));
  }
  return checked(*one, *of, fmt::format("--shard {}", text));
}

}  // namespace snapshot_test::shards
