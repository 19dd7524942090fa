#include "report/page_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

#include "report/format.hpp"
#include "report/page_text.hpp"
#include "report/source_place.hpp"
#include "util/try.hpp"
#include "util/visible.hpp"

namespace snapshot_test::report {

namespace {

using model::CaptureStatus;
using model::Standing;
using model::Verdict;

constexpr std::size_t kShownLabel = 300;         // bytes; parameters may be whole arrays
constexpr std::size_t kShownReason = 300;        // bytes
constexpr std::size_t kLongText = 16'384;        // bytes of an explanation, a traceback, an output
constexpr std::size_t kShownSites = 40;          // of a case
constexpr std::size_t kPieceBytes = 128 * 1024;  // of details, before they are packed
constexpr int kNothing = -1;                     // a case without details
constexpr int kLeftOut = -2;                     // a case whose details would take too much

Standing standing_of(const model::CaseCapture& capture) {
  if (capture.loss == model::Loss::kKept || capture.status == CaptureStatus::kFailed) {
    return Standing::kFail;
  }
  if (capture.status == CaptureStatus::kSkipped || capture.status == CaptureStatus::kNoOp) {
    return Standing::kNeither;
  }
  return model::verifiable(capture.status) ? Standing::kPass : Standing::kUnverified;
}

/// What comes first in the page, and is kept longest.
int rank(const PageRow& row) {
  switch (row.standing) {
    case Standing::kFail: return row.verified != nullptr && row.verified->verdict == Verdict::kDifferent ? 1 : 0;
    case Standing::kUnverified: return 3;
    case Standing::kExpected:
    case Standing::kObsolete: return 4;
    case Standing::kNeither: return 7;
    case Standing::kPass: break;
  }
  if (row.verified == nullptr) {
    return 6;
  }
  return row.verified->verdict == Verdict::kInnerChanged ? 2 : row.verified->verdict == Verdict::kClose ? 5 : 6;
}

/// The same JSON with all its texts visible (util/visible.hpp), since the page shows them as they are.
template <class Any>
Json shown(const Any& json) {
  if (json.is_string()) {
    return util::visible(json.template get_ref<const std::string&>(), util::Keep::kLines);
  }
  if (!json.is_structured()) {
    return Json(json);
  }
  Json out = json.is_array() ? Json::array() : Json::object();
  for (const auto& item : json.items()) {
    if (json.is_array()) {
      out.push_back(shown(item.value()));
    } else {
      out[item.key()] = shown(item.value());
    }
  }
  return out;
}

Json long_text(const std::string& text) { return util::visible(shortened(text, kLongText), util::Keep::kLines); }

/// Numbers for the table: as many digits as it can show.
Json short_number(const std::optional<double>& number) {
  if (!number || !std::isfinite(*number)) {
    return page_number(number);
  }
  return std::strtod(fmt::format("{:.6g}", *number).c_str(), nullptr);
}

Json site_details(const model::SiteComparison& site) {
  Json out = {{"site", site.site.text()}, {"match", model::name(site.match)}, {"source", one_line(site.source, 500)}};
  if (site.shares_with) {
    out["shares"] = site.shares_with->text();
  }
  if (!site.explanation.empty()) {
    out["explanation"] = long_text(site.explanation);
  }
  for (const char* key : {"parts", "groups", "hints", "leaves", "ignored", "difference_count", "sketch", "sketches"}) {
    if (site.details.is_object() && site.details.contains(key)) {
      out[key] = shown(site.details[key]);
    }
  }
  return out;
}

Json site_details(const model::SiteValue& site) {
  Json out = {{"site", site.site.text()}, {"match", ""}, {"source", one_line(site.source, 500)}};
  out["explanation"] = long_text(!site.opaque.empty() ? site.type + ": " + site.opaque
                                                      : fmt::format("{}, {}", site.type, size(site.bytes)));
  return out;
}

template <class Sites>
void add_sites(Json& out, const Sites& sites) {
  out["sites"] = Json::array();
  for (std::size_t i = 0; i < std::min(sites.size(), kShownSites); ++i) {
    out["sites"].push_back(site_details(sites[i]));
  }
  if (sites.size() > kShownSites) {
    out["more_sites"] = sites.size() - kShownSites;
  }
}

Json details_of(const PageRow& row) {
  const model::Observation& observation = row.observation();
  Json out = {{"file", one_line(relative_path(row.id().file))}, {"line", row.id().line}};
  if (row.verified != nullptr) {
    add_sites(out, row.verified->sites);
    out["missing"] = shown(Json(row.verified->missing));
    out["source_changed"] = row.verified->source_changed;
    out["checked_by"] = row.verified->checked_by ? Json(model::name(*row.verified->checked_by)) : Json(nullptr);
  } else {
    add_sites(out, observation.sites);
    out["missing"] = shown(Json(row.captured->missing));
  }
  out["ending"] = model::name(observation.ending);
  out["detail"] = long_text(observation.detail);
  out["traceback"] = long_text(observation.traceback);
  out["output"] = long_text(observation.output);
  out["notes"] = shown(Json(observation.notes));
  return out;
}

/// Is there more to say of it than its row does?
bool has_details(const PageRow& row) {
  const model::Observation& observation = row.observation();
  if (row.captured != nullptr || row.verified->verdict != Verdict::kIdentical || !row.verified->missing.empty()) {
    return true;
  }
  return !observation.output.empty() || !observation.notes.empty() || !observation.traceback.empty();
}

/// Where the details of a row are.
struct Place {
  int piece = kNothing;
  std::size_t at = 0;
};

/// Numbers for names, in the order in which they were first asked for.
class Names {
 public:
  std::size_t number(const std::string& name) {
    const auto [found, is_new] = numbers_.try_emplace(name, names_.size());
    if (is_new) {
      names_.push_back(name);
    }
    return found->second;
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> names_;
};

/// Rows of JSON, one at a time: a tree of all of them takes many times the memory.
std::string index_text(const std::vector<PageRow>& rows, std::size_t count, const std::vector<Place>& places) {
  Names modules;
  Names verdicts;
  Names kinds;
  Names groups;
  std::string text = "{\"rows\":[";
  for (std::size_t i = 0; i < count; ++i) {
    const PageRow& row = rows[i];
    const CaseDifference& difference = row.difference;
    const std::string likeness =
        difference.likeness.empty() ? "" : fmt::format("{}: {}", row.verdict, difference.likeness);
    const Json cells = {
        one_line(fmt::format("{}:{}", row.id().benchmark, row.id().index), kShownLabel),
        one_line(row.id().label, kShownLabel),
        modules.number(one_line(row.id().module, kShownLabel)),
        verdicts.number(fmt::format("{}\n{}", row.verdict, model::name(row.standing))),
        kinds.number(one_line(difference.kind, kShownLabel)),
        one_line(row.reason(), kShownReason),
        one_line(difference.text, kShownReason),
        short_number(row.observation().seconds),
        page_number(difference.ulps),
        short_number(difference.tolerances),
        page_number(difference.rtol),
        page_number(difference.rtol_without_atol),
        likeness.empty() ? -1 : static_cast<int>(groups.number(likeness)),
        places[i].piece,
        places[i].at,
    };
    text += (i == 0 ? "" : ",") + dump(cells, -1);
  }
  text += fmt::format("],\"modules\":{},\"verdicts\":{},\"kinds\":{},\"groups\":{}}}", dump(Json(modules.names()), -1),
                      dump(Json(verdicts.names()), -1), dump(Json(kinds.names()), -1), dump(Json(groups.names()), -1));
  return text;
}

}  // namespace

const model::CaseId& PageRow::id() const { return verified != nullptr ? verified->id : captured->id; }

const model::Observation& PageRow::observation() const {
  return verified != nullptr ? verified->observation : captured->observation;
}

const std::string& PageRow::reason() const { return verified != nullptr ? verified->reason : captured->reason; }

const std::string& PageRow::how() const { return difference.text.empty() ? reason() : difference.text; }

Json page_number(const std::optional<double>& number) {
  if (!number) {
    return -1;
  }
  return std::isfinite(*number) ? Json(*number) : Json("inf");
}

std::vector<PageRow> page_rows(const RunRecord& record) {
  std::vector<PageRow> rows;
  for (const model::CaseCapture& each : record.captured) {
    rows.push_back({nullptr, &each, model::name(each.status), standing_of(each), {}});
    if (rows.back().standing == Standing::kUnverified || rows.back().standing == Standing::kFail) {
      rows.back().difference.text = rows.back().difference.likeness = one_line(each.reason, kShownReason);
    }
  }
  for (const model::CaseVerdict& each : record.verified) {
    rows.push_back({&each, nullptr, model::name(each.verdict), model::standing(each.verdict), case_difference(each)});
  }
  const auto place = [](const PageRow& row) {
    return std::tuple(rank(row), -row.difference.tolerances.value_or(0), -row.difference.ulps.value_or(0));
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const PageRow& a, const PageRow& b) { return place(a) < place(b); });
  return rows;
}

Result<PageData> page_data(const std::vector<PageRow>& rows, std::size_t room) {
  constexpr std::size_t kPlaceBytes = 4;  // that a place adds to the packed table, at most
  PageData data;
  std::vector<Place> places(rows.size());
  std::size_t count = rows.size();
  TRY_ASSIGN(data.index, packed(index_text(rows, count, places)));
  while (data.index.size() + kPlaceBytes * count > room / 2 && count > 1) {
    count /= 2;
    TRY_ASSIGN(data.index, packed(index_text(rows, count, places)));
  }
  data.rows_left_out = rows.size() - count;

  const std::size_t taken = data.index.size() + kPlaceBytes * count;
  std::size_t left = room > taken ? room - taken : 0;
  std::string piece;
  std::vector<std::size_t> in_piece;
  bool full = false;
  const auto end_piece = [&]() -> Result<void> {
    TRY_ASSIGN(std::string text, packed("[" + piece + "]"));
    // The element around it.
    full = text.size() + 100 > left;
    for (std::size_t at = 0; at < in_piece.size(); ++at) {
      places[in_piece[at]] = full ? Place{kLeftOut, 0} : Place{static_cast<int>(data.details.size()), at};
    }
    data.details_left_out += full ? in_piece.size() : 0;
    if (!full) {
      left -= text.size() + 100;
      data.details.push_back(std::move(text));
    }
    piece.clear();
    in_piece.clear();
    return {};
  };
  for (std::size_t i = 0; i < count; ++i) {
    if (!has_details(rows[i])) {
      continue;
    }
    if (full) {
      places[i].piece = kLeftOut;
      ++data.details_left_out;
      continue;
    }
    piece += (piece.empty() ? "" : ",") + dump(details_of(rows[i]), -1);
    in_piece.push_back(i);
    if (piece.size() >= kPieceBytes) {
      TRY(end_piece());
    }
  }
  if (!in_piece.empty()) {
    TRY(end_piece());
  }
  TRY_ASSIGN(data.index, packed(index_text(rows, count, places)));
  return data;
}

}  // namespace snapshot_test::report
