#include "session/variant.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "runner/python_environment.hpp"
#include "snapshot_test/store/store.hpp"
#include "util/process.hpp"
#include "util/text.hpp"
#include "util/try.hpp"

namespace snapshot_test::session {

namespace fs = std::filesystem;

namespace {

/// Run by the environment's own interpreter; argv: names of packages. A name is that of a distribution, or else of a
/// module that one brings.
constexpr const char* kQuestion = R"(
import sys
sys.path[:] = [path for path in sys.path if path]  # not the current folder, whose files may be called as these are
import json, platform
from importlib import metadata

def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
    owners = getattr(metadata, "packages_distributions", dict)().get(name, [])
    return metadata.version(owners[0]) if owners else None

versions = {name: version(name) for name in sys.argv[1:]}
answer = {"platform": sys.platform, "machine": platform.machine(), "python": "%d.%d" % sys.version_info[:2],
          "versions": versions}
if None in versions.values():
    answer["installed"] = sorted({str(each.metadata["Name"]) for each in metadata.distributions()})
print(json.dumps(answer))
)";

constexpr std::size_t kLongestName = 150;  // bytes: it becomes the name of a folder

const std::vector<std::string> kFacts{"platform", "machine", "python"};

/// Plain text, or what stands between braces.
struct Piece {
  std::string text;
  bool is_placeholder = false;
};

Result<std::vector<Piece>> pieces_of(const std::string& text) {
  std::vector<Piece> pieces;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find_first_of("{}", at);
    pieces.push_back({text.substr(at, open - at)});
    if (open == std::string::npos) {
      break;
    }
    const std::size_t close = text.find_first_of("{}", open + 1);
    if (text[open] == '}' || close == std::string::npos || text[close] == '{' || close == open + 1) {
      return fail(
          ErrorKind::kUsage,
          fmt::format("variant '{}': a placeholder is a name in braces, such as {{python}} or {{numpy}}", text));
    }
    pieces.push_back({text.substr(open + 1, close - open - 1), true});
    at = close + 1;
  }
  return pieces;
}

Result<std::map<std::string, std::string>> ask(const std::set<std::string>& names,
                                               const std::optional<std::string>& python,
                                               const util::BeforeExec& before) {
  TRY_ASSIGN(const auto environment, runner::find_python(python, before));
  std::vector<std::string> command{environment.executable, "-c", kQuestion};
  std::copy_if(names.begin(), names.end(), std::back_inserter(command),
               [](const std::string& name) { return std::find(kFacts.begin(), kFacts.end(), name) == kFacts.end(); });
  TRY_ASSIGN(const auto output, util::run_and_read(command, before));
  const nlohmann::json answer = nlohmann::json::parse(output, nullptr, false);
  if (!answer.is_object()) {
    return fail(ErrorKind::kUsage, fmt::format("'{}' does not say which packages it has; name another Python with "
                                               "--python, or the variant without placeholders",
                                               environment.executable));
  }
  std::map<std::string, std::string> values;
  for (const std::string& fact : kFacts) {
    values[fact] = answer.value(fact, "");
  }
  for (const auto& [name, version] : answer.at("versions").items()) {
    if (!version.is_null()) {
      values[name] = version.get<std::string>();
      continue;
    }
    std::vector<std::string> known = answer.value("installed", std::vector<std::string>());
    known.insert(known.end(), kFacts.begin(), kFacts.end());
    const auto meant = util::nearest(name, known);
    return fail(ErrorKind::kUsage,
                fmt::format("variant: {{{}}} is neither {{{}}} nor a package that is installed in {}{}", name,
                            fmt::join(kFacts, "}, {"), environment.executable,
                            meant ? fmt::format("; did you mean {{{}}}?", *meant) : ""));
  }
  return values;
}

/// "there is none of 'a'; the store has 'b' and 'c'"
Result<std::string> none_of(const std::vector<std::string>& wanted, const fs::path& store) {
  TRY_ASSIGN(const auto there, store::variant_names(store));
  return fmt::format(
      "the store has no baseline of the variant '{}'{}; {}", wanted.front(),
      wanted.size() == 1 ? "" : fmt::format(", nor of '{}'", fmt::join(wanted.begin() + 1, wanted.end(), "', '")),
      there.empty() ? "it has no variants" : fmt::format("it has '{}'", fmt::join(there, "', '")));
}

fs::path location_of(const fs::path& store, const std::string& variant) {
  return variant == kNoVariant ? store : store::variant_location(store, variant);
}

Result<std::vector<std::string>> names_of(const VariantOptions& options) {
  std::vector<std::string> texts{options.name};
  texts.insert(texts.end(), options.fallback.begin(), options.fallback.end());
  return fill_placeholders(texts, options.python, options.before);
}

}  // namespace

Result<std::vector<std::string>> fill_placeholders(const std::vector<std::string>& texts,
                                                   const std::optional<std::string>& python,
                                                   const util::BeforeExec& before) {
  std::vector<std::vector<Piece>> all;
  std::set<std::string> names;
  for (const std::string& text : texts) {
    TRY_ASSIGN(auto pieces, pieces_of(text));
    for (const Piece& piece : pieces) {
      if (piece.is_placeholder) {
        names.insert(piece.text);
      }
    }
    all.push_back(std::move(pieces));
  }
  std::map<std::string, std::string> values;
  if (!names.empty()) {
    TRY_ASSIGN(values, ask(names, python, before));
  }
  std::vector<std::string> filled;
  for (const auto& pieces : all) {
    std::string text;
    for (const Piece& piece : pieces) {
      text += piece.is_placeholder ? values.at(piece.text) : piece.text;
    }
    if (text.empty()) {
      return fail(ErrorKind::kUsage, "variant: a name must not be empty; leave the setting out for none");
    }
    if (text.size() > kLongestName) {
      return fail(ErrorKind::kUsage, fmt::format("variant: the name '{}' is longer than {} bytes", text, kLongestName));
    }
    filled.push_back(std::move(text));
  }
  return filled;
}

Result<ChosenBaseline> variant_to_write(const fs::path& store, const VariantOptions& options) {
  TRY_ASSIGN(const auto names, fill_placeholders({options.name}, options.python, options.before));
  return ChosenBaseline{location_of(store, names.front()), {names.front(), ""}, ""};
}

Result<ChosenBaseline> variant_to_read(const fs::path& store, const VariantOptions& options) {
  TRY_ASSIGN(const auto names, names_of(options));
  for (const std::string& name : names) {
    const fs::path location = location_of(store, name);
    const auto opened = store::Store::open(store::absolute_location(location));
    if (opened) {
      return ChosenBaseline{location, {name, name == names.front() ? "" : names.front()}, ""};
    }
    if (opened.error().kind != ErrorKind::kNoBaseline) {
      return tl::unexpected(opened.error());
    }
  }
  TRY_ASSIGN(const auto there, store::Store::open_if_there(store::absolute_location(store)));
  if (!there) {
    return store::Store::open(store::absolute_location(store)).map([](const auto&) { return ChosenBaseline(); });
  }
  TRY_ASSIGN(auto missing, none_of(names, store));
  return ChosenBaseline{location_of(store, names.front()), {names.front(), ""}, std::move(missing)};
}

}  // namespace snapshot_test::session
