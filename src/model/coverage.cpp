#include "snapshot_test/model/coverage.hpp"

#include <algorithm>

namespace snapshot_test::model {

namespace {

constexpr std::size_t kNamedPaths = 3;  // of one site

bool is_state(SiteKind kind) { return kind == SiteKind::kState; }

std::string unstable_places(const SiteValue& site) {
  std::string text;
  for (std::size_t i = 0; i < std::min(site.unstable.size(), kNamedPaths); ++i) {
    text += (i == 0 ? "" : ", ") + site.unstable[i];
  }
  if (site.unstable.size() > kNamedPaths) {
    text += " and " + std::to_string(site.unstable.size() - kNamedPaths) + " more";
  }
  return text;
}

/// What is cut off, described, or known by a digest only.
void add_partly(const SiteValue& site, std::vector<std::string>& missing) {
  if (!site.partly.empty()) {
    missing.push_back(site.site.text() + " is compared in part: " + site.partly);
  }
}

/// What of a meaningful site cannot be compared.
void add_missing(const SiteValue& site, std::vector<std::string>& missing) {
  const std::string name = site.site.text();
  if (site.object.empty()) {
    missing.push_back(name + " cannot be pickled: " + site.opaque);
  } else if (site.wholly_unstable) {
    missing.push_back(name + " is not the same in two runs");
  } else {
    if (!site.unstable.empty()) {
      missing.push_back(name + " is not the same in two runs at " + unstable_places(site));
    }
    add_partly(site, missing);
  }
}

}  // namespace

bool usable(const SiteValue& site) { return site.meaningful && !site.object.empty() && !site.wholly_unstable; }

bool is_outer(SiteKind kind) {
  return kind == SiteKind::kReturn || kind == SiteKind::kBody || kind == SiteKind::kResult;
}

bool is_inner(SiteKind kind) {
  return kind == SiteKind::kDeepest || kind == SiteKind::kPath || kind == SiteKind::kThreads;
}

bool is_again(SiteKind kind) { return kind == SiteKind::kRepeated || kind == SiteKind::kPerturbed; }

Coverage coverage_of(const std::vector<SiteValue>& sites) {
  const auto any = [&](auto matches) { return std::any_of(sites.begin(), sites.end(), matches); };
  const auto any_usable = [&](auto wanted) {
    return any([&](const SiteValue& site) { return wanted(site.site.kind) && usable(site); });
  };
  const auto any_wholly_unstable = [&](auto wanted) {
    return any([&](const SiteValue& site) { return wanted(site.site.kind) && site.wholly_unstable; });
  };
  const auto everywhere = [](SiteKind) { return true; };

  const bool outer = any_usable(is_outer);
  Coverage coverage;
  for (const SiteValue& site : sites) {
    if (site.meaningful && (is_outer(site.site.kind) || (!outer && is_state(site.site.kind)))) {
      add_missing(site, coverage.missing);
    } else if (usable(site) && is_state(site.site.kind)) {
      add_partly(site, coverage.missing);  // what is not the same twice there leaves the result whole
    }
  }
  if (outer) {
    coverage.status = coverage.missing.empty() ? CaptureStatus::kOuter : CaptureStatus::kPart;
  } else if (any_usable(is_state)) {
    coverage.status = CaptureStatus::kState;
  } else if (any([](const SiteValue& site) { return site.meaningful && is_outer(site.site.kind); })) {
    coverage.status = any_wholly_unstable(is_outer) ? CaptureStatus::kUnstable : CaptureStatus::kOpaque;
  } else if (any_usable(is_inner)) {
    coverage.status = CaptureStatus::kInner;
  } else {
    for (const SiteValue& site : sites) {
      if (site.meaningful && is_inner(site.site.kind)) {
        add_missing(site, coverage.missing);
      }
    }
    coverage.status = any_wholly_unstable(everywhere) ? CaptureStatus::kUnstable
                      : coverage.missing.empty()      ? CaptureStatus::kVacuous
                                                      : CaptureStatus::kOpaque;
  }
  return coverage;
}

}  // namespace snapshot_test::model
