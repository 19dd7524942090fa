#include "cli/parse.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <utility>

#include "cli/help.hpp"
#include "cli/options.hpp"
#include "util/text.hpp"

namespace snapshot_test::cli {

namespace {

/// A command line while it is parsed, and what actions refer to afterwards.
struct Parsed {
  CLI::App root{kDescription, kProgram};
  Shared before;  ///< options in front of the subcommand
  Shared shared;
  std::map<const CLI::App*, std::pair<const SubcommandRow*, Action>> subcommands;
};

Message wrong(const CLI::App& root, const std::string& what) {
  const auto called = root.get_subcommands();
  const std::string help = called.empty() ? kProgram : fmt::format("{} {}", kProgram, called.front()->get_name());
  return {fmt::format("error: {}\nrun '{} --help' for its usage", what, help), model::ExitStatus::kUsage};
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  const auto meant = util::nearest(word, known);
  return meant ? fmt::format("; did you mean '{}'?", *meant) : "";
}

std::vector<std::string> long_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

std::vector<std::string> subcommand_names(const CLI::App& root) {
  std::vector<std::string> names;
  for (const CLI::App* app : root.get_subcommands(nullptr)) {
    if (!app->get_group().empty()) {
      names.push_back(app->get_name());
    }
  }
  return names;
}

/// What options of asv and pytest are called here.
std::string called_here(const std::string& option) {
  static const std::map<std::string_view, std::string_view> kNames = {
      {"-E", "--python PATH chooses the interpreter"},
      {"--environment", "--python PATH chooses the interpreter"},
      {"--python-path", "--project-dir DIR puts a project on the import path"},
      {"-n", "-j N runs N cases at once"},
      {"--numprocesses", "-j N runs N cases at once"},
      {"--collect-only", "'snapshot_test list --cases' lists the cases"},
      {"-e", "output of a case that fails is shown; -v shows more"},
      {"--show-stderr", "output of a case that fails is shown; -v shows more"},
      {"-s", "output of a case that fails is shown; -v shows more"},
      {"--quick", "each case is called once as it is"},
      {"-t", "-f REGEX chooses cases"},
      {"--tb", "-v shows tracebacks, --full every failure"},
      {"--pdb", "--isolation spawn runs each case in an interpreter of its own"},
      {"--rtol", "--tolerance RTOL ATOL"},
      {"--atol", "--tolerance RTOL ATOL"},
      {"--snapshot-update", "'snapshot_test capture' makes a new baseline"},
      {"--update", "'snapshot_test capture' makes a new baseline"},
      {"--force-regen", "'snapshot_test capture' makes a new baseline"},
      {"--bench-dir", "the folder with the benchmarks is an argument: 'snapshot_test verify DIR'"}};
  const auto found = kNames.find(option);
  return found == kNames.end() ? "" : fmt::format("; here {}", found->second);
}

/// What is wrong with an argument that nothing took.
std::string about_extra(const CLI::App& root, const CLI::App& taker, const std::string& extra) {
  if (extra.size() > 1 && extra.front() == '-') {
    const std::string name = extra.substr(0, extra.find('='));
    const std::string ours = called_here(name);
    return fmt::format("unknown option '{}'{}", name, ours.empty() ? did_you_mean(name, long_options(taker)) : ours);
  }
  if (&taker == &root) {
    const std::vector<std::string> known = subcommand_names(root);
    const std::string suggestion = did_you_mean(extra, known);
    return fmt::format("unknown subcommand '{}'{}", extra,
                       suggestion.empty() ? fmt::format("; there are {}", fmt::join(known, ", ")) : suggestion);
  }
  return fmt::format("unexpected argument '{}'", extra);
}

/// The argument that explains most of what nothing took: a misspelt subcommand, else an option, else the first.
std::string telling_extra(const CLI::App& root, const std::vector<std::string>& extras) {
  const auto is_option = [](const std::string& extra) { return extra.size() > 1 && extra.front() == '-'; };
  const bool no_subcommand = root.get_subcommands().empty();
  const auto found = no_subcommand ? std::find_if_not(extras.begin(), extras.end(), is_option)
                                   : std::find_if(extras.begin(), extras.end(), is_option);
  return found == extras.end() ? extras.front() : *found;
}

std::optional<std::string> extra_arguments(const CLI::App& root, const CLI::App& taker) {
  std::vector<std::string> extras = taker.remaining();
  extras.erase(std::remove(extras.begin(), extras.end(), "--"), extras.end());
  if (extras.empty()) {
    return std::nullopt;
  }
  return about_extra(root, taker, telling_extra(root, extras));
}

/// Options in front of the subcommand count where the subcommand does not say otherwise itself.
void merge(Shared& into, const Shared& before) {
  if (!into.config_file) {
    into.config_file = before.config_file;
  }
  if (into.color == When::kAuto) {
    into.color = before.color;
  }
  if (!into.settings.contains("verbose") && !into.settings.contains("quiet")) {
    into.settings.update(before.settings);
  }
}

void declare(Parsed& parsed) {
  CLI::App& root = parsed.root;
  root.require_subcommand(0, 1);
  root.set_version_flag("-V,--version", fmt::format("{} {}", kProgram, SNAPSHOT_TEST_VERSION), "print the version");
  add_settings(root, parsed.before, {Group::kGeneral});
  // Leftovers are kept, so that the messages about them can be better than CLI11's.
  root.allow_extras();
  for (const SubcommandRow& row : subcommand_rows()) {
    CLI::App* app = root.add_subcommand(row.name, row.description)->allow_extras();
    if (row.listing == SubcommandRow::Listing::kHidden) {
      app->group("");
    }
    parsed.subcommands[app] = {&row, row.declare(*app, parsed.shared)};
  }
}

}  // namespace

Command parse(std::vector<std::string> arguments) {
  const auto parsed = std::make_shared<Parsed>();
  CLI::App& root = parsed->root;
  declare(*parsed);
  parsed->shared.arguments = arguments;
  const bool bare = arguments.empty();
  if (!arguments.empty() && arguments.front() == "help") {  // as git has it
    arguments.erase(arguments.begin());
    arguments.push_back("--help");
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants it
    root.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    lay_out_help(root, help_width());
    return Message{root.help(), model::ExitStatus::kSuccess};
  } catch (const CLI::CallForVersion& version) {
    return Message{std::string(version.what()) + "\n", model::ExitStatus::kSuccess};
  } catch (const CLI::ParseError& error) {
    // "--tolerance: 2 required RTOL ATOL missing"
    std::string what = error.what();
    if (const std::size_t required = what.find(" required "), missing = what.rfind(" missing");
        required != std::string::npos && missing != std::string::npos && missing > required) {
      const std::size_t begin = what.find(": ");
      what = fmt::format("{}: takes {} values, {}", what.substr(0, begin), what.substr(begin + 2, required - begin - 2),
                         what.substr(required + 10, missing - required - 10));
    }
    return wrong(root, what);
  }
  const auto called = root.get_subcommands();
  for (const CLI::App* app :
       called.empty() ? std::vector<const CLI::App*>{&root} : std::vector<const CLI::App*>{&root, called.front()}) {
    if (const auto problem = extra_arguments(root, *app)) {
      return wrong(root, *problem);
    }
  }
  if (bare) {
    lay_out_help(root, help_width());
    return Message{root.help(), model::ExitStatus::kUsage};
  }
  if (called.empty()) {
    return wrong(root, fmt::format("no subcommand; there are {}", fmt::join(subcommand_names(root), ", ")));
  }
  merge(parsed->shared, parsed->before);
  const auto& settings = parsed->shared.settings;
  if (settings.value("verbose", false) && settings.value("quiet", false)) {
    return wrong(root, "--verbose and --quiet contradict each other");
  }
  const auto& [row, action] = parsed->subcommands.at(called.front());
  return Call{{parsed, &parsed->shared}, row->output, action};
}

}  // namespace snapshot_test::cli
