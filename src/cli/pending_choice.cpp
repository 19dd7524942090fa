#include "cli/pending_choice.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <regex>
#include <utility>

#include "cli/options.hpp"
#include "cli/settings.hpp"
#include "cli/variant.hpp"
#include "report/format.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::cli {

namespace {

using session::PendingCase;

constexpr std::size_t kListed = 20;
constexpr std::size_t kLabelWidth = 120;
constexpr std::size_t kReasonWidth = 200;

bool is_meant(const PendingCase& pending, const std::string& name) {
  return name == pending.label || name == pending.benchmark || ::fnmatch(name.c_str(), pending.label.c_str(), 0) == 0 ||
         ::fnmatch(name.c_str(), pending.benchmark.c_str(), 0) == 0;
}

tl::unexpected<Error> no_match(const std::string& what, const session::PendingValues& values) {
  if (values.cases().empty()) {
    return fail(ErrorKind::kUsage, fmt::format("{}: nothing is pending", what));
  }
  std::string text = pending_text(values.cases(), kListed);
  text.pop_back();
  return fail(ErrorKind::kUsage, fmt::format("{}; pending are:\n{}", what, text));
}

}  // namespace

void add_names(CLI::App& app, PendingChoice& choice, const std::string& otherwise) {
  offering(app.add_option(
               "case", choice.names,
               fmt::format("cases or benchmarks, by their full names or as glob patterns (default: {})", otherwise)),
           {Offer::Kind::kPending, {}})
      ->type_name("CASE");
  add_text(app, "-f,--filter", choice.filter, "REGEX",
           "cases in whose name this regular expression (as in JavaScript) is found", Offer::Kind::kPendingFilters);
}

void add_choice(CLI::App& app, PendingChoice& choice) {
  add_names(app, choice, "none; name some, or use --filter or --all");
  app.add_flag("--all", choice.all, "all that is pending");
}

Result<session::PendingValues> open_pending(const config::Config& config) {
  return session::PendingValues::open(config.snapshot_dir,
                                      session::pending_folder(config.snapshot_dir, config.pending_dir));
}

Result<config::Config> pending_config(const Shared& shared, const Streams& streams) {
  TRY_ASSIGN(auto config, load_config(shared));
  TRY(enter_variant(config, streams));
  return config;
}

Result<Pending> open_pending(const Shared& shared, const Streams& streams) {
  TRY_ASSIGN(auto config, pending_config(shared, streams));
  TRY_ASSIGN(auto values, open_pending(config));
  return Pending{std::move(config), std::move(values)};
}

Result<std::vector<PendingCase>> choose(const session::PendingValues& values, const PendingChoice& choice) {
  if (choice.names.empty() && !choice.filter && !choice.all) {
    return no_match("no case is named: name some, or use --filter REGEX or --all", values);
  }
  if (choice.all && (!choice.names.empty() || choice.filter)) {
    return fail(ErrorKind::kUsage, "--all leaves nothing to choose: leave out the names and --filter, or --all");
  }
  std::vector<char> meant(values.cases().size(), choice.all ? 1 : 0);
  const auto mark = [&](const auto& matches) {
    bool any = false;
    for (std::size_t i = 0; i < meant.size(); ++i) {
      if (matches(values.cases()[i])) {
        meant[i] = 1;
        any = true;
      }
    }
    return any;
  };
  for (const std::string& name : choice.names) {
    if (!mark([&](const PendingCase& each) { return is_meant(each, name); })) {
      return no_match(fmt::format("'{}' is not pending", name), values);
    }
  }
  if (choice.filter) {
    try {
      const std::regex filter(*choice.filter);
      if (!mark([&](const PendingCase& each) { return std::regex_search(each.label, filter); })) {
        return no_match(fmt::format("--filter '{}' matches nothing that is pending", *choice.filter), values);
      }
    } catch (const std::regex_error& error) {
      return fail(ErrorKind::kUsage,
                  fmt::format("--filter '{}' is not a regular expression: {}", *choice.filter, error.what()));
    }
  }
  std::vector<PendingCase> chosen;
  for (std::size_t i = 0; i < meant.size(); ++i) {
    if (meant[i] != 0) {
      chosen.push_back(values.cases()[i]);
    }
  }
  if (chosen.empty()) {
    return no_match("--all", values);
  }
  return chosen;
}

std::string pending_text(const std::vector<PendingCase>& cases, std::size_t at_most) {
  std::string text;
  for (std::size_t i = 0; i < cases.size() && i < at_most; ++i) {
    const PendingCase& each = cases[i];
    text += fmt::format("  {}  {}{}\n", report::one_line(each.label, kLabelWidth), each.verdict,
                        each.reason.empty() ? "" : ": " + report::one_line(each.reason, kReasonWidth));
    if (!model::verifiable(each.status)) {
      text += fmt::format("    verify will not be able to check it: {}{}\n", name(each.status),
                          each.status_reason.empty() ? "" : ", " + report::one_line(each.status_reason, kReasonWidth));
    }
    if (!each.moved.empty()) {
      text += fmt::format("    cannot be accepted: {}\n", report::one_line(each.moved, 2 * kReasonWidth));
    }
  }
  return text + (cases.size() > at_most ? fmt::format("  and {} more\n", report::grouped(cases.size() - at_most)) : "");
}

std::string pending_command(const std::string& subcommand, const Shared& shared) {
  std::string command = "snapshot_test " + subcommand;
  for (const auto& [key, option] : {std::pair{"snapshot_dir", "--snapshot-dir"},
                                    std::pair{"pending_dir", "--pending-dir"}, std::pair{"variant", "--variant"}}) {
    if (shared.settings.contains(key)) {
      command += fmt::format(" {} {}", option, util::shell_quoted(shared.settings[key].get<std::string>()));
    }
  }
  return shared.config_file ? command + " --config " + util::shell_quoted(shared.config_file->string()) : command;
}

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): nobody else asks
  return entry == nullptr ? fmt::format("user {}", ::geteuid()) : entry->pw_name;
}

}  // namespace snapshot_test::cli
