#include "cli/man_page.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "cli/help.hpp"
#include "cli/subcommands.hpp"

namespace snapshot_test::cli {

namespace {

constexpr const char* kOneLine = "check that changed Python code still returns the same thing";

const std::vector<HelpRow>& files() {
  static const std::vector<HelpRow> kRows{
      {"snapshot_config.json", "the configuration, read from the current folder; 'config --init' writes one"},
      {"asv.conf.json", "ASV's configuration, which may name the folder with the benchmarks and their timeout"},
      {".snapshots/", "the store: what 'capture' writes and 'verify' compares with"}};
  return kRows;
}

/// `text` as it is, whatever roff makes of its characters otherwise: hyphens can be searched for and pasted.
std::string literal(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\\': result += "\\e"; break;
      case '-': result += "\\-"; break;
      case '\'': result += "\\(aq"; break;
      case '"': result += "\\(dq"; break;
      case '`': result += "\\(ga"; break;
      case '^': result += "\\(ha"; break;
      case '~': result += "\\(ti"; break;
      default: result += c;
    }
  }
  return result;
}

/// The same as a line of its own, which a dot in front would make a request.
std::string line(const std::string& text) {
  return fmt::format("{}{}\n", text.starts_with('.') ? "\\&" : "", literal(text));
}

/// The same in lines of source that people can read; where they end is not seen in the page.
std::string paragraph(const std::string& text) {
  constexpr std::size_t kWidth = 72;
  std::string result;
  std::string so_far;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!so_far.empty() && so_far.size() + 1 + word.size() > kWidth) {
      result += line(so_far);
      so_far.clear();
    }
    so_far += fmt::format("{}{}", so_far.empty() ? "" : " ", word);
  }
  return so_far.empty() ? result : result + line(so_far);
}

std::string bold(const std::string& text) { return fmt::format("\\fB{}\\fR", literal(text)); }
std::string italic(const std::string& text) { return fmt::format("\\fI{}\\fR", literal(text)); }

std::string tagged(const std::string& tag, const std::string& text) {
  return fmt::format(".TP\n{}\n{}", tag, paragraph(text));
}

/// "-j, --workers N"
std::string tag_of(const Argument& option) {
  std::string tag;
  for (const std::string& name : option.names) {
    tag += fmt::format("{}{}", tag.empty() ? "" : ", ", bold(name));
  }
  for (const std::string& value : option.values) {
    tag += fmt::format(" {}", italic(value));
  }
  return tag;
}

std::string synopsis(const Usage& usage, const Subcommand& subcommand) {
  std::string text =
      fmt::format("{} [{}]...", bold(fmt::format("{} {}", usage.program, subcommand.name)), italic("OPTION"));
  for (const Argument& positional : subcommand.positionals) {
    const std::string name = italic(positional.names.front());
    text += positional.required ? fmt::format(" {}", name) : fmt::format(" [{}]", name);
  }
  return text += "\n";
}

std::string arguments(const Subcommand& subcommand) {
  std::string text;
  for (const Argument& positional : subcommand.positionals) {
    text += tagged(italic(positional.names.front()), positional.description);
  }
  for (const Argument& option : subcommand.options) {
    text += tagged(tag_of(option), option.description);
  }
  return text;
}

/// Lines that stay lines.
std::string preformatted(const std::string& text) {
  std::string result = ".PP\n.nf\n";
  std::istringstream lines(text);
  for (std::string each; std::getline(lines, each);) {
    result += line(each);
  }
  return result += ".fi\n";
}

std::string section(const Usage& usage, const Subcommand& subcommand) {
  return fmt::format(".SS {}\n{}.PP\n{}{}{}", literal(subcommand.name), synopsis(usage, subcommand),
                     paragraph(subcommand.description + "."), arguments(subcommand),
                     subcommand.footer.empty() ? "" : preformatted(subcommand.footer));
}

std::string rows(const std::vector<HelpRow>& table) {
  std::string text;
  for (const HelpRow& row : table) {
    // A tag without text would take the next row for its text.
    text += row.right.empty() ? fmt::format(".PP\n{}", line(row.left)) : tagged(bold(row.left), row.right);
  }
  return text;
}

}  // namespace

std::string man_page(const Usage& usage) {
  std::string text = fmt::format(".TH SNAPSHOT_TEST 1 \"\" \"{0} {1}\" \"User Commands\"\n.SH NAME\n{0} \\- {2}\n",
                                 usage.program, usage.version, literal(kOneLine));
  text += ".SH SYNOPSIS\n";
  for (const Subcommand& subcommand : usage.subcommands) {
    text += (&subcommand == &usage.subcommands.front() ? "" : ".br\n") + synopsis(usage, subcommand);
  }
  text += ".SH DESCRIPTION\n";
  text += paragraph(usage.general.description);
  text += ".SH OPTIONS\nIn front of the subcommand:\n" + arguments(usage.general);
  text += ".SH SUBCOMMANDS\n";
  for (const Subcommand& subcommand : usage.subcommands) {
    text += section(usage, subcommand);
  }
  text += ".SH WORKFLOW\n" + rows(usage.workflow);
  text += ".SH EXIT STATUS\n" + rows(usage.exit_statuses);
  text += ".SH FILES\n" + rows(files());
  text += ".SH SEE ALSO\n.BR python3 (1)\n.PP\nairspeed velocity (ASV): https://asv.readthedocs.io\n";
  return text;
}

SubcommandRow man_subcommand() {
  const auto declare = [](CLI::App& app, Shared&) -> Action {
    return [&app](const Streams& streams) {
      streams.out << man_page(usage_of(*app.get_parent()));
      return model::ExitStatus::kSuccess;
    };
  };
  return {"man", "Print the manual page", declare, SubcommandRow::Output::kPlain, SubcommandRow::Listing::kHidden};
}

}  // namespace snapshot_test::cli
