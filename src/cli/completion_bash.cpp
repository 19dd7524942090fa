#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "cli/completion.hpp"

namespace snapshot_test::cli {

namespace {

using Kind = Offer::Kind;

/// The part that depends on no option. In it `kind` is what can be offered, `words` are those of the kind "words", and
/// `takes` is how many values an option has.
constexpr const char* kBashFunctions = R"(
# Names of cases, which the program knows; where none begins with the word and it may be a file's name, files. They are
# quoted as the word is.
_snapshot_test_names() {
  local begun='' rest=$1 quote='' program=${COMP_WORDS[0]/#\~/$HOME} name
  local -a words=("${COMP_WORDS[@]:1:COMP_CWORD-1}") names
  if [[ $rest == [\'\"]* ]]; then
    quote=${rest:0:1}
    rest=${rest:1}
  fi
  while [[ $quote != "'" && $rest == *\\?* ]]; do
    begun+=${rest%%\\*}
    rest=${rest#*\\}
    begun+=${rest:0:1}
    rest=${rest:1}
  done
  begun+=$rest
  mapfile -t names < <(command -- "$program" names -- "$kind" "$begun" "${words[@]//[\\\'\"]/}" 2>/dev/null)
  if ((${#names[@]} == 0)); then
    if [[ $kind == cases ]]; then
      kind=files
      _snapshot_test_offer "$1"
    fi
  elif [[ $quote == "'" ]]; then
    COMPREPLY=("${names[@]//\'/\'\\\'\'}")
  elif [[ $quote == '"' ]]; then
    for name in "${names[@]}"; do
      name=${name//\\/\\\\}
      name=${name//\"/\\\"}
      name=${name//\$/\\\$}
      COMPREPLY+=("${name//\`/\\\`}")
    done
  else
    # readline would begin another word behind these three.
    mapfile -t COMPREPLY < <(printf '%q\n' "${names[@]}")
    COMPREPLY=("${COMPREPLY[@]//:/\\:}")
    COMPREPLY=("${COMPREPLY[@]//=/\\=}")
    COMPREPLY=("${COMPREPLY[@]//@/\\@}")
  fi
}

_snapshot_test_offer() {
  case $kind in
    cases | pending | filters | pending-filters) _snapshot_test_names "$1" ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$1") ;;
    files)
      compopt -o filenames -o default 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$1")
      ;;
    folders)
      compopt -o filenames -o dirnames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$1")
      ;;
    pythons)
      compopt -o filenames -o default 2>/dev/null
      mapfile -t COMPREPLY < <(
        compgen -c -X '*[!python0-9.]*' -- "${1:-python}" # not python3-config
        [[ -z $1 ]] || compgen -f -- "$1"
      )
      ;;
  esac
}

_snapshot_test() {
  local current=${COMP_WORDS[COMP_CWORD]} subcommand='' word kind words options only_positionals='' many=''
  local -a positionals
  local -i at seen=0 takes=0 missing=0
  COMPREPLY=()
  _snapshot_test_subcommand ''
  # What the words before this one settle: the subcommand, its arguments so far, and the option whose value comes now.
  for ((at = 1; at < COMP_CWORD; ++at)); do
    word=${COMP_WORDS[at]}
    if [[ $word == '=' && ${COMP_WORDS[at - 1]} == --* ]]; then
      continue # bash makes --color=auto three words
    elif ((missing > 0)); then
      missing=missing-1
    elif [[ -z $only_positionals && $word == -- ]]; then
      only_positionals=1
    elif [[ -z $only_positionals && $word == -?* ]]; then
      _snapshot_test_option "$subcommand" "$word"
      missing=takes
    elif [[ -z $subcommand ]]; then
      subcommand=$word
      _snapshot_test_subcommand "$subcommand"
    else
      seen=seen+1
    fi
  done
  if [[ $current == '=' && ${COMP_WORDS[COMP_CWORD - 1]} == --* ]]; then
    current=''
  fi
  if ((missing > 0)); then
    _snapshot_test_offer "$current"
  elif [[ -z $only_positionals && $current == --*=* ]]; then
    _snapshot_test_option "$subcommand" "${current%%=*}"
    _snapshot_test_offer "${current#*=}"
    COMPREPLY=("${COMPREPLY[@]/#/${current%%=*}=}")
  elif [[ -z $only_positionals && $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  else
    if [[ -n $many ]] && ((seen >= ${#positionals[@]})); then
      seen=${#positionals[@]}-1
    fi
    kind=${positionals[seen]%% *}
    words=${positionals[seen]#* }
    _snapshot_test_offer "$current"
  fi
}

complete -F _snapshot_test snapshot_test
)";

std::string kind_name(const Offer& offer) { return std::string(name(offer.kind)); }

/// "files", "words auto always never"
std::string kind_and_words(const Offer& offer) {
  return offer.words.empty() ? kind_name(offer) : fmt::format("words {}", fmt::join(offer.words, " "));
}

/// The options of one subcommand that take values: those that take the same in one line.
std::string option_cases(const Subcommand& subcommand) {
  std::map<std::string, std::vector<std::string>> by_effect;
  for (const Argument& option : subcommand.options) {
    if (option.values.empty()) {
      continue;
    }
    const std::string effect = fmt::format("takes={} kind={} words='{}'", option.values.size(), kind_name(option.offer),
                                           fmt::join(option.offer.words, " "));
    auto& names = by_effect[effect];
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  std::string text;
  for (const auto& [effect, names] : by_effect) {
    for (const std::string& name : names) {
      text += fmt::format("    '{} {}'{}\n", subcommand.name, name,
                          &name == &names.back() ? fmt::format(") {} ;;", effect) : " | \\");
    }
  }
  return text;
}

std::string subcommand_case(const Subcommand& subcommand, const std::vector<Argument>& positionals) {
  std::string options;
  for (const Argument& option : subcommand.options) {
    for (const std::string& name : option.names) {
      options += (options.empty() ? "" : " ") + name;
    }
  }
  std::string kinds;
  for (const Argument& positional : positionals) {
    kinds += fmt::format("{}'{}'", kinds.empty() ? "" : " ", kind_and_words(positional.offer));
  }
  const bool many = !positionals.empty() && positionals.back().repeatable;
  return fmt::format("    '{}')\n      options='{}'\n      positionals=({})\n{}      ;;\n", subcommand.name, options,
                     kinds, many ? "      many=1\n" : "");
}

}  // namespace

std::string bash_completion(const Usage& usage) {
  Argument subcommand;
  subcommand.offer.kind = Kind::kWords;
  std::string options = option_cases(usage.general);
  std::string subcommands;
  for (const Subcommand& each : usage.subcommands) {
    subcommand.offer.words.push_back(each.name);
    options += option_cases(each);
    subcommands += subcommand_case(each, each.positionals);
  }
  return fmt::format(
      "# bash completion for {0} {1}, printed by '{0} completion bash'\n\n"
      "_snapshot_test_option() {{\n  takes=0 kind=nothing words=''\n  case \"$1 $2\" in\n{2}  esac\n}}\n\n"
      "_snapshot_test_subcommand() {{\n  options='' positionals=() many=''\n  case $1 in\n{3}{4}  esac\n}}\n{5}",
      usage.program, usage.version, options, subcommand_case(usage.general, {subcommand}), subcommands, kBashFunctions);
}

}  // namespace snapshot_test::cli
