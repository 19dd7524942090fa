#include "host/execution/case_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "host/execution/calls_again.hpp"
#include "host/execution/clock_window.hpp"
#include "host/execution/endings.hpp"
#include "host/execution/leftovers.hpp"
#include "host/execution/memory_limit.hpp"
#include "host/execution/open_watch.hpp"
#include "host/execution/project_code.hpp"
#include "host/execution/room.hpp"
#include "host/execution/setup_cache.hpp"
#include "host/execution/state.hpp"
#include "host/execution/surroundings.hpp"
#include "host/execution/timeraw.hpp"
#include "host/execution/values.hpp"
#include "host/execution/written_files.hpp"
#include "host/interpreter/determinism.hpp"
#include "host/interpreter/interpreter.hpp"
#include "host/trace/tracer.hpp"
#include "snapshot_test/model/coverage.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;
namespace fs = std::filesystem;
using model::Ending;
using model::Observe;
using model::SiteKind;

namespace {

/// Bytes of a setup_cache's folder that a case gets a copy of.
constexpr std::uintmax_t kMostCopied = 32 << 20;

/// A case that changes what it finds in the folder of its setup_cache must not change it for others. False where there
/// is too much in it, or what cannot be copied: then it works where all of them work. What setup_cache returned, which
/// nobody writes to, is linked.
bool copy_folder(const fs::path& from, const fs::path& to) {
  try {
    std::uintmax_t bytes = 0;
    for (const fs::directory_entry& each : fs::recursive_directory_iterator(from)) {
      const bool counts = each.is_regular_file() && !each.is_symlink() && each.path().filename() != kCacheFile;
      bytes += counts ? each.file_size() : 0;
      if (each.is_other() || bytes > kMostCopied) {
        return false;
      }
    }
    fs::create_directory(to);
    for (const fs::directory_entry& each : fs::directory_iterator(from)) {
      const fs::path copy = to / each.path().filename();
      if (each.path().filename() == kCacheFile) {
        fs::create_symlink(each.path(), copy);
      } else {
        fs::copy(each.path(), copy, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
      }
    }
    return true;
  } catch (const fs::filesystem_error&) {
    return false;
  }
}

/// Makes the case's folders and goes there. Returns those that are its own.
Result<std::vector<fs::path>> enter_folders(const model::CaseRequest& request) {
  std::vector<fs::path> own{request.temporary};
  try {
    fs::create_directories(request.temporary);
    const bool cached = request.workdir.empty();
    const fs::path workdir = cached ? fs::path(request.temporary).parent_path() / "work" : fs::path(request.workdir);
    if (!cached) {
      fs::create_directory(workdir);
    }
    if (!cached || copy_folder(fs::current_path(), workdir)) {
      fs::current_path(workdir);
      own.push_back(workdir);
    }
  } catch (const fs::filesystem_error& error) {
    return tl::unexpected(util::refusal("make the working directory of a case", error.code().value()));
  }
  set_temporary_folder(request.temporary);
  return own;
}

/// ASV times with the collector off; so do we, or a weak reference might be found dead here and alive there.
class CollectorOff {
 public:
  CollectorOff() : gc_(interpreter::module("gc")) { gc_.attr("disable")(); }
  ~CollectorOff() {
    try {
      gc_.attr("enable")();
    } catch (const py::error_already_set&) {
      // A benchmark that replaced gc.enable keeps what it wanted.
    }
  }
  CollectorOff(const CollectorOff&) = delete;
  CollectorOff& operator=(const CollectorOff&) = delete;

 private:
  py::module_ gc_;
};

constexpr std::chrono::seconds kLookAtMost{5};
constexpr std::chrono::hours kLookAnyTime{24};

bool is_value(SiteKind kind) {
  return kind == SiteKind::kReturn || kind == SiteKind::kBody || kind == SiteKind::kResult;
}

/// Is there one that verification can compare?
bool has_value(const std::vector<model::SiteValue>& sites) {
  return std::any_of(sites.begin(), sites.end(), [](const model::SiteValue& each) {
    return is_value(each.site.kind) && each.meaningful && !each.object.empty();
  });
}

/// A script stored the snapshot: one value for the whole case.
bool compares_result(const model::CaseRequest& request) {
  return std::any_of(request.baseline.begin(), request.baseline.end(),
                     [](const model::SiteValue& each) { return each.site.kind == SiteKind::kResult; });
}

/// The functions that these calls were of: so many of them, that is, as fit a line.
std::string functions_of(const std::vector<trace::TracedCall>& calls) {
  constexpr std::size_t kMost = 3;
  std::set<std::string> names;
  for (const trace::TracedCall& call : calls) {
    names.insert(call.function);
  }
  const bool more = names.size() > kMost;
  if (more) {
    names.erase(std::next(names.begin(), kMost), names.end());
  }
  return fmt::format("{}{}", fmt::join(names, ", "), more ? ", ..." : "");
}

/// The course of one case. Each step says whether the next may follow.
class CaseRun {
 public:
  /// `again`: of the baseline, what is compared with calls that are made once more; `request` has none of it.
  CaseRun(Context& context, PreparedBenchmark& benchmark, const model::CaseRequest& request,
          const std::vector<model::SiteValue>& again, const OnTurn& on_turn, const OnOffer& on_offer,
          const OnReady& on_ready)
      : on_turn_(on_turn),
        on_offer_(on_offer),
        on_ready_(on_ready),
        context_(context),
        benchmark_(benchmark),
        request_(request),
        again_(again),
        writer_(context.reducers, context.start.limits),
        clock_(context.start.frozen_time >= 0 ? ClockWindow::TimeOfDay::kStandsStill : ClockWindow::TimeOfDay::kGoesOn),
        surroundings_(context.builtins),
        functions_before_(context.functions.now()) {}

  model::CaseReply run(const py::object& cache, Room room);

 private:
  [[nodiscard]] bool gather_arguments(const py::object& cache);
  [[nodiscard]] bool set_up();
  [[nodiscard]] bool look_before();
  [[nodiscard]] bool look_at_state_before();
  void look_after(const std::vector<SeenValue>& seen);
  void call();
  void call_for_values();
  void call_unheld();
  enum class StateMode { kEverything, kBesideValues };
  [[nodiscard]] SeenValue changed_state(const std::vector<SeenValue>& seen, StateMode mode);
  [[nodiscard]] StateMode state_mode(const std::vector<SeenValue>& seen) const;
  void call_timeraw();
  [[nodiscard]] py::object timed(const std::function<py::object()>& function);
  [[nodiscard]] std::vector<SeenValue> gather_values(py::object returned, trace::Trace trace);
  [[nodiscard]] py::list in_an_order(const std::vector<trace::TracedCall>& calls);
  void hand_over(std::vector<SeenValue> seen);
  void offer(const std::vector<SeenValue>& seen);
  [[nodiscard]] Result<std::vector<model::SiteValue>> store(std::vector<SeenValue>& seen);
  void cannot_look(const char* done, const Error& error);
  void tear_down();
  void call_once_more();
  void hand_over_again(SeenValue seen);
  void end(const py::error_already_set& error, const char* where);
  void refuse(std::string why);
  void restore_surroundings();
  /// What it writes is below this, but for what users of a setup_cache write there.
  [[nodiscard]] fs::path own_folder() const { return fs::path(request_.temporary).parent_path(); }
  [[nodiscard]] model::Observation& observation() { return reply_.observation; }

  const OnTurn& on_turn_;
  const OnOffer& on_offer_;
  const OnReady& on_ready_;
  Context& context_;
  PreparedBenchmark& benchmark_;
  const model::CaseRequest& request_;
  const std::vector<model::SiteValue>& again_;
  ValueWriter writer_;
  ClockWindow clock_;
  Leftovers leftovers_;
  Surroundings surroundings_;
  FunctionWatch::Moment functions_before_;
  py::tuple args_;
  std::optional<StateWatch> state_;
  int raised_errno_ = 0;  ///< of the exception that ended it
  std::optional<FileWatch> files_;
  std::vector<fs::path> own_folders_;  ///< in which nobody else writes
  model::CaseReply reply_;
};

model::CaseReply CaseRun::run(const py::object& cache, Room room) {
  observation().ending = Ending::kReturned;
  if (room == Room::kUnknown) {
    if (const auto lacking = missing_room(request_.scratch)) {
      refuse(*lacking);
      return std::move(reply_);
    }
  }
  auto entered = enter_folders(request_);
  if (!entered) {
    refuse(entered.error().message);
    return std::move(reply_);
  }
  own_folders_ = std::move(*entered);
  if (!benchmark_.note.empty()) {
    observation().notes.push_back(benchmark_.note);
  }
  if (!gather_arguments(cache)) {
    return std::move(reply_);
  }
  bool ready = set_up();
  if (ready) {
    on_ready_();
    ready = look_before();
  }
  if (ready) {
    call();
  }
  if (ready || observation().ending == Ending::kSkipped) {
    tear_down();
  }
  if (ready && observation().ending == Ending::kReturned && (request_.repeat > 0 || request_.perturb)) {
    call_once_more();
  }
  for (std::string& note : leftovers_.clear()) {
    observation().notes.push_back(std::move(note));
  }
  if (observation().ending == Ending::kRaised && !surroundings_.lowered() &&
      is_refused_still(raised_errno_, request_.scratch, own_folder())) {
    refuse(observation().detail + util::advice(raised_errno_));
  }
  return std::move(reply_);
}

/// What it has put in the place of builtins is noted before it is put back.
void CaseRun::restore_surroundings() {
  if (observation().replaced.empty()) {
    observation().replaced = context_.functions.replaced_since(functions_before_);
  }
  surroundings_.restore();
}

/// The machine lacks what it takes, so the case says nothing.
void CaseRun::refuse(std::string why) {
  observation().ending = Ending::kRefused;
  observation().detail = std::move(why);
  observation().sites.clear();
  reply_.comparisons.clear();
}

void CaseRun::end(const py::error_already_set& error, const char* where) {
  const EndedBy ended = ended_by(error);
  raised_errno_ = errno_of(error);
  observation().ending = ended.ending;
  observation().detail = where + ended.detail;
  if (ended.ending == Ending::kOutOfMemory && context_.start.max_memory > 0) {
    observation().detail += fmt::format(" (out of memory: a case may have {} MiB)", context_.start.max_memory >> 20);
  }
  observation().traceback = ended.traceback;
}

bool CaseRun::gather_arguments(const py::object& cache) {
  try {
    discovery::LiveBenchmark& live = benchmark_.live;
    if (live.is_skip_params(request_.index)) {
      observation().ending = Ending::kSkipped;
      observation().detail = "skip_params names this combination";
      // Neither set-up nor teardown runs: nothing may follow.
      return false;
    }
    const auto agreed = live.check_ids(request_.index, request_.ids);
    const auto values = live.param_values(request_.index);
    if (!agreed || !values) {
      observation().ending = Ending::kRaised;
      observation().detail = !agreed ? agreed.error().message : values.error().message;
      return false;
    }
    py::list all;
    if (!cache.is_none()) {
      all.append(cache);
    }
    for (const py::handle value : *values) {
      all.append(value);
    }
    args_ = py::tuple(all);
    return true;
  } catch (const py::error_already_set& error) {
    end(error, "parameters: ");
    return false;
  }
}

bool CaseRun::set_up() {
  try {
    const MemoryLimit limit(context_.start.max_memory);
    interpreter::reseed(context_.start.seed);
    if (benchmark_.live.set_up(args_) == discovery::SetUp::kReady) {
      return true;
    }
    observation().ending = Ending::kSkipped;
    observation().detail = benchmark_.live.skip_reason();
  } catch (const py::error_already_set& error) {
    end(error, "setup: ");
  }
  return false;
}

bool CaseRun::look_before() {
  const bool asked = request_.observe == Observe::kUnheld || request_.observe == Observe::kAll;
  if (!asked || benchmark_.live.type() == "timeraw") {
    return true;
  }
  on_turn_(Turn::kObserver);
  const bool looked = look_at_state_before();
  on_turn_(Turn::kBenchmark);
  return looked;
}

bool CaseRun::look_at_state_before() {
  try {
    state_.emplace(benchmark_.live, args_, context_.reducers, writer_);
    // Where a snapshot has a state, it has to be looked at.
    const bool needed = request_.mode == model::CaseMode::kCompare;
    const auto looked = state_->look_before(needed ? kLookAnyTime : kLookAtMost);
    if (!looked && !needed && surroundings_.lowered()) {
      state_.reset();  // its set-up has left us no room for it
      observation().notes.push_back("its state is not looked at: " + *surroundings_.lowered());
      return true;
    }
    if (!looked && looked.error().kind == ErrorKind::kIo) {
      refuse(looked.error().message);
      return false;
    }
    if (!looked || (needed && !*looked)) {
      observation().ending = Ending::kProtocol;
      observation().detail = looked ? "the process that looked at the state before the call did not get to its end"
                                    : looked.error().message;
      return false;
    }
    if (!*looked) {
      observation().notes.push_back(
          fmt::format("of its state only plain data is looked at: looking at the rest fails, or takes more than {} s",
                      kLookAtMost.count()));
    }
    files_.emplace(own_folders_);
    return true;
  } catch (const py::error_already_set& error) {
    end(error, "looking at its state: ");
    return false;
  }
}

void CaseRun::look_after(const std::vector<SeenValue>& seen) {
  if (!state_) {
    return;
  }
  files_->look_after(seen, reachable_names(benchmark_.live, args_));
  if (!files_->partly().empty()) {
    observation().notes.push_back(files_->partly());
  }
  state_->look_after();
}

void CaseRun::call() {
  try {
    interpreter::reseed(context_.start.seed);
    if (benchmark_.live.type() == "timeraw") {
      call_timeraw();
    } else if (request_.observe == Observe::kNothing) {
      const py::object returned = timed([&] { return benchmark_.live.function()(*args_); });
      hand_over({});
    } else if (request_.observe == Observe::kUnheld) {
      call_unheld();
    } else {
      call_for_values();
    }
  } catch (const py::error_already_set& error) {
    restore_surroundings();
    end(error, "");
    if (discovery::is_skip_exception(error)) {
      observation().ending = Ending::kSkipped;
    }
  }
}

py::object CaseRun::timed(const std::function<py::object()>& function) {
  const CollectorOff off;
  const MemoryLimit limit(context_.start.max_memory);
  const auto begun = std::chrono::steady_clock::now();
  py::object returned = function();
  clock_.close();
  observation().seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  restore_surroundings();
  on_turn_(Turn::kObserver);
  return returned;
}

void CaseRun::call_for_values() {
  const bool body = request_.observe != Observe::kDeepest && benchmark_.body;
  if (body) {
    benchmark_.body->install();
  }
  trace::Tracer tracer(context_.eligibility, {.depth_limit = request_.trace_depth_limit});
  py::object returned = timed([&] { return tracer.call(benchmark_.live.function(), args_); });
  if (body) {
    benchmark_.body->restore();
  }
  std::vector<SeenValue> seen = gather_values(std::move(returned), tracer.take());
  look_after(seen);
  hand_over(std::move(seen));
}

void CaseRun::call_unheld() {
  observation().unheld = true;
  py::object returned = timed([&] { return benchmark_.live.function()(*args_); });
  returned = as_returned(std::move(returned), observation().notes);
  std::vector<SeenValue> seen = seen_outside(std::move(returned), nullptr, clock_, observation().notes);
  look_after(seen);
  hand_over(std::move(seen));
}

/// A capture decides it by what it sees; everything else follows what the snapshot has.
CaseRun::StateMode CaseRun::state_mode(const std::vector<SeenValue>& seen) const {
  const bool beside = request_.mode == model::CaseMode::kCompare
                          ? has_value(request_.baseline)
                          : std::any_of(seen.begin(), seen.end(), [](const SeenValue& each) {
                              return each.meaningful && is_value(each.site.kind);
                            });
  return beside ? StateMode::kBesideValues : StateMode::kEverything;
}

SeenValue CaseRun::changed_state(const std::vector<SeenValue>& seen, StateMode mode) {
  py::dict changes;
  std::string names;
  const auto baseline = std::find_if(request_.baseline.begin(), request_.baseline.end(),
                                     [](const auto& each) { return each.site.kind == SiteKind::kState; });
  if (mode == StateMode::kEverything) {
    changes = state_->everything();
  } else if (baseline != request_.baseline.end()) {
    changes = state_->again(baseline->source);
  } else {
    changes = state_->beside(Coverage(seen, [this](py::handle value) { return writer_.digest(value); }));
    names = StateWatch::names_of(changes);
  }
  files_->add_changes(changes);
  const bool changed = !changes.empty();
  return {{SiteKind::kState, 0}, std::move(changes), std::move(names), 1, changed};
}

void CaseRun::call_timeraw() {
  TimerawVariables variables = [&] {
    const MemoryLimit limit(context_.start.max_memory);
    return run_timeraw(benchmark_.live, args_, request_.temporary);
  }();
  observation().notes.insert(observation().notes.end(), variables.notes.begin(), variables.notes.end());
  std::vector<SeenValue> seen;
  const bool any = !variables.values.empty();
  seen.push_back({{SiteKind::kState, 0}, std::move(variables.values), "", 1, any});
  hand_over(seen);
}

std::vector<SeenValue> CaseRun::gather_values(py::object returned, trace::Trace trace) {
  const bool all = request_.observe != Observe::kDeepest;
  std::vector<SeenValue> seen;
  returned = as_returned(std::move(returned), observation().notes);
  if (all) {
    trace::RewrittenBody* body = benchmark_.body ? &*benchmark_.body : nullptr;
    seen = seen_outside(std::move(returned), body, clock_, observation().notes);
  }
  for (SeenValue& each : seen_inside(trace, all ? Inside::kAll : Inside::kDeepest)) {
    seen.push_back(std::move(each));
  }
  if (all && !trace.workers.empty()) {
    seen.push_back(
        {{SiteKind::kThreads, 0}, in_an_order(trace.workers), functions_of(trace.workers), trace.workers.size(), true});
  }
  observation().notes.insert(observation().notes.end(), trace.notes.begin(), trace.notes.end());
  if (auto result = all && compares_result(request_) ? result_of(seen, Rounds::kAll) : std::nullopt) {
    // What scripts stored before loops counted in every round.
    result->last = result_of(seen, Rounds::kLast)->value;
    seen.push_back(std::move(*result));
    seen.back().site = {SiteKind::kResult, 0};
  }
  return seen;
}

/// By their values: which thread came first is chance. What cannot be pickled comes first, in any order.
py::list CaseRun::in_an_order(const std::vector<trace::TracedCall>& calls) {
  std::vector<std::pair<std::string, py::handle>> keyed;
  for (const trace::TracedCall& call : calls) {
    keyed.emplace_back(writer_.digest(call.value).value_or(""), call.value);
  }
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  py::list ordered;
  for (const auto& [digest, value] : keyed) {
    ordered.append(value);
  }
  return ordered;
}

/// To the store, or against it.
void CaseRun::hand_over(std::vector<SeenValue> seen) {
  if (benchmark_.no_op) {
    observation().ending = Ending::kNoOp;
    return;
  }
  if (request_.observe == Observe::kNothing) {
    return;
  }
  if (state_) {
    seen.push_back(changed_state(seen, state_mode(seen)));
  }
  if (request_.sealed) {
    offer(seen);
    return;
  }
  if (request_.mode == model::CaseMode::kCompare) {
    auto compared = writer_.compare(seen, request_, benchmark_.rules);
    if (!compared) {
      cannot_look("compared", compared.error());
      return;
    }
    reply_.comparisons = std::move(*compared);
    const bool unreadable = std::any_of(reply_.comparisons.begin(), reply_.comparisons.end(),
                                        [](const auto& site) { return site.match == model::SiteMatch::kUnreadable; });
    if (const auto why = unreadable ? surroundings_.lowered() : std::nullopt) {
      observation().ending = Ending::kProtocol;
      observation().detail = "its values could not be compared: " + *why;
      reply_.comparisons.clear();
    }
    return;
  }
  auto stored = store(seen);
  if (stored) {
    observation().sites = std::move(*stored);
    for (std::string& note : writer_.take_notes()) {
      observation().notes.push_back(std::move(note));
    }
  } else {
    cannot_look("kept", stored.error());
  }
}

/// What is compared, and with what, is not known here. When this returns it has been done, however it has gone.
void CaseRun::offer(const std::vector<SeenValue>& seen) {
  const auto offered = writer_.offer(seen, request_);
  if (!offered) {
    cannot_look("pickled", offered.error());
    return;
  }
  const auto wanted = on_offer_(offered->offer);
  if (!wanted) {
    observation().ending = Ending::kProtocol;
    observation().detail = "its values could not be offered: " + wanted.error().message;
    return;
  }
  if (wanted->socket) {
    writer_.send(*offered, wanted->offers, wanted->socket.get());
    ::shutdown(wanted->socket.get(), SHUT_WR);
    char nothing = 0;
    while (::read(wanted->socket.get(), &nothing, 1) < 0 && errno == EINTR) {
    }
  }
  reply_.shared = ValueWriter::shared(*offered, wanted->offers, request_);
}

/// Where none of its values can be pickled, everything that it changed is its state.
Result<std::vector<model::SiteValue>> CaseRun::store(std::vector<SeenValue>& seen) {
  auto stored = writer_.store(seen, request_);
  if (!stored || !state_) {
    return stored;
  }
  const auto is_state = [](const model::SiteValue& each) { return each.site.kind == SiteKind::kState; };
  if (state_mode(seen) == StateMode::kBesideValues && !has_value(*stored)) {
    auto state = writer_.store({changed_state(seen, StateMode::kEverything)}, request_);
    if (!state) {
      return state;
    }
    std::erase_if(*stored, is_state);
    std::move(state->begin(), state->end(), std::back_inserter(*stored));
  }
  for (auto each = stored->begin(); (each = std::find_if(each, stored->end(), is_state)) != stored->end(); ++each) {
    each->partly = each->partly.empty() ? files_->partly() : each->partly;
  }
  return stored;
}

/// Either the case has used up what there was, or the machine refuses it to all.
void CaseRun::cannot_look(const char* done, const Error& error) {
  auto why = surroundings_.lowered();
  if (!why && has_filled(own_folder(), request_.scratch)) {
    why = "it has filled the disk";
  }
  if (!why) {
    refuse(error.message);
    return;
  }
  observation().ending = Ending::kProtocol;
  observation().detail = fmt::format("its values could not be {}: {}", done, *why);
}

void CaseRun::tear_down() {
  on_turn_(Turn::kBenchmark);
  try {
    benchmark_.live.tear_down(args_);
  } catch (const py::error_already_set& error) {
    end(error, "teardown: ");
  }
}

/// By now all of the case itself has been looked at, and torn down.
void CaseRun::call_once_more() {
  if (benchmark_.live.type() == "timeraw" || request_.observe == Observe::kNothing ||
      request_.observe == Observe::kDeepest) {
    return;
  }
  on_turn_(Turn::kObserver);
  try {
    call_again(
        context_, benchmark_.live, benchmark_.body ? &*benchmark_.body : nullptr, args_, request_, writer_,
        [this](SeenValue seen) { hand_over_again(std::move(seen)); }, observation().notes);
  } catch (const py::error_already_set& error) {
    end(error, "called once more: ");
  }
}

void CaseRun::hand_over_again(SeenValue seen) {
  if (observation().ending != Ending::kReturned) {
    return;
  }
  if (request_.mode == model::CaseMode::kStore) {
    auto stored = writer_.store({std::move(seen)}, request_);
    if (!stored) {
      cannot_look("kept", stored.error());
      return;
    }
    std::move(stored->begin(), stored->end(), std::back_inserter(observation().sites));
    return;
  }
  const auto site =
      std::find_if(again_.begin(), again_.end(), [&](const model::SiteValue& each) { return each.site == seen.site; });
  if (site == again_.end()) {
    return;
  }
  model::CaseRequest one = request_;
  one.baseline = {*site};
  auto compared = writer_.compare({std::move(seen)}, one, benchmark_.rules);
  if (!compared) {
    cannot_look("compared", compared.error());
    return;
  }
  std::move(compared->begin(), compared->end(), std::back_inserter(reply_.comparisons));
}

/// What ran was not the code that is to be tested, so nothing that the case showed counts.
void fail_strays(const model::ProjectCode& code, model::CaseReply& reply) {
  const std::vector<model::StrayModule> strays = stray_modules(code);
  if (strays.empty()) {
    return;
  }
  reply.observation.ending = Ending::kRaised;
  reply.observation.detail = stray_text(strays, code);
  reply.observation.traceback.clear();
  reply.observation.sites.clear();
  reply.comparisons.clear();
}

}  // namespace

Result<PreparedBenchmark> prepare_benchmark(Context& context, const model::BenchmarkRequest& request) {
  TRY_ASSIGN(auto live, discovery::LiveBenchmark::resolve(context.start.benchmark_dir, request.benchmark));
  PreparedBenchmark prepared{std::move(live), request.benchmark.no_op, request.rules, std::nullopt, ""};
  if (prepared.live.type() == "timeraw") {
    return prepared;
  }
  auto body = context.rewriter.prepare(prepared.live.function());
  if (body) {
    prepared.body.emplace(std::move(*body));
  } else {
    prepared.note = fmt::format("body not observed: {}", body.error().message);
  }
  return prepared;
}

OnOffer offering_to(model::SupervisorLink& link) {
  return [&link](const model::Offer& offer) -> Result<WantedValues> {
    TRY(link.send(offer));
    TRY_ASSIGN(auto answer, link.receive());
    auto* wanted = answer ? std::get_if<model::Wanted>(&answer->body) : nullptr;
    if (wanted == nullptr) {
      return fail(ErrorKind::kInternal, "the supervisor did not say what it wants of them");
    }
    const bool in_range = std::all_of(wanted->offers.begin(), wanted->offers.end(),
                                      [&](std::size_t each) { return each < offer.values.size(); });
    if (!in_range || (!wanted->offers.empty() && answer->fds.size() != 1)) {
      return fail(ErrorKind::kInternal, "the supervisor wants what was not offered");
    }
    return WantedValues{std::move(wanted->offers), answer->fds.empty() ? util::Fd() : std::move(answer->fds.front())};
  };
}

model::CaseReply run_case(Context& context, PreparedBenchmark& benchmark, const model::CaseRequest& request,
                          const py::object& cache, const OnTurn& on_turn, const OnOffer& on_offer,
                          const OnReady& on_ready, Room room) {
  const std::vector<std::string> opened_by_cache = opened();
  model::CaseRequest first = request;
  std::vector<model::SiteValue> again;
  const auto others = std::stable_partition(first.baseline.begin(), first.baseline.end(),
                                            [](const auto& each) { return !model::is_again(each.site.kind); });
  std::move(others, first.baseline.end(), std::back_inserter(again));
  first.baseline.erase(others, first.baseline.end());
  model::CaseReply reply = CaseRun(context, benchmark, first, again, on_turn, on_offer, on_ready).run(cache, room);
  reply.observation.opened = opened();
  forget_opened();  // a series goes on to the next one
  add_opened(opened_by_cache);
  if (reply.observation.ending != Ending::kRefused) {
    fail_strays(context.start.project_code, reply);
  }
  return reply;
}

}  // namespace snapshot_test::host::execution
