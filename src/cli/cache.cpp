#include "commits/cache.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <map>
#include <memory>
#include <string>

#include "cli/options.hpp"
#include "cli/subcommands.hpp"
#include "commits/workspace.hpp"
#include "remote/cache.hpp"
#include "report/format.hpp"
#include "snapshot_test/store/run_info.hpp"
#include "util/cache_folder.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

constexpr std::time_t kDay = 86400;
constexpr std::size_t kShownId = 10;

struct CacheArgs {
  enum class Action { kList, kClean };
  const Shared& shared;
  Action action = Action::kList;
  std::optional<std::uint64_t> older_than{};
};

std::string entries_text(std::size_t number) { return number == 1 ? "1 entry" : report::grouped(number) + " entries"; }

std::string line(const commits::Cached& each) {
  const std::string what =
      each.commit.empty() ? "left by a run that was stopped" : each.commit.substr(0, kShownId) + " " + each.subject;
  const std::string changes =
      each.changed_files > 0 ? fmt::format(", {} changed", report::counted(each.changed_files, "file")) : "";
  return fmt::format("  {:<10} {:>9}  used {}  {}{}\n", each.kind, report::size(each.bytes),
                     store::utc_text(each.used).substr(0, 10), report::one_line(what, 60), changes);
}

std::string remotes_text(const remote::CachedRemotes& cached) {
  if (cached.baselines.empty() && cached.objects == 0) {
    return "";
  }
  std::string text = "of remotes\n";
  std::uint64_t bytes = cached.object_bytes;
  for (const remote::CachedBaseline& each : cached.baselines) {
    text += fmt::format("  {:<10} {:>9}  used {}  sha256:{}\n", "baseline", report::size(each.bytes),
                        store::utc_text(each.used).substr(0, 10), each.digest.substr(0, kShownId));
    bytes += each.bytes;
  }
  return text + fmt::format("{} and {} of remotes, {}\n", report::counted(cached.baselines.size(), "baseline"),
                            report::counted(cached.objects, "value"), report::size(bytes));
}

Result<std::string> list(const std::filesystem::path& cache) {
  TRY_ASSIGN(const auto entries, commits::list_cache(cache));
  std::map<std::string, std::string> by_repository;
  std::uint64_t bytes = 0;
  for (const commits::Cached& each : entries) {
    by_repository[each.repository] += line(each);
    bytes += each.bytes;
  }
  std::string text;
  for (const auto& [repository, lines] : by_repository) {
    text += report::one_line(repository) + "\n" + lines;
  }
  text += fmt::format("{} in {}, {}\n", entries_text(entries.size()), report::one_line(cache.string()),
                      report::size(bytes));
  TRY_ASSIGN(const auto remotes, remote::list_cached(cache));
  return text + remotes_text(remotes);
}

Result<std::string> clean(const std::filesystem::path& cache, std::optional<std::uint64_t> days) {
  const std::time_t now = std::time(nullptr);
  const std::time_t before = days ? now - static_cast<std::time_t>(*days) * kDay : now;
  TRY_ASSIGN(const auto cleaned, commits::clean_cache(cache, before));
  TRY_ASSIGN(const auto remotes, remote::clean_cached(cache, before));
  std::string text;
  for (const std::string& repository : cleaned.busy) {
    text += fmt::format("{}: another run works there, nothing of it was removed\n", report::one_line(repository));
  }
  text += fmt::format("removed {} from {} ({})\n", entries_text(cleaned.entries), report::one_line(cache.string()),
                      report::size(cleaned.bytes));
  if (remotes.baselines + remotes.objects > 0) {
    text += fmt::format("removed {} and {} of remotes ({})\n", report::counted(remotes.baselines, "baseline"),
                        report::counted(remotes.objects, "value"), report::size(remotes.bytes));
  }
  return text;
}

model::ExitStatus run(const CacheArgs& args, const Streams& streams) {
  const auto text = [&]() -> Result<std::string> {
    if (args.action == CacheArgs::Action::kList && args.older_than) {
      return fail(ErrorKind::kUsage, "--older-than is for `cache clean`");
    }
    TRY_ASSIGN(const auto cache, util::cache_folder());
    return args.action == CacheArgs::Action::kList ? list(cache) : clean(cache, args.older_than);
  }();
  if (!text) {
    return complain(text.error(), streams, args.shared.color);
  }
  streams.out << *text << std::flush;
  return model::ExitStatus::kSuccess;
}

Action declare_cache(CLI::App& app, Shared& shared) {
  const auto held = std::make_shared<CacheArgs>(CacheArgs{shared});
  CacheArgs& args = *held;
  add_choice(
      app, "action", {"list", "clean"},
      [&args](std::size_t place) { args.action = static_cast<CacheArgs::Action>(place); }, "list|clean",
      "list what is kept of commits and remotes, or remove it")
      ->required();
  add_count(app, "--older-than", args.older_than,
            "of `clean`: remove only what was not used in the last N days (default: everything)");
  add_settings(app, shared, {Group::kGeneral});
  return [held](const Streams& streams) { return run(*held, streams); };
}

}  // namespace

SubcommandRow cache_subcommand() {
  return {"cache", "List or remove what continuous, bisect and verify --baseline keep", &declare_cache};
}

}  // namespace snapshot_test::cli
