// Values of a sealed case: offered by their digests, and sent where they are wanted.
#include <utility>

#include "host/execution/sharing.hpp"
#include "host/execution/sinks.hpp"
#include "host/execution/values.hpp"
#include "host/pickling/type_names.hpp"
#include "model/counterpart.hpp"
#include "snapshot_test/model/coverage.hpp"
#include "util/try.hpp"
#include "util/value_stream.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;
using model::SiteKind;
using model::SiteValue;

namespace {

/// The first site at which the same object was seen.
std::size_t first_with(const std::vector<py::object>& now, std::size_t site) {
  for (std::size_t i = 0; i < site; ++i) {
    if (now[i] && now[i].is(now[site])) {
      return i;
    }
  }
  return site;
}

}  // namespace

Result<void> ValueWriter::offer_one(const SeenValue& seen, std::size_t site, OfferedValues& offered) {
  model::OfferedValue value;
  value.site = site;
  value.type = pickling::type_name(py::type::handle_of(seen.value));
  value.count = seen.count;
  value.rounds = seen.rounds;
  FingerprintSink sink;
  const auto pickled = pickling::Pickler(sink, limits_, reducers_, drained_).dump(seen.value);
  if (!pickled && pickled.error().kind == ErrorKind::kIo) {
    return tl::unexpected(pickled.error());
  }
  if (!pickled) {
    offered.offer.sites[site].opaque = pickled.error().message;
    return {};
  }
  value.partly = pickled->partly;
  value.bytes = sink.bytes();
  value.fingerprint = sink.text();
  const auto whole = sink.whole();
  offered.pickles.push_back(whole ? std::optional(std::vector<std::byte>(whole->begin(), whole->end())) : std::nullopt);
  offered.values.push_back(seen.value);
  offered.offer.values.push_back(std::move(value));
  return {};
}

Result<OfferedValues> ValueWriter::offer(const std::vector<SeenValue>& seen, const model::CaseRequest& request) {
  OfferedValues offered;
  std::vector<const SeenValue*> taken;
  for (const SiteValue& baseline : request.baseline) {
    const std::size_t site = offered.now.size();
    model::OfferedSite& said = offered.offer.sites.emplace_back();
    said.same_as = site;
    offered.now.emplace_back();
    if (baseline.object.empty() || baseline.wholly_unstable) {
      continue;
    }
    const SeenValue* found = model::find_counterpart(seen, baseline, taken);
    const SeenValue now = found != nullptr ? as_in(*found, baseline) : SeenValue();
    offered.now[site] = now.value;
    if (!now.value || (now.rounds && gives_nothing(now))) {
      said.missing = true;
      continue;
    }
    said.same_as = first_with(offered.now, site);
    said.by_chance = is_shared_by_chance(now.value);
    TRY(offer_one(now, site, offered));
    if (baseline.site.kind == SiteKind::kResult && now.last && !now.last.is(now.value)) {
      SeenValue last = now;
      last.value = last.last;
      const std::string opaque = offered.offer.sites[site].opaque;
      TRY(offer_one(last, site, offered));
      offered.offer.sites[site].opaque = opaque;
    }
  }
  return offered;
}

void ValueWriter::send(const OfferedValues& offered, const std::vector<std::size_t>& wanted, int socket) {
  util::ValueStreamWriter stream(socket);
  for (const std::size_t each : wanted) {
    std::string broken;
    if (const auto& pickle = offered.pickles.at(each)) {
      if (!stream.write(*pickle)) {
        return;
      }
    } else if (const auto again = pickling::Pickler(stream, limits_, reducers_, drained_).dump(offered.values[each]);
               !again) {
      broken = again.error().message;
    }
    if (!stream.end(broken)) {
      return;
    }
  }
}

std::vector<std::pair<std::size_t, std::size_t>> ValueWriter::shared(const OfferedValues& offered,
                                                                     const std::vector<std::size_t>& wanted,
                                                                     const model::CaseRequest& request) {
  std::vector<bool> asked(offered.now.size());
  for (std::size_t site = 0; site < asked.size(); ++site) {
    asked[site] = !offered.offer.sites[site].opaque.empty();
  }
  for (const std::size_t each : wanted) {
    asked[offered.offer.values.at(each).site] = true;
  }
  std::vector<std::pair<std::size_t, std::size_t>> shared;
  for (std::size_t inner = 0; inner < asked.size(); ++inner) {
    if (!asked[inner] || !offered.now[inner] || !model::is_inner(request.baseline[inner].site.kind)) {
      continue;
    }
    for (std::size_t other = 0; other < asked.size(); ++other) {
      if (offered.now[other] && !model::is_inner(request.baseline[other].site.kind) &&
          one_holds_the_other(offered.now[inner], offered.now[other])) {
        shared.emplace_back(inner, other);
      }
    }
  }
  return shared;
}

}  // namespace snapshot_test::host::execution
