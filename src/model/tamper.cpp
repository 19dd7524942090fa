#include "snapshot_test/model/tamper.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace snapshot_test::model {

namespace {

using What = ChangedFile::What;
using Change = ChangedFile::Change;

constexpr std::array kWhat = {std::pair(What::kBenchmark, "benchmark"),
                              std::pair(What::kConfiguration, "configuration"),
                              std::pair(What::kExpectations, "expectations"), std::pair(What::kStartUp, "start-up")};
constexpr std::array kChange = {std::pair(Change::kChanged, "changed"), std::pair(Change::kAdded, "added"),
                                std::pair(Change::kRemoved, "removed")};

template <class Names, class Value>
std::string_view name_in(const Names& names, Value value) {
  return std::find_if(names.begin(), names.end(), [value](const auto& each) { return each.first == value; })->second;
}

template <class Names>
auto value_in(const Names& names, const std::string& text) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const auto& each) { return text == each.second; });
  if (found == names.end()) {
    throw std::invalid_argument("'" + text + "' is unknown to this version");
  }
  return found->first;
}

}  // namespace

std::string_view name(What what) { return name_in(kWhat, what); }
std::string_view name(Change change) { return name_in(kChange, change); }

void to_json(nlohmann::json& out, const ChangedFile& in) {
  out = {{"what", name(in.what)}, {"change", name(in.change)}, {"file", in.file}, {"git", in.git}};
}

void from_json(const nlohmann::json& in, ChangedFile& out) {
  out.what = value_in(kWhat, in.at("what").get<std::string>());
  out.change = value_in(kChange, in.at("change").get<std::string>());
  in.at("file").get_to(out.file);
  in.at("git").get_to(out.git);
}

void to_json(nlohmann::json& out, const ImportedSuite& in) {
  out = {{"replaced", in.replaced}, {"opened", in.opened}, {"modules", in.modules}, {"start_up", in.start_up}};
}

void from_json(const nlohmann::json& in, ImportedSuite& out) {
  in.at("replaced").get_to(out.replaced);
  in.at("opened").get_to(out.opened);
  in.at("modules").get_to(out.modules);
  in.at("start_up").get_to(out.start_up);
}

void to_json(nlohmann::json& out, const TamperReport& in) {
  out = in.imported;
  out["recorded"] = in.recorded;
  out["since"] = in.since;
  out["files"] = in.files;
}

void from_json(const nlohmann::json& in, TamperReport& out) {
  in.get_to(out.imported);
  in.at("recorded").get_to(out.recorded);
  in.at("since").get_to(out.since);
  in.at("files").get_to(out.files);
}

}  // namespace snapshot_test::model
