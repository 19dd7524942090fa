#include "cli/parse.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/completion.hpp"
#include "cli/help.hpp"
#include "cli/man_page.hpp"
#include "cli/options.hpp"
#include "cli/subcommands.hpp"
#include "util/text.hpp"

namespace snapshot_test::cli {

namespace {

/// One value for each subcommand's arguments, filled by whichever was called.
struct Parsed {
  Shared before;  ///< options in front of the subcommand
  ListArgs list;
  CaptureArgs capture;
  VerifyArgs verify;
  ShowArgs show;
  DiffArgs diff;
  ConfigArgs config;
  CleanArgs clean;
  std::string shell;  ///< of completion; empty if none was named
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

/// What is wrong with an argument that nothing took.
std::string about_extra(const CLI::App& root, const CLI::App& taker, const std::string& extra) {
  if (extra.size() > 1 && extra.front() == '-') {
    const std::string name = extra.substr(0, extra.find('='));
    return fmt::format("unknown option '{}'{}", name, did_you_mean(name, long_options(taker)));
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

Usage read_usage(CLI::App& root) {
  return {kProgram, SNAPSHOT_TEST_VERSION, read_subcommand(root), read_subcommands(root), workflow(), exit_statuses()};
}

Command completion_script(CLI::App& root, const std::string& name) {
  for (const Shell& shell : shells()) {
    if (shell.name == name) {
      return Message{shell.completion(read_usage(root))};
    }
  }
  return wrong(root, "completion: for which shell? bash, zsh or fish, as in 'snapshot_test completion bash'");
}

template <class Args>
Command finish(const CLI::App& root, Args args, const Shared& before) {
  merge(args.shared, before);
  if (args.shared.settings.value("verbose", false) && args.shared.settings.value("quiet", false)) {
    return wrong(root, "--verbose and --quiet contradict each other");
  }
  return args;
}

}  // namespace

Command parse(std::vector<std::string> arguments) {
  Parsed parsed;
  CLI::App root(kDescription, kProgram);
  root.require_subcommand(0, 1);
  root.set_version_flag("--version", fmt::format("{} {}", kProgram, SNAPSHOT_TEST_VERSION), "print the version");
  add_settings(root, parsed.before, {Group::kGeneral});
  const CLI::App* list = declare_list(root, parsed.list);
  const CLI::App* capture = declare_capture(root, parsed.capture);
  const CLI::App* verify = declare_verify(root, parsed.verify);
  const CLI::App* show = declare_show(root, parsed.show);
  const CLI::App* diff = declare_diff(root, parsed.diff);
  const CLI::App* config = declare_config(root, parsed.config);
  const CLI::App* clean = declare_clean(root, parsed.clean);
  const CLI::App* completion = declare_completion(root, parsed.shell);
  const CLI::App* man = root.add_subcommand("man", "Print the manual page")->group("");
  // Leftovers are kept, so that the messages about them can be better than CLI11's.
  root.allow_extras();
  for (CLI::App* app : root.get_subcommands(nullptr)) {
    app->allow_extras();
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants it
    root.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    lay_out_help(root);
    return Message{root.help(), model::ExitStatus::kSuccess};
  } catch (const CLI::CallForVersion& version) {
    return Message{std::string(version.what()) + "\n", model::ExitStatus::kSuccess};
  } catch (const CLI::ParseError& error) {
    return wrong(root, error.what());
  }
  const auto called = root.get_subcommands();
  for (const CLI::App* app :
       called.empty() ? std::vector<const CLI::App*>{&root} : std::vector<const CLI::App*>{&root, called.front()}) {
    if (const auto problem = extra_arguments(root, *app)) {
      return wrong(root, *problem);
    }
  }
  if (called.empty()) {
    return wrong(root, fmt::format("no subcommand; there are {}", fmt::join(subcommand_names(root), ", ")));
  }
  const CLI::App* app = called.front();
  return app == list         ? finish(root, parsed.list, parsed.before)
         : app == capture    ? finish(root, parsed.capture, parsed.before)
         : app == verify     ? finish(root, parsed.verify, parsed.before)
         : app == show       ? finish(root, parsed.show, parsed.before)
         : app == diff       ? finish(root, parsed.diff, parsed.before)
         : app == config     ? finish(root, parsed.config, parsed.before)
         : app == clean      ? finish(root, parsed.clean, parsed.before)
         : app == completion ? completion_script(root, parsed.shell)
         : app == man        ? Message{man_page(read_usage(root))}
                             : wrong(root, "unknown subcommand");
}

}  // namespace snapshot_test::cli
