#include "cli/help.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "report/progress.hpp"

namespace snapshot_test::cli {

namespace {

constexpr std::size_t kOptionColumn = 26;
constexpr std::size_t kLeast = 40;
constexpr std::size_t kMost = 110;

/// Where `width` allows no second column of this many characters, it begins on a line of its own.
constexpr std::size_t kLeastColumn = 30;

/// In lines of at most `width` characters; those after the first begin with `indent` spaces.
std::string wrapped(const std::string& text, std::size_t width, std::size_t indent = 0) {
  std::string lines;
  std::size_t column = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (column > 0 && column + 1 + end - at > width) {
      lines += "\n" + std::string(indent, ' ');
      column = 0;
    } else if (column > 0) {
      lines += ' ';
      ++column;
    }
    lines.append(text, at, end - at);
    column += end - at;
    at = end + 1;
  }
  return lines;
}

std::string in_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// Two columns, the first `left` characters wide.
std::string table(const std::vector<HelpRow>& rows, std::size_t left, std::size_t width) {
  std::string text;
  for (const HelpRow& row : rows) {
    const std::size_t indent = left + kLeastColumn > width ? 6 : left;
    text += row.left.size() + 2 > left || indent != left
                ? fmt::format("  {}{}", row.left, row.right.empty() ? "" : "\n" + std::string(indent, ' '))
                : fmt::format("  {:<{}}", row.left, left - 2);
    text += wrapped(row.right, width - indent, indent);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::string program_footer(std::size_t width) {
  return "Workflow:\n" + table(workflow(), 40, width) + "\nExit statuses:\n" + table(exit_statuses(), 8, width) + "\n" +
         wrapped("'snapshot_test SUBCOMMAND --help' shows a subcommand's options.", width);
}

void wrap_descriptions(CLI::App& app, std::size_t width) {
  app.get_formatter()->column_width(kOptionColumn);
  app.description(wrapped(in_one_line(app.get_description()), width));
  for (CLI::Option* option : app.get_options()) {
    option->description(wrapped(option->get_description(), width - kOptionColumn));
  }
}

/// What CLI11 calls its own option.
constexpr const char* kHelp = "print this help";

}  // namespace

const std::vector<HelpRow>& workflow() {
  static const std::vector<HelpRow> kRows{
      {"snapshot_test capture benchmarks/", "on known-good code: store what every benchmark computes"},
      {"... change the code ...", ""},
      {"snapshot_test verify benchmarks/", "compare; exit status 0 means that nothing that was checked has changed"},
      {"snapshot_test show NAME", "what a snapshot holds; diff A B compares two"}};
  return kRows;
}

const std::vector<HelpRow>& exit_statuses() {
  static const std::vector<HelpRow> kRows{
      {"0", "success; for verify and diff: nothing differs, and at least one value was compared"},
      {"1", "a case failed, or two values differ; for list: something could not be imported"},
      {"2", "wrong usage or configuration, or a Python that cannot be used"},
      {"3", "an internal error, or the machine refused (no space, no permission)"},
      {"4", "there is no baseline to read"},
      {"5", "nothing was verified: no case matched, or none could be checked"},
      {"130", "interrupted"}};
  return kRows;
}

Usage usage_of(CLI::App& root) {
  return {kProgram, SNAPSHOT_TEST_VERSION, read_subcommand(root), read_subcommands(root), workflow(), exit_statuses()};
}

std::size_t help_width() {
  const char* columns = std::getenv("COLUMNS");
  const unsigned asked = columns != nullptr ? static_cast<unsigned>(std::atoi(columns)) : 0;
  const std::size_t width = asked > 0                      ? asked
                            : ::isatty(STDOUT_FILENO) == 1 ? report::terminal_size(STDOUT_FILENO).columns
                                                           : kMost;
  return std::clamp(width, kLeast, kMost) - 1;
}

void lay_out_help(CLI::App& root, std::size_t width) {
  root.get_help_ptr()->description(kHelp);
  wrap_descriptions(root, width);
  root.footer(program_footer(width));
  for (CLI::App* app : root.get_subcommands(nullptr)) {
    app->get_help_ptr()->description(kHelp);
    const std::string own = app->get_footer();
    app->footer(own + (own.empty() ? "" : "\n\n") +
                wrapped("'snapshot_test --help' shows the workflow and the exit statuses.", width));
    wrap_descriptions(*app, width);
    if (root.get_subcommands().empty()) {  // it is a line of the program's own help
      app->description(wrapped(in_one_line(app->get_description()), width - kOptionColumn));
    }
  }
}

}  // namespace snapshot_test::cli
