#include "host/execution/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "compare/reduction.hpp"
#include "host/execution/large_values.hpp"
#include "host/execution/sharing.hpp"
#include "host/execution/sinks.hpp"
#include "host/pickling/type_names.hpp"
#include "inspect/stored_comparison.hpp"
#include "model/counterpart.hpp"
#include "snapshot_test/model/coverage.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;
using model::SiteComparison;
using model::SiteKind;
using model::SiteMatch;
using model::SiteValue;

namespace {

constexpr std::size_t kMostNotes = 20;

std::string describe_content(const pickling::PickledInfo& info) {
  return info.notes.empty() ? "it holds nothing that can be compared" : info.notes.front();
}

Result<std::unique_ptr<store::ObjectWriter>> new_object(const model::CaseRequest& request) {
  return store::create_object(request.store, request.compress ? store::Compression::kAuto : store::Compression::kNone);
}

bool decides(const SiteValue& baseline) {
  return model::usable(baseline) && (model::is_outer(baseline.site.kind) || baseline.site.kind == SiteKind::kState);
}

bool agrees(const SiteComparison& comparison) {
  return comparison.match == SiteMatch::kIdentical || comparison.match == SiteMatch::kClose;
}

/// What stands for two sites that hold the same object and are compared by the same rules.
bool compared_alike(const SiteValue& one, const SiteValue& other) {
  return one.object == other.object && one.unstable == other.unstable && one.bounds == other.bounds;
}

/// One site of the snapshot, what was seen there now (null: nothing to compare), and how the two compare.
struct Compared {
  const SiteValue* baseline;
  py::object now;
  SiteComparison comparison;
};

/// Pickling may change an object (what it caches, what it counts), so each is pickled once: sites that hold the same
/// one share a comparison. For a site that decides that takes the same snapshot, too; any other takes that of the site
/// that decides.
std::optional<SiteComparison> compared_already(const std::vector<Compared>& done, py::handle now,
                                               const SiteValue& baseline) {
  for (const Compared& each : done) {
    if (!each.now.is(now)) {
      continue;
    }
    const bool alike = compared_alike(*each.baseline, baseline);
    const bool decided = model::is_inner(baseline.site.kind) && decides(*each.baseline) && !is_shared_by_chance(now);
    if (alike || decided) {
      SiteComparison comparison = each.comparison;
      comparison.site = baseline.site;
      comparison.meaningful = baseline.meaningful;
      if (decided && agrees(each.comparison)) {
        comparison.shares_with = each.baseline->site;
      }
      return comparison;
    }
  }
  return std::nullopt;
}

/// Inner sites that differ although what decides agrees and shares objects with them.
void mark_shared(std::vector<Compared>& done) {
  for (Compared& inner : done) {
    const bool differs =
        inner.comparison.match == SiteMatch::kDifferent || inner.comparison.match == SiteMatch::kOpaque;
    if (!differs || !inner.now || !model::is_inner(inner.baseline->site.kind)) {
      continue;
    }
    const auto sharer = std::find_if(done.begin(), done.end(), [&](const Compared& each) {
      return each.now && decides(*each.baseline) && agrees(each.comparison) && one_holds_the_other(inner.now, each.now);
    });
    if (sharer != done.end()) {
      inner.comparison.shares_with = sharer->baseline->site;
    }
  }
}

}  // namespace

SeenValue as_in(const SeenValue& seen, const SiteValue& baseline) {
  SeenValue like = seen;
  if (seen.rounds && !baseline.rounds && baseline.site.kind == SiteKind::kBody) {
    like.value = seen.last;
    like.rounds = false;
  } else if (!seen.rounds && baseline.rounds) {
    py::list rounds;
    rounds.append(seen.value);
    like.value = std::move(rounds);
    like.rounds = true;
  } else if (baseline.partly == model::kDigestAlone) {
    like.value = digest_of_data(seen.value);
  }
  return like;
}

ValueWriter::ValueWriter(const pickling::Reducers& reducers, const model::ValueLimits& limits)
    : reducers_(reducers), limits_(limits) {}

void ValueWriter::note(const model::Site& site, const pickling::PickledInfo& pickled) {
  for (const std::string& each : pickled.notes) {
    if (notes_.size() < kMostNotes) {
      notes_.push_back(fmt::format("{}: {}", site.text(), each));
    }
  }
}

Result<std::vector<SiteValue>> ValueWriter::store(const std::vector<SeenValue>& seen,
                                                  const model::CaseRequest& request) {
  const bool has_result = std::any_of(seen.begin(), seen.end(), [](const SeenValue& each) {
    return each.meaningful && model::is_outer(each.site.kind);
  });
  std::vector<SiteValue> stored;
  std::unordered_map<PyObject*, std::size_t> written;
  for (const SeenValue& each : seen) {
    if (!each.meaningful || each.only_if_asked || gives_nothing(each)) {
      continue;
    }
    const auto [first, is_new] = written.emplace(each.value.ptr(), stored.size());
    if (is_new) {
      TRY_ASSIGN(auto value, has_result&& model::is_inner(each.site.kind) ? store_inner(each, request)
                                                                          : store_one(each, limits_, request));
      stored.push_back(std::move(value));
    } else {
      stored.push_back(SiteValue(stored[first->second]));
    }
    if (each.incidental && (!stored.back().opaque.empty() || !stored.back().partly.empty())) {
      stored.pop_back();
      continue;
    }
    stored.back().site = each.site;
    stored.back().source = each.source;
    stored.back().count = each.count;
    stored.back().rounds = each.rounds;
    if (!each.unseen.empty()) {
      std::string& partly = stored.back().partly;
      partly = partly.empty() ? each.unseen : fmt::format("{}; {}", each.unseen, partly);
    }
  }
  return stored;
}

bool ValueWriter::gives_nothing(const SeenValue& seen) {
  const auto is_spent = [&](py::handle value) {
    if (!is_plain_iterator(value)) {
      return false;
    }
    const pickling::Drained& drained = drained_.drain(value, limits_, reducers_);
    return drained.items.empty() && drained.raised.empty();
  };
  if (!seen.rounds) {
    return is_spent(seen.value);
  }
  bool any = false;
  const auto rounds = py::reinterpret_borrow<py::list>(seen.value);
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    if (is_spent(rounds[i])) {
      rounds[i] = py::none();
    }
    any = any || !rounds[i].is_none();
  }
  return !any && !rounds.empty();
}

/// It decides nothing, so neither time nor space is spent on a large one.
Result<SiteValue> ValueWriter::store_inner(const SeenValue& seen, const model::CaseRequest& request) {
  if (!is_large_data(seen.value)) {
    pickling::Limits limits = limits_;
    limits.max_bytes = std::min(limits.max_bytes.value_or(kMostOfInner), kMostOfInner);
    return store_one(seen, limits, request);
  }
  SeenValue digest = seen;
  digest.value = digest_of_data(seen.value);
  auto stored = store_one(digest, limits_, request);
  if (stored) {
    stored->type = pickling::type_name(py::type::handle_of(seen.value));
    stored->partly = model::kDigestAlone;
  }
  return stored;
}

Result<SiteValue> ValueWriter::store_one(const SeenValue& seen, const pickling::Limits& limits,
                                         const model::CaseRequest& request) {
  SiteValue value;
  value.type = pickling::type_name(py::type::handle_of(seen.value));
  value.meaningful = seen.meaningful;
  // The items of what threads returned have no order, and are paired by all that they hold.
  const bool bounded = limits.max_stored_bytes.has_value() && seen.site.kind != SiteKind::kThreads;
  std::optional<SpoolSink> spool;
  std::optional<StoreSink> stored;
  if (bounded) {
    TRY_ASSIGN(auto hash, store::Sha256::create());
    spool.emplace(std::move(hash), request.scratch);
  } else {
    TRY_ASSIGN(auto writer, new_object(request));
    stored.emplace(std::move(writer));
  }
  util::ByteSink& sink = bounded ? static_cast<util::ByteSink&>(*spool) : *stored;
  const auto pickled = pickling::Pickler(sink, limits, reducers_, drained_).dump(seen.value);
  if (!pickled && pickled.error().kind != ErrorKind::kPython) {
    return tl::unexpected(pickled.error());
  }
  if (!pickled) {
    value.opaque = pickled.error().message;
    return value;
  }
  note(seen.site, *pickled);
  value.partly = pickled->partly;
  if (pickled->content == pickling::Content::kDescribedOnly) {
    value.opaque = describe_content(*pickled);
    return value;
  }
  TRY(bounded ? write_bounded(*spool, seen, request, value) : stored->finish(value));
  return value;
}

Result<void> ValueWriter::write_bounded(SpoolSink& pickle, const SeenValue& seen, const model::CaseRequest& request,
                                        SiteValue& value) {
  const model::WholeValue known = pickle.finish();
  TRY_ASSIGN(const auto whole, pickle.whole());
  std::optional<compare::Reduction> reduction;
  if (known.bytes > *limits_.max_stored_bytes) {
    TRY_ASSIGN(reduction, compare::reduce(whole));
    if (!reduction && notes_.size() < kMostNotes) {
      notes_.push_back(
          fmt::format("{}: stored as it is, although its pickle has {} bytes: a sketch would save less than "
                      "half of them",
                      seen.site.text(), known.bytes));
    }
  }
  TRY_ASSIGN(auto writer, new_object(request));
  StoreSink sink(std::move(writer));
  TRY(reduction ? reduction->write(sink) : sink.write(whole));
  TRY(sink.finish(value));
  if (reduction) {
    value.sketch_of = known;
  }
  return {};
}

std::optional<std::string> ValueWriter::digest(py::handle value) {
  FingerprintSink sink;
  const auto pickled = pickling::Pickler(sink, limits_, reducers_, drained_).dump(value);
  if (!pickled || pickled->content == pickling::Content::kDescribedOnly) {
    return std::nullopt;
  }
  return sink.text();
}

Result<std::vector<SiteComparison>> ValueWriter::compare(const std::vector<SeenValue>& seen,
                                                         const model::CaseRequest& request, const model::Rules& rules) {
  std::vector<Compared> done;
  std::vector<const SeenValue*> taken;
  for (const SiteValue& baseline : request.baseline) {
    Compared site{&baseline, {}, {}};
    site.comparison.site = baseline.site;
    site.comparison.meaningful = baseline.meaningful;
    if (baseline.object.empty() || baseline.wholly_unstable) {
      site.comparison.match = baseline.object.empty() ? SiteMatch::kOpaque : SiteMatch::kUnstable;
      site.comparison.explanation = baseline.opaque;
      done.push_back(std::move(site));
      continue;
    }
    const SeenValue* found = model::find_counterpart(seen, baseline, taken);
    const SeenValue now = found != nullptr ? as_in(*found, baseline) : SeenValue();
    if (!now.value || (now.rounds && gives_nothing(now))) {
      site.comparison.match = SiteMatch::kMissing;
      site.comparison.explanation = "the snapshot has a value here; nothing was observed now";
    } else if (auto known = compared_already(done, now.value, baseline)) {
      site.comparison = std::move(*known);
    } else {
      auto compared = compare_one(now, baseline, request, rules);
      const auto agreed = [](const Result<SiteComparison>& each) { return each && agrees(*each); };
      if (baseline.site.kind == SiteKind::kResult && now.last && !now.last.is(now.value) && !agreed(compared)) {
        SeenValue last = now;
        last.value = last.last;
        if (auto of_last = compare_one(last, baseline, request, rules); agreed(of_last)) {
          compared = std::move(of_last);
        }
      }
      if (!compared) {
        return tl::unexpected(compared.error());
      }
      site.comparison = std::move(*compared);
    }
    site.now = now.value;
    done.push_back(std::move(site));
  }
  mark_shared(done);
  std::vector<SiteComparison> comparisons;
  for (Compared& each : done) {
    comparisons.push_back(std::move(each.comparison));
  }
  return comparisons;
}

Result<SiteComparison> ValueWriter::compare_one(const SeenValue& seen, const SiteValue& baseline,
                                                const model::CaseRequest& request, const model::Rules& rules) {
  SiteComparison comparison;
  comparison.site = baseline.site;
  comparison.meaningful = baseline.meaningful;
  const auto unreadable = [&](const Error& error) -> Result<SiteComparison> {
    TRY(inspect::mark_unreadable(error, comparison));
    return comparison;
  };
  const auto not_pickled = [&](const Error& error) -> Result<SiteComparison> {
    if (error.kind != ErrorKind::kPython) {
      return unreadable(error);
    }
    comparison.match = SiteMatch::kOpaque;
    comparison.explanation = error.message;
    return comparison;
  };
  const auto known = inspect::known_by(baseline);
  FingerprintSink seen_now;
  std::optional<Result<pickling::PickledInfo>> pickled_now;
  if (known) {
    pickled_now = pickling::Pickler(seen_now, limits_, reducers_, drained_).dump(seen.value);
    if (!*pickled_now) {
      return not_pickled(pickled_now->error());
    }
    TRY_ASSIGN(const auto is_there, store::has_object(request.store, baseline.object, baseline.bytes));
    if (is_there && seen_now.is_that_of(known->bytes, known->fingerprint)) {
      comparison.match = SiteMatch::kIdentical;
      return comparison;
    }
  }
  auto against = inspect::StoredComparison::open(request.store, baseline, request.scratch);
  if (!against) {
    return unreadable(against.error());
  }
  const auto whole = pickled_now ? seen_now.whole() : std::nullopt;
  const auto pickled = whole ? (*against)->write(*whole).and_then([&] { return *pickled_now; })
                             : pickling::Pickler(**against, limits_, reducers_, drained_).dump(seen.value);
  if (!pickled) {
    return not_pickled(pickled.error());
  }
  const inspect::NewValue now{pickling::type_name(py::type::handle_of(seen.value)), pickled->partly, seen.count,
                              seen.rounds};
  if (const auto compared = (*against)->finish(now, rules, comparison, notes_); !compared) {
    return unreadable(compared.error());
  }
  return comparison;
}

}  // namespace snapshot_test::host::execution
