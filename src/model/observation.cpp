#include "snapshot_test/model/observation.hpp"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace snapshot_test::model {

namespace {

constexpr std::array<std::pair<SiteKind, std::string_view>, 9> kSiteNames{{
    {SiteKind::kReturn, "return"},
    {SiteKind::kBody, "body"},
    {SiteKind::kState, "state"},
    {SiteKind::kDeepest, "deepest"},
    {SiteKind::kPath, "path"},
    {SiteKind::kThreads, "threads"},
    {SiteKind::kResult, "result"},
    {SiteKind::kRepeated, "repeated"},
    {SiteKind::kPerturbed, "perturbed"},
}};

constexpr std::array<std::pair<Ending, std::string_view>, 12> kEndingNames{{
    {Ending::kReturned, "returned"},
    {Ending::kNoOp, "no-op"},
    {Ending::kSkipped, "skipped"},
    {Ending::kRaised, "raised"},
    {Ending::kTimedOut, "timed-out"},
    {Ending::kSignalled, "signalled"},
    {Ending::kExited, "exited"},
    {Ending::kOutOfMemory, "out-of-memory"},
    {Ending::kImportFailed, "import-failed"},
    {Ending::kNotRun, "not-run"},
    {Ending::kProtocol, "protocol-broken"},
    {Ending::kRefused, "refused"},
}};

constexpr bool has_index(SiteKind kind) {
  return kind == SiteKind::kBody || kind == SiteKind::kPath || kind == SiteKind::kRepeated ||
         kind == SiteKind::kPerturbed;
}

}  // namespace

std::string Site::text() const {
  for (const auto& [value, text] : kSiteNames) {
    if (value == kind) {
      return has_index(kind) ? std::string(text) + "[" + std::to_string(index) + "]" : std::string(text);
    }
  }
  return {};
}

std::optional<Site> Site::parse(std::string_view text) {
  const std::size_t bracket = text.find('[');
  for (const auto& [kind, word] : kSiteNames) {
    if (text.substr(0, bracket) != word || has_index(kind) != (bracket != std::string_view::npos)) {
      continue;
    }
    Site site{kind, 0};
    if (has_index(kind)) {
      const char* end = text.data() + text.size() - 1;
      const auto [stop, error] = std::from_chars(text.data() + bracket + 1, end, site.index);
      if (error != std::errc() || stop != end || *end != ']' || site.index < 0) {
        return std::nullopt;
      }
    }
    return site;
  }
  return std::nullopt;
}

std::string_view name(Ending ending) {
  for (const auto& [value, text] : kEndingNames) {
    if (value == ending) {
      return text;
    }
  }
  return "";
}

std::optional<Ending> ending_from_name(std::string_view text) {
  for (const auto& [value, word] : kEndingNames) {
    if (word == text) {
      return value;
    }
  }
  return std::nullopt;
}

void to_json(nlohmann::json& out, const SiteValue& in) {
  out = {{"site", in.site.text()}, {"type", in.type}, {"meaningful", in.meaningful}, {"bytes", in.bytes}};
  if (!in.source.empty()) {
    out["source"] = in.source;
  }
  if (in.count != 1) {
    out["count"] = in.count;
  }
  if (in.rounds) {
    out["rounds"] = true;
  }
  if (!in.object.empty()) {
    out["object"] = in.object;
  }
  if (!in.fingerprint.empty()) {
    out["xxh3"] = in.fingerprint;
  }
  if (in.sketch_of) {
    out["sketch_of"] = {{"sha256", in.sketch_of->sha256}, {"bytes", in.sketch_of->bytes}};
    if (!in.sketch_of->fingerprint.empty()) {
      out["sketch_of"]["xxh3"] = in.sketch_of->fingerprint;
    }
  }
  if (!in.opaque.empty()) {
    out["opaque"] = in.opaque;
  }
  if (!in.partly.empty()) {
    out["partly"] = in.partly;
  }
  if (!in.unstable.empty()) {
    out["unstable"] = in.unstable;
  }
  if (!in.bounds.empty()) {
    out["bounds"] = in.bounds;
  }
  if (in.wholly_unstable) {
    out["wholly_unstable"] = true;
  }
}

void from_json(const nlohmann::json& in, SiteValue& out) {
  const std::string site = in.at("site").get<std::string>();
  const std::optional<Site> parsed = Site::parse(site);
  if (!parsed) {
    throw std::invalid_argument("unknown site '" + site + "'");
  }
  out.site = *parsed;
  out.source = in.value("source", "");
  in.at("type").get_to(out.type);
  in.at("meaningful").get_to(out.meaningful);
  in.at("bytes").get_to(out.bytes);
  out.count = in.value("count", std::uint64_t{1});
  out.rounds = in.value("rounds", false);
  out.object = in.value("object", "");
  out.fingerprint = in.value("xxh3", "");
  out.sketch_of.reset();
  if (in.contains("sketch_of")) {
    const nlohmann::json& whole = in.at("sketch_of");
    out.sketch_of = WholeValue{whole.at("sha256").get<std::string>(), whole.at("bytes").get<std::uint64_t>(),
                               whole.value("xxh3", "")};
  }
  out.opaque = in.value("opaque", "");
  out.partly = in.value("partly", "");
  out.unstable = in.value("unstable", std::vector<std::string>{});
  out.bounds = in.value("bounds", std::map<std::string, double>{});
  out.wholly_unstable = in.value("wholly_unstable", false);
}

void to_json(nlohmann::json& out, const Observation& in) {
  out = {{"ending", name(in.ending)}, {"detail", in.detail}, {"traceback", in.traceback}, {"output", in.output},
         {"seconds", in.seconds},     {"sites", in.sites},   {"notes", in.notes}};
  if (in.unheld) {
    out["unheld"] = true;
  }
  if (!in.replaced.empty()) {
    out["replaced"] = in.replaced;
  }
  if (!in.opened.empty()) {
    out["opened"] = in.opened;
  }
}

void from_json(const nlohmann::json& in, Observation& out) {
  const std::string ending = in.at("ending").get<std::string>();
  const std::optional<Ending> parsed = ending_from_name(ending);
  if (!parsed) {
    throw std::invalid_argument("unknown ending '" + ending + "'");
  }
  out.ending = *parsed;
  in.at("detail").get_to(out.detail);
  in.at("traceback").get_to(out.traceback);
  in.at("output").get_to(out.output);
  in.at("seconds").get_to(out.seconds);
  in.at("sites").get_to(out.sites);
  in.at("notes").get_to(out.notes);
  out.unheld = in.value("unheld", false);
  out.replaced = in.value("replaced", std::vector<std::string>{});
  out.opened = in.value("opened", std::vector<std::string>{});
}

}  // namespace snapshot_test::model
