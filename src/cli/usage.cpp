#include "cli/usage.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <sstream>

namespace snapshot_test::cli {

namespace {

constexpr const char* kOfferNote = "offer";
constexpr const char* kKinds[] = {"nothing", "words",   "files",   "folders",        "pythons",
                                  "cases",   "pending", "filters", "pending-filters"};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

Argument read_argument(CLI::Option& option) {
  Argument argument;
  if (option.get_positional()) {
    argument.names = {option.get_single_name()};
  }
  for (const std::string& name : option.get_snames()) {
    argument.names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    argument.names.push_back("--" + name);
  }
  argument.description = option.get_description();
  if (option.get_items_expected_max() > 0) {
    const std::string type = option.get_type_name();
    argument.values = words_of(type.substr(0, type.find(':')));  // checks that explain themselves come after a colon
  }
  argument.offer = offer_of(option);
  argument.required = option.get_required();
  argument.repeatable = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll ||
                        (option.get_positional() && option.get_items_expected_max() > 1);
  return argument;
}

}  // namespace

std::string_view name(Offer::Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

bool has_names(Offer::Kind kind) { return kind >= Offer::Kind::kCases; }

// CLI11 has no place for such a note but a validator, and leaves alone those that are not active: it neither runs them
// nor shows them in the help. The words are the validator's description.
CLI::Option* offering(CLI::Option* option, const Offer& offer) {
  std::string text(name(offer.kind));
  for (const std::string& word : offer.words) {
    text += " " + word;
  }
  return option->check(CLI::Validator([](std::string&) { return std::string(); }, text, kOfferNote).active(false));
}

Offer offer_of(CLI::Option& option) {
  Offer offer;
  std::vector<std::string> text;
  try {
    CLI::Validator note = *option.get_validator(kOfferNote);
    text = words_of(note.active(true).get_description());
  } catch (const CLI::OptionNotFound&) {
    return offer;
  }
  const auto kind = std::find(std::begin(kKinds), std::end(kKinds), text.front());
  offer.kind = static_cast<Offer::Kind>(kind - std::begin(kKinds));
  offer.words.assign(text.begin() + 1, text.end());
  return offer;
}

Subcommand read_subcommand(CLI::App& app) {
  Subcommand result;
  result.name = app.get_parent() == nullptr ? "" : app.get_name();
  result.description = app.get_description();
  result.footer = app.get_footer();
  for (CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) {
      (option->get_positional() ? result.positionals : result.options).push_back(read_argument(*option));
    }
  }
  return result;
}

std::vector<Subcommand> read_subcommands(CLI::App& root) {
  std::vector<Subcommand> result;
  for (CLI::App* app : root.get_subcommands([](CLI::App* each) { return !each->get_group().empty(); })) {
    result.push_back(read_subcommand(*app));
  }
  return result;
}

std::string in_brief(const std::string& description) {
  return description.substr(0, std::min(description.find(" (default"), description.find("; ")));
}

}  // namespace snapshot_test::cli
