#include "cli/help.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace snapshot_test::cli {

namespace {

constexpr std::size_t kOptionColumn = 26;
constexpr std::size_t kDescriptionWidth = 80;

std::string program_footer() {
  std::string text = "Workflow:\n";
  for (const Row& row : workflow()) {
    text += row.right.empty() ? fmt::format("  {}\n", row.left) : fmt::format("  {:<38}{}\n", row.left, row.right);
  }
  text += "\nExit statuses:\n";
  for (const Row& row : exit_statuses()) {
    text += fmt::format("  {:>3}  {}\n", row.left, row.right);
  }
  return text + "\n'snapshot_test SUBCOMMAND --help' shows a subcommand's options.";
}

/// CLI11 indents the lines of a description, but does not make them.
std::string wrapped(const std::string& text) {
  std::string lines;
  std::size_t column = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (column > 0 && column + 1 + end - at > kDescriptionWidth) {
      lines += '\n';
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

void wrap_descriptions(CLI::App& app) {
  app.get_formatter()->column_width(kOptionColumn);
  for (CLI::Option* option : app.get_options()) {
    option->description(wrapped(option->get_description()));
  }
}

}  // namespace

const std::vector<Row>& workflow() {
  static const std::vector<Row> kRows{
      {"snapshot_test capture benchmarks/", "on known-good code: store what every benchmark computes"},
      {"... change the code ...", ""},
      {"snapshot_test verify benchmarks/", "compare; exit status 0 means that nothing that was checked has changed"},
      {"snapshot_test show NAME", "what a snapshot holds; diff A B compares two"}};
  return kRows;
}

const std::vector<Row>& exit_statuses() {
  static const std::vector<Row> kRows{
      {"0", "success; for verify and diff: nothing differs, and at least one value was compared"},
      {"1", "a case failed, or two values differ; for list and capture: something could not be imported"},
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

void lay_out_help(CLI::App& root) {
  root.footer(program_footer());
  wrap_descriptions(root);
  for (CLI::App* app : root.get_subcommands(nullptr)) {
    const std::string own = app->get_footer();
    app->footer(own + (own.empty() ? "" : "\n\n") + "'snapshot_test --help' shows the workflow and the exit statuses.");
    wrap_descriptions(*app);
  }
}

}  // namespace snapshot_test::cli
