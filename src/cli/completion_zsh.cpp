#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.hpp"
#include "util/text.hpp"

namespace snapshot_test::cli {

namespace {

using Kind = Offer::Kind;

std::string zsh_quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    result += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return result + "'";
}

/// What _arguments runs to complete a value; of nothing a blank, which only shows the value's name.
std::string action(const Offer& offer) {
  switch (offer.kind) {
    case Kind::kWords: return fmt::format("({})", fmt::join(offer.words, " "));
    case Kind::kFiles: return "_files";
    case Kind::kFolders: return "_files -/";
    case Kind::kPythons: return "_snapshot_test_pythons";
    case Kind::kCases:
    case Kind::kPending:
    case Kind::kFilters:
    case Kind::kPendingFilters: return fmt::format(" _snapshot_test_names {}", name(offer.kind));
    case Kind::kNothing: break;
  }
  return " ";
}

/// One argument of _arguments: '(-j --workers)'{-j,--workers}'[cases to run at once]:N: '
std::string option_spec(const Argument& option) {
  std::string rest = fmt::format("[{}]", util::escaped(in_brief(option.description), "[]\\", "\\"));
  for (const std::string& value : option.values) {
    rest += fmt::format(":{}:{}", util::escaped(value, ":\\", "\\"), action(option.offer));
  }
  // "=" and "+": the value may be in the same word, behind the long option's sign or the short one's letter.
  std::string specs;
  for (const std::string& name : option.names) {
    const std::string joined = option.values.size() != 1 ? "" : name.starts_with("--") ? "=" : "+";
    const std::string excluded = option.repeatable ? "*" : fmt::format("({})", fmt::join(option.names, " "));
    specs += fmt::format("{}{}", specs.empty() ? "" : " ",
                         zsh_quoted(fmt::format("{}{}{}{}", excluded, name, joined, rest)));
  }
  return specs;
}

std::string options_of(const Subcommand& subcommand) {
  std::string text;
  for (const Argument& option : subcommand.options) {
    text += fmt::format(" \\\n    {}", option_spec(option));
  }
  return text;
}

std::string positional_spec(const Argument& positional) {
  return zsh_quoted(fmt::format("{}{}:{}",
                                positional.repeatable ? "*:"
                                : positional.required ? ":"
                                                      : "::",
                                util::escaped(positional.names.front(), ":\\", "\\"), action(positional.offer)));
}

std::string function_of(const Subcommand& subcommand) {
  std::string text =
      fmt::format("_snapshot_test_{}() {{\n  _arguments -s -S{}", subcommand.name, options_of(subcommand));
  for (const Argument& positional : subcommand.positionals) {
    text += fmt::format(" \\\n    {}", positional_spec(positional));
  }
  return text + "\n}\n\n";
}

constexpr const char* kPythons = R"(_snapshot_test_pythons() {
  _alternative 'interpreters:interpreter:compadd -- ${${(k)commands[(I)python*]}:#*[^python0-9.]*}' 'files:file:_files'
}

)";

// compadd quotes what it offers as the word is.
constexpr const char* kNames = R"zsh(_snapshot_test_names() {
  local kind=$1
  local -a names
  names=(${(f)"$(command -- "${_snapshot_test_words[1]/#\~/$HOME}" names -- $kind "${(Q)PREFIX}" \
    "${(@)_snapshot_test_words[2,-1]}" 2>/dev/null)"})
  if [[ $kind == cases ]]; then
    _alternative 'cases:case:compadd -a names' 'files:file:_files'
  else
    compadd -a names
  fi
}

)zsh";

constexpr const char* kEnd = R"(  case $state in
    subcommand) _describe -t subcommands subcommand subcommands ;;
    arguments)
      curcontext="${curcontext%:*:*}:snapshot_test-$line[1]:"
      (( $+functions[_snapshot_test_$line[1]] )) && _snapshot_test_$line[1]
      ;;
  esac
}

if [[ $funcstack[1] == _snapshot_test ]]; then
  _snapshot_test "$@" # autoloaded from a folder of $fpath
else
  compdef _snapshot_test snapshot_test
fi
)";

}  // namespace

std::string zsh_completion(const Usage& usage) {
  std::string functions = std::string(kPythons) + kNames;
  std::string described;
  for (const Subcommand& subcommand : usage.subcommands) {
    functions += function_of(subcommand);
    described += fmt::format("    {}\n", zsh_quoted(fmt::format("{}:{}", subcommand.name, subcommand.description)));
  }
  return fmt::format(
      "#compdef {0}\n# zsh completion for {0} {1}, printed by '{0} completion zsh'\n\n{2}"
      "_snapshot_test() {{\n  local curcontext=$curcontext state line\n  typeset -A opt_args\n"
      "  local -a _snapshot_test_words=(\"${{(@Q)words[1,CURRENT-1]}}\")\n"
      "  local -a subcommands=(\n{3}  )\n"
      "  _arguments -C -s{4} \\\n    ': :->subcommand' \\\n    '*:: :->arguments' && return\n{5}",
      usage.program, usage.version, functions, described, options_of(usage.general), kEnd);
}

}  // namespace snapshot_test::cli
