#include "cli/completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/help.hpp"
#include "cli/subcommands.hpp"
#include "util/text.hpp"

namespace snapshot_test::cli {

namespace {

constexpr const char* kInstallation = R"(To install it for yourself, in folders that are there:
  snapshot_test completion bash > ~/.local/share/bash-completion/completions/snapshot_test
  snapshot_test completion zsh > "${fpath[1]}/_snapshot_test"
  snapshot_test completion fish > ~/.config/fish/completions/snapshot_test.fish
It works in shells that are started after that. bash needs the package
bash-completion; without it, put this line into ~/.bashrc:
  source <(snapshot_test completion bash)
zsh needs 'autoload -U compinit; compinit' in ~/.zshrc.)";

std::vector<std::string> shell_names() {
  std::vector<std::string> names;
  for (const Shell& shell : shells()) {
    names.emplace_back(shell.name);
  }
  return names;
}

/// "must be bash, zsh or fish, ..." if `shell` is none of these.
std::string complaint_about_shell(const std::string& shell) {
  const std::vector<std::string> names = shell_names();
  if (std::find(names.begin(), names.end(), shell) != names.end()) {
    return "";
  }
  const auto meant = util::nearest(shell, names);
  return fmt::format("must be bash, zsh or fish, not '{}'{}", shell,
                     meant ? fmt::format("; did you mean '{}'?", *meant) : "");
}

Action declare_completion(CLI::App& app, Shared& shared) {
  const auto shell = std::make_shared<std::string>();
  offering(app.add_option("shell", *shell, "bash, zsh or fish"), {Offer::Kind::kWords, shell_names()})
      ->type_name("SHELL")
      ->check(CLI::Validator([](std::string& text) { return complaint_about_shell(text); }, ""));
  app.footer(kInstallation);
  return [&app, &shared, shell](const Streams& streams) {
    for (const Shell& each : shells()) {
      if (each.name == *shell) {
        streams.out << each.completion(usage_of(*app.get_parent()));
        return model::ExitStatus::kSuccess;
      }
    }
    return complain({ErrorKind::kUsage,
                     "completion: for which shell? bash, zsh or fish, as in 'snapshot_test completion bash'\n"
                     "run 'snapshot_test completion --help' for its usage"},
                    streams, shared.color);
  };
}

}  // namespace

const std::vector<Shell>& shells() {
  static const std::vector<Shell> kAll{
      {"bash", &bash_completion}, {"zsh", &zsh_completion}, {"fish", &fish_completion}};
  return kAll;
}

SubcommandRow completion_subcommand() {
  return {"completion", "Print what makes a shell complete this program's arguments", &declare_completion};
}

}  // namespace snapshot_test::cli
