#include "commits/commands_of_asv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "util/try.hpp"

namespace snapshot_test::commits {

namespace {

Error wrong_command(const std::string& command, const std::string& what) {
  return {ErrorKind::kConfig, fmt::format("asv.conf.json: the command '{}': {}", command, what)};
}

/// Words as Python's shlex.split() finds them.
Result<std::vector<std::string>> shell_words(const std::string& text) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    const bool escapes = letter == '\\' && quote != '\'' && i + 1 < text.size();
    if (escapes && (quote == 0 || text[i + 1] == '"' || text[i + 1] == '\\')) {
      word = word.value_or("") + text[++i];
    } else if (quote != 0) {
      if (letter == quote) {
        quote = 0;
      } else {
        *word += letter;
      }
    } else if (letter == '"' || letter == '\'') {
      quote = letter;
      word = word.value_or("");
    } else if (letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r') {
      if (word) {
        words.push_back(*std::exchange(word, std::nullopt));
      }
    } else {
      word = word.value_or("") + letter;
    }
  }
  if (quote != 0) {
    return tl::unexpected(wrong_command(text, "a quote is not closed"));
  }
  if (word) {
    words.push_back(*word);
  }
  return words;
}

/// What str.format() makes of names in braces.
Result<std::string> formatted(const std::string& command, const std::string& text,
                              const std::map<std::string, std::string>& variables) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool doubled = i + 1 < text.size() && text[i + 1] == text[i];
    if ((text[i] == '{' || text[i] == '}') && doubled) {
      result += text[i++];
    } else if (text[i] == '{') {
      const std::size_t end = text.find('}', i);
      const std::string name = end == std::string::npos ? "" : text.substr(i + 1, end - i - 1);
      const auto value = variables.find(name);
      if (value == variables.end()) {
        return tl::unexpected(wrong_command(
            command, name == "wheel_file" ? "there is no {wheel_file}: the build did not leave one wheel in "
                                            "{build_cache_dir}"
                                          : fmt::format("there is no variable {{{}}}", name)));
      }
      result += value->second;
      i = end;
    } else if (text[i] == '}') {
      return tl::unexpected(wrong_command(command, "a '}' stands alone"));
    } else {
      result += text[i];
    }
  }
  return result;
}

bool is_variable(const std::string& word) {
  const std::size_t equals = word.find('=');
  return equals != std::string::npos && equals > 0 && !(word[0] >= '0' && word[0] <= '9') &&
         std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), [](char letter) {
           return letter == '_' || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                  (letter >= '0' && letter <= '9');
         });
}

Result<std::optional<std::set<int>>> return_codes(const std::string& command, std::string text) {
  if (text == "any") {
    return std::optional<std::set<int>>();
  }
  std::set<int> codes;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    int code = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + comma, code);
    if (error != std::errc() || stop != text.data() + comma) {
      return tl::unexpected(wrong_command(command, "return-code takes numbers, or any"));
    }
    codes.insert(code);
    text.erase(0, comma + 1);
  }
  return std::optional(std::move(codes));
}

}  // namespace

Result<AsvCommand> parse_asv_command(const std::string& text, const std::map<std::string, std::string>& variables) {
  TRY_ASSIGN(std::vector<std::string> words, shell_words(text));
  AsvCommand command;
  bool in_front = true;
  for (const std::string& each : words) {
    TRY_ASSIGN(std::string word, formatted(text, each, variables));
    if (in_front && word.starts_with("in-dir=")) {
      command.folder = word.substr(7);
    } else if (in_front && word.starts_with("return-code=")) {
      TRY_ASSIGN(command.return_codes, return_codes(text, word.substr(12)));
    } else if (in_front && is_variable(word)) {
      const std::size_t equals = word.find('=');
      command.environment[word.substr(0, equals)] = word.substr(equals + 1);
    } else {
      in_front = false;
      command.argv.push_back(std::move(word));
    }
  }
  return command;
}

}  // namespace snapshot_test::commits
