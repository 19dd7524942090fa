#include "host/execution/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "compare/site.hpp"
#include "host/execution/sinks.hpp"
#include "model/counterpart.hpp"
#include "snapshot_test/compare/compare.hpp"

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

compare::Options options_for(const model::CaseRequest& request, const SiteValue& baseline) {
  compare::Options options;
  static_cast<model::Rules&>(options) = request.rules;
  options.ignored_paths = baseline.unstable;
  options.bounds = baseline.bounds;
  options.unordered_items = baseline.site.kind == SiteKind::kThreads;
  return options;
}

/// Reads both pickles as values and compares those.
Result<compare::Comparison> compare_trees(const CompareSink& sink, const store::ObjectReader& snapshot,
                                          const model::CaseRequest& request, const SiteValue& baseline) {
  const auto expected_bytes = snapshot.load_verified(request.scratch);
  if (!expected_bytes) {
    return tl::unexpected(expected_bytes.error());
  }
  const auto actual_bytes = sink.spooled();
  if (!actual_bytes) {
    return tl::unexpected(actual_bytes.error());
  }
  const auto expected = pickle::read(expected_bytes->bytes());
  if (!expected) {
    return tl::unexpected(expected.error());
  }
  const auto actual = pickle::read(actual_bytes->bytes());
  if (!actual) {
    return tl::unexpected(actual.error());
  }
  return compare::compare(*actual, *expected, options_for(request, baseline));
}

/// In the form that the snapshot has: rounds, or the last one alone, which is all that snapshots held once.
SeenValue as_in(const SeenValue& seen, const SiteValue& baseline) {
  SeenValue like = seen;
  if (seen.rounds && !baseline.rounds && baseline.site.kind == SiteKind::kBody) {
    like.value = seen.last;
  } else if (!seen.rounds && baseline.rounds) {
    py::list rounds;
    rounds.append(seen.value);
    like.value = std::move(rounds);
  }
  return like;
}

std::vector<std::filesystem::path> folders(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

ValueWriter::ValueWriter(const pickling::Reducers& reducers, const model::ValueLimits& limits)
    : reducers_(reducers),
      limits_{.max_items = limits.max_items, .max_bytes = limits.max_bytes, .max_depth = limits.max_depth} {}

void ValueWriter::note(const model::Site& site, const pickling::PickledInfo& pickled) {
  for (const std::string& each : pickled.notes) {
    if (notes_.size() < kMostNotes) {
      notes_.push_back(fmt::format("{}: {}", site.text(), each));
    }
  }
}

Result<std::vector<SiteValue>> ValueWriter::store(const std::vector<SeenValue>& seen,
                                                  const model::CaseRequest& request) {
  std::vector<SiteValue> stored;
  std::unordered_map<PyObject*, std::size_t> written;
  for (const SeenValue& each : seen) {
    if (!each.meaningful || each.only_if_asked || gives_nothing(each)) {
      continue;
    }
    const auto [first, is_new] = written.emplace(each.value.ptr(), stored.size());
    if (is_new) {
      auto value = store_one(each, request);
      if (!value) {
        return tl::unexpected(value.error());
      }
      stored.push_back(std::move(*value));
    } else {
      stored.push_back(SiteValue(stored[first->second]));
    }
    if (each.incidental && !stored.back().opaque.empty()) {
      stored.pop_back();
      continue;
    }
    stored.back().site = each.site;
    stored.back().source = each.source;
    stored.back().count = each.count;
    stored.back().rounds = each.rounds;
    if (!each.unseen.empty()) {
      stored.back().partly = each.unseen;
    }
  }
  return stored;
}

bool ValueWriter::gives_nothing(const SeenValue& seen) {
  const auto is_spent = [&](py::handle value) {
    if (!is_plain_iterator(value)) {
      return false;
    }
    const pickling::Drained& drained = drained_.drain(value, limits_.max_items);
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

Result<SiteValue> ValueWriter::store_one(const SeenValue& seen, const model::CaseRequest& request) {
  SiteValue value;
  value.type = pickling::type_name(py::type::handle_of(seen.value));
  value.meaningful = seen.meaningful;
  auto writer = store::ObjectWriter::create(request.objects_dir, request.known_objects_dir,
                                            request.compress ? store::Compression::kAuto : store::Compression::kNone);
  if (!writer) {
    return tl::unexpected(writer.error());
  }
  StoreSink sink(std::move(*writer));
  const auto pickled = pickling::Pickler(sink, limits_, reducers_, drained_).dump(seen.value);
  if (!pickled && pickled.error().kind != ErrorKind::kPython) {
    return tl::unexpected(pickled.error());
  }
  if (!pickled) {
    value.opaque = pickled.error().message;
    return value;
  }
  note(seen.site, *pickled);
  if (pickled->content == pickling::Content::kDescribedOnly) {
    value.opaque = describe_content(*pickled);
    return value;
  }
  const auto object = sink.finish();
  if (!object) {
    return tl::unexpected(object.error());
  }
  value.object = object->sha256;
  value.bytes = object->plain_bytes;
  return value;
}

std::optional<std::string> ValueWriter::digest(py::handle value) {
  auto hash = store::Sha256::create();
  if (!hash) {
    return std::nullopt;
  }
  HashSink sink(std::move(*hash));
  const auto pickled = pickling::Pickler(sink, limits_, reducers_, drained_).dump(value);
  if (!pickled || pickled->content == pickling::Content::kDescribedOnly) {
    return std::nullopt;
  }
  return sink.finish();
}

std::vector<SiteComparison> ValueWriter::compare(const std::vector<SeenValue>& seen,
                                                 const model::CaseRequest& request) {
  std::vector<SiteComparison> comparisons;
  std::vector<const SeenValue*> taken;
  std::vector<SeenValue> held;  // so that an address stays an identity
  std::map<std::pair<PyObject*, std::string>, std::size_t> done;
  for (const SiteValue& baseline : request.baseline) {
    SiteComparison comparison;
    comparison.site = baseline.site;
    comparison.meaningful = baseline.meaningful;
    if (baseline.object.empty() || baseline.wholly_unstable) {
      comparison.match = baseline.object.empty() ? SiteMatch::kOpaque : SiteMatch::kUnstable;
      comparison.explanation = baseline.opaque;
    } else if (const SeenValue* now = model::find_counterpart(seen, baseline, taken); now == nullptr) {
      comparison.match = SiteMatch::kMissing;
      comparison.explanation = "the snapshot has a value here; nothing was observed now";
    } else if (const SeenValue like = as_in(*now, baseline); !like.value || (like.rounds && gives_nothing(like))) {
      comparison.match = SiteMatch::kMissing;
      comparison.explanation = "the snapshot has a value here; nothing was observed now";
    } else if (const auto [first, is_new] =
                   done.emplace(std::pair(like.value.ptr(), baseline.object), comparisons.size());
               !is_new && baseline.unstable.empty() && baseline.bounds.empty()) {
      const model::Site site = comparison.site;
      comparison = SiteComparison(comparisons[first->second]);
      comparison.site = site;
      comparison.meaningful = baseline.meaningful;
    } else {
      held.push_back(like);
      comparison = compare_one(like, baseline, request);
      const bool agrees = comparison.match == SiteMatch::kIdentical || comparison.match == SiteMatch::kClose;
      if (baseline.site.kind == SiteKind::kResult && !agrees && like.last && !like.last.is(like.value)) {
        SeenValue last = like;
        last.value = last.last;
        auto of_last = compare_one(last, baseline, request);
        const bool was_last = of_last.match == SiteMatch::kIdentical || of_last.match == SiteMatch::kClose;
        comparison = was_last ? std::move(of_last) : std::move(comparison);
      }
    }
    comparisons.push_back(std::move(comparison));
  }
  return comparisons;
}

SiteComparison ValueWriter::compare_one(const SeenValue& seen, const SiteValue& baseline,
                                        const model::CaseRequest& request) {
  SiteComparison comparison;
  comparison.site = baseline.site;
  comparison.meaningful = baseline.meaningful;
  const auto unreadable = [&](const Error& error) {
    comparison.match = SiteMatch::kUnreadable;
    comparison.explanation = error.message;
    return comparison;
  };
  const std::vector<std::filesystem::path> where = folders(request.baseline_dirs);
  auto snapshot = store::ObjectReader::open(where, baseline.object, baseline.bytes);
  if (!snapshot) {
    return unreadable(snapshot.error());
  }
  auto again = store::ObjectReader::open(where, baseline.object, baseline.bytes);
  if (!again) {
    return unreadable(again.error());
  }
  CompareSink sink(*snapshot, *again, request.scratch);
  const auto pickled = pickling::Pickler(sink, limits_, reducers_, drained_).dump(seen.value);
  if (!pickled && pickled.error().kind == ErrorKind::kPython) {
    comparison.match = SiteMatch::kOpaque;
    comparison.explanation = pickled.error().message;
    return comparison;
  }
  if (!pickled) {
    return unreadable(pickled.error());
  }
  const auto equal = sink.finish();
  if (!equal) {
    return unreadable(equal.error());
  }
  if (*equal) {
    comparison.match = SiteMatch::kIdentical;
    return comparison;
  }
  const auto result = compare_trees(sink, *snapshot, request, baseline);
  if (!result) {
    return unreadable(result.error());
  }
  compare::describe(comparison, *result);
  if (seen.rounds && baseline.rounds && comparison.match == SiteMatch::kDifferent) {
    comparison.explanation += fmt::format("\n    ([i] is round i of {}, counted from 0)", seen.count);
  }
  return comparison;
}

}  // namespace snapshot_test::host::execution
