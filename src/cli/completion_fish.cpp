#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.hpp"
#include "util/text.hpp"

namespace snapshot_test::cli {

namespace {

using Kind = Offer::Kind;

/// Fish itself can only tell whether a word was seen, and would take a benchmark folder "verify" for the subcommand.
constexpr const char* kFishFunctions = R"(
# The subcommand on the command line; nothing if there is none yet.
function __snapshot_test_subcommand
    set -l value_comes 0
    for word in (commandline -opc)[2..-1]
        if test $value_comes -eq 1
            set value_comes 0
        else if contains -- $word $__snapshot_test_valued
            set value_comes 1
        else if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
end

function __snapshot_test_in
    set -l subcommand (__snapshot_test_subcommand)
    test "$subcommand" = "$argv[1]"
end

# Names of cases, which the program knows.
function __snapshot_test_names
    set -l words (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l begun (commandline -ct | string replace -r '^--[a-z-]+=' '' | string replace -r '^[\'"]' '' | string replace -ra '\\\\(.)' '$1')
    command $program names -- $argv[1] "$begun" $words[2..-1] 2>/dev/null
end

function __snapshot_test_pythons
    string match -r '^python[0-9.]*\t?' (complete -C '')
end

)";

std::string fish_quoted(const std::string& text) { return "'" + util::escaped(text, "'\\", "\\") + "'"; }

/// The arguments of `complete` that say what the value is.
std::string value_arguments(const Offer& offer) {
  switch (offer.kind) {
    case Kind::kWords: return fmt::format(" -x -a {}", fish_quoted(fmt::format("{}", fmt::join(offer.words, " "))));
    case Kind::kFiles: return " -r -F";
    case Kind::kFolders: return " -x -a '(__fish_complete_directories)'";
    case Kind::kPythons: return " -r -F -a '(__snapshot_test_pythons)'";
    case Kind::kCases:
    case Kind::kPending:
    case Kind::kFilters:
    case Kind::kPendingFilters: return fmt::format(" -x -a '(__snapshot_test_names {})'", name(offer.kind));
    case Kind::kNothing: break;
  }
  return " -x";
}

std::string option_line(const std::string& condition, const Argument& option) {
  std::string line = fmt::format("complete -c snapshot_test -n {}", condition);
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.values.empty()) {
    line += value_arguments(option.offer);
  }
  return line + fmt::format(" -d {}\n", fish_quoted(in_brief(option.description)));
}

/// Fish does not count arguments: all positional ones are offered the same.
std::string positional_line(const std::string& condition, const Offer& offer) {
  switch (offer.kind) {
    case Kind::kFiles: return fmt::format("complete -c snapshot_test -n {} -F\n", condition);
    case Kind::kFolders:
      return fmt::format("complete -c snapshot_test -n {} -a '(__fish_complete_directories)'\n", condition);
    case Kind::kWords:
      return fmt::format("complete -c snapshot_test -n {} -a {}\n", condition,
                         fish_quoted(fmt::format("{}", fmt::join(offer.words, " "))));
    case Kind::kCases:
    case Kind::kPending:
    case Kind::kFilters:
    case Kind::kPendingFilters:
      return fmt::format("complete -c snapshot_test -n {}{} -a '(__snapshot_test_names {})'\n", condition,
                         offer.kind == Kind::kCases ? " -F" : "", name(offer.kind));
    case Kind::kPythons:
    case Kind::kNothing: break;
  }
  return "";
}

std::string lines_of(const Subcommand& subcommand) {
  const std::string condition = fish_quoted("__snapshot_test_in " + fish_quoted(subcommand.name));
  std::string text;
  for (const Argument& option : subcommand.options) {
    text += option_line(condition, option);
  }
  if (!subcommand.positionals.empty()) {
    text += positional_line(condition, subcommand.positionals.front().offer);
  }
  return text;
}

}  // namespace

std::string fish_completion(const Usage& usage) {
  std::string text =
      fmt::format("# fish completion for {0} {1}, printed by '{0} completion fish'\n\n", usage.program, usage.version);
  text += "# Options in front of the subcommand that have a value.\nset -g __snapshot_test_valued";
  for (const Argument& option : usage.general.options) {
    if (!option.values.empty()) {
      text += fmt::format(" {}", fmt::join(option.names, " "));
    }
  }
  text += fmt::format("\n{}complete -c snapshot_test -f\n", kFishFunctions) + lines_of(usage.general);
  for (const Subcommand& subcommand : usage.subcommands) {
    text += fmt::format("complete -c snapshot_test -n {} -a {} -d {}\n", fish_quoted("__snapshot_test_in ''"),
                        subcommand.name, fish_quoted(subcommand.description));
  }
  for (const Subcommand& subcommand : usage.subcommands) {
    text += lines_of(subcommand);
  }
  return text;
}

}  // namespace snapshot_test::cli
