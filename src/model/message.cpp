#include "model/message.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

namespace snapshot_test::model {

using nlohmann::json;

namespace {

template <class Variant>
json to_message(const Variant& message);
template <class Variant>
Variant from_message(const json& body);

// An enum's JSON form is its name, as everywhere else.
constexpr std::array<std::string_view, 3> kCacheBuildNames{"forked", "here", "done"};
constexpr std::array<std::string_view, 2> kCaseModeNames{"store", "compare"};
constexpr std::array<std::string_view, 5> kObserveNames{"values", "deepest", "unheld", "all", "nothing"};

template <class Enum, std::size_t N>
Enum enum_from(const json& in, const std::array<std::string_view, N>& names) {
  const auto text = in.get<std::string>();
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) {
      return static_cast<Enum>(i);
    }
  }
  throw std::invalid_argument(fmt::format("'{}' is none of its values", text));
}

}  // namespace

#define ST_ENUM(Enum, names)                                                               \
  static void to_json(json& out, Enum in) { out = (names)[static_cast<std::size_t>(in)]; } \
  static void from_json(const json& in, Enum& out) { out = enum_from<Enum>(in, names); }
ST_ENUM(CacheBuild, kCacheBuildNames)
ST_ENUM(CaseMode, kCaseModeNames)
ST_ENUM(Observe, kObserveNames)
#undef ST_ENUM

static void to_json(json& out, Ending in) { out = name(in); }
static void from_json(const json& in, Ending& out) {
  const auto ending = ending_from_name(in.get<std::string>());
  if (!ending) {
    throw std::invalid_argument(fmt::format("'{}' is no ending", in.get<std::string>()));
  }
  out = *ending;
}

void to_json(json& out, const ValueLimits& in) {
  out = {{"max_items", in.max_items}, {"max_bytes", nullptr}, {"max_depth", in.max_depth}};
  if (in.max_bytes) {
    out["max_bytes"] = *in.max_bytes;
  }
  if (in.max_stored_bytes) {
    out["max_stored_bytes"] = *in.max_stored_bytes;
  }
}

void from_json(const json& in, ValueLimits& out) {
  in.at("max_items").get_to(out.max_items);
  in.at("max_depth").get_to(out.max_depth);
  out.max_bytes = in.at("max_bytes").is_null() ? std::nullopt : std::optional(in.at("max_bytes").get<std::uint64_t>());
  out.max_stored_bytes =
      in.contains("max_stored_bytes") ? std::optional(in.at("max_stored_bytes").get<std::uint64_t>()) : std::nullopt;
}

static void to_json(json& out, const Request& in) { out = to_message(in); }
static void from_json(const json& in, Request& out) { out = from_message<Request>(in); }

// The fields of each message, by nlohmann's macros.
#define ST_FIELDS(Type, ...)                                                   \
  static void to_json(json& nlohmann_json_j, const Type& nlohmann_json_t) {    \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_TO, __VA_ARGS__))   \
  }                                                                            \
  static void from_json(const json& nlohmann_json_j, Type& nlohmann_json_t) {  \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_FROM, __VA_ARGS__)) \
  }
#define ST_NO_FIELDS(Type)                                              \
  static void to_json(json& out, const Type&) { out = json::object(); } \
  static void from_json(const json&, Type&) {}

ST_FIELDS(Locator, kind, places, staging)
ST_FIELDS(DiscoverRequest, filter, exclude, lost, stored, files, projects, stay, other_filter, other_exclude)
ST_FIELDS(ModuleRequest, module, workdir)
ST_FIELDS(CacheRequest, benchmark, directory, build)
ST_FIELDS(BenchmarkRequest, benchmark, rules)

static void to_json(json& out, const std::optional<BenchmarkRequest>& in) { out = in ? json(*in) : json(nullptr); }
static void from_json(const json& in, std::optional<BenchmarkRequest>& out) {
  out = in.is_null() ? std::nullopt : std::optional(in.get<BenchmarkRequest>());
}

ST_FIELDS(CaseRequest, alone, index, ids, workdir, temporary, scratch, mode, observe, trace_depth_limit, store,
          compress, baseline, repeat, perturb, seed, sealed)
ST_NO_FIELDS(SeriesRequest)
ST_FIELDS(HostStart, executable, benchmark_dir, project_dir, workdir, seed, preload, reducers, limits, max_memory,
          frozen_time, clock_shift, watched, project_code, listings)
ST_FIELDS(Preload, modules)
ST_FIELDS(Fork, node, request)
ST_FIELDS(Become, request)
ST_FIELDS(RunCase, benchmark, request)
ST_FIELDS(Wanted, offers)
ST_FIELDS(Ready, opened)
ST_FIELDS(BranchFailure, ending, detail, traceback)
ST_FIELDS(Forked, node, pid)
ST_FIELDS(ForkFailed, node, cause)
ST_FIELDS(Exited, node, status)
ST_FIELDS(Importing, module)
ST_NO_FIELDS(Looking)
ST_NO_FIELDS(Running)
ST_FIELDS(DiscoverReply, suite, selected, stored_selected, packages, tested, common_modules, files, sources,
          not_imported, filter_error, excluded, excluded_failures, idle_exclusions, stays, other_selected, strays,
          imported, has_project)
ST_FIELDS(OfferedValue, site, bytes, fingerprint, type, partly, count, rounds)
ST_FIELDS(OfferedSite, missing, opaque, same_as, by_chance)
ST_FIELDS(Offer, sites, values)
ST_FIELDS(CaseReply, observation, comparisons, spoiled, shared)

#undef ST_FIELDS
#undef ST_NO_FIELDS

namespace {

constexpr const char* kName = "op";

template <class Variant>
json to_message(const Variant& message) {
  return std::visit(
      [](const auto& each) {
        json body = each;
        body[kName] = each.kOp;
        return body;
      },
      message);
}

/// The alternative that is called `op`, from `body`; nothing where there is none. Throws what its fields throw.
template <class Variant, std::size_t I = 0>
std::optional<Variant> take(std::string_view op, const json& body) {
  if constexpr (I < std::variant_size_v<Variant>) {
    using Alternative = std::variant_alternative_t<I, Variant>;
    return op == Alternative::kOp ? Variant(body.get<Alternative>()) : take<Variant, I + 1>(op, body);
  } else {
    return std::nullopt;
  }
}

template <class Variant>
Variant from_message(const json& body) {
  const auto op = body.is_object() ? body.find(kName) : body.end();
  if (op == body.end() || !op->is_string()) {
    throw std::invalid_argument("something without a name came where a message belongs");
  }
  const auto& name = op->template get_ref<const std::string&>();
  std::optional<Variant> message;
  try {
    message = take<Variant>(name, body);
  } catch (const std::exception& error) {
    throw std::invalid_argument(fmt::format("the message '{}' is malformed: {}", name, error.what()));
  }
  if (!message) {
    throw std::invalid_argument(fmt::format("there is no message '{}' in this direction", name));
  }
  return std::move(*message);
}

}  // namespace

json encode(const Command& message) { return to_message(message); }
json encode(const Report& message) { return to_message(message); }

template <class Message>
Result<Message> decode(const json& body) {
  try {
    return from_message<Message>(body);
  } catch (const std::exception& error) {
    return fail(ErrorKind::kCorrupt, error.what());
  }
}

template Result<Command> decode<Command>(const json& body);
template Result<Report> decode<Report>(const json& body);

SiteValue sealed_site(const SiteValue& site) {
  SiteValue told;
  told.site = site.site;
  // A call on the way to `deepest` is found again by its name, and what the state is made of by the names in it.
  if (site.site.kind == SiteKind::kPath || site.site.kind == SiteKind::kState) {
    told.source = site.source;
  }
  told.meaningful = site.meaningful;
  told.rounds = site.rounds;
  told.wholly_unstable = site.wholly_unstable;
  told.object = site.object.empty() ? "" : kSealedObject;
  told.partly = site.partly == kDigestAlone ? kDigestAlone : "";
  return told;
}

Benchmark without_params(const Benchmark& benchmark) {
  // Not a copy with params cleared: there may be many thousand of those, and this is done for every case. A new field
  // does not compile until it is here, too.
  const auto& [name, type, pretty_name, version, unit, module, class_name, function, file, line, params, timeout,
               setup_cache_key, setup_cache_timeout, no_op] = benchmark;
  return {name,     type, pretty_name, version, unit,    module,          class_name,
          function, file, line,        {},      timeout, setup_cache_key, setup_cache_timeout,
          no_op};
}

}  // namespace snapshot_test::model
