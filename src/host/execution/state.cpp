#include "host/execution/state.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "host/interpreter/interpreter.hpp"
#include "host/pickling/type_names.hpp"
#include "util/file.hpp"
#include "util/json_text.hpp"
#include "util/process.hpp"
#include "util/refusal.hpp"
#include "util/try.hpp"

namespace snapshot_test::host::execution {

namespace py = pybind11;

namespace {

using Clock = std::chrono::steady_clock;

/// From the child that looks: the digest of each leaf, and its number of entries.
using Sent = std::map<std::string, std::pair<std::string, std::int64_t>>;

constexpr const char* kBetweenNames = ", ";
constexpr std::size_t kMostBesideValues = 200;

/// What was written until the other end was closed; none where that takes longer.
Result<std::optional<std::string>> read_to_end(int fd, Clock::time_point until) {
  std::string text;
  char chunk[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000)));
    if (ready == 0) {
      return std::optional<std::string>();
    }
    const ssize_t got = ready < 0 ? -1 : ::read(fd, chunk, sizeof chunk);
    if (got > 0) {
      text.append(chunk, static_cast<std::size_t>(got));
    } else if (got == 0) {
      return std::optional(std::move(text));
    } else if (errno != EINTR) {
      return fail(ErrorKind::kInternal, "cannot read what the state was before the call");
    }
  }
}

/// An iterator that was used, or a generator of random numbers, is no result of work.
bool is_a_source(py::handle value) {
  if (PyIter_Check(value.ptr()) != 0 || PyGen_Check(value.ptr()) != 0) {
    return true;
  }
  const std::string type = pickling::type_name(py::type::handle_of(value));
  return type.rfind("numpy.random.", 0) == 0 || type.rfind("random.", 0) == 0 || type.rfind("_io.", 0) == 0;
}

/// The first entries of a dict, which are those that it had when it was shorter.
py::dict first_entries(const py::dict& all, std::int64_t count) {
  py::dict first;
  for (const auto& [key, value] : all) {
    if (static_cast<std::int64_t>(first.size()) == count) {
      break;
    }
    first[key] = value;
  }
  return first;
}

}  // namespace

StateWatch::StateWatch(const discovery::LiveBenchmark& benchmark, py::tuple args, const pickling::Reducers& reducers,
                       ValueWriter& writer)
    : benchmark_(benchmark), args_(std::move(args)), reducers_(reducers), writer_(writer) {}

StateWatch::Look StateWatch::look_at(py::handle value) const {
  Look look{writer_.digest(value).value_or(""), -1};
  if (PyDict_CheckExact(value.ptr())) {
    look.entries = PyDict_GET_SIZE(value.ptr());
  }
  return look;
}

Result<bool> StateWatch::look_before(std::chrono::milliseconds at_most) {
  std::map<std::string, StatePart> others;
  for (auto& [name, leaf] : leaves_of(reachable_names(benchmark_, args_), reducers_)) {
    tops_before_.emplace(name, leaf.top);
    if (is_plain_data(leaf.value)) {
      before_.emplace(name, look_at(leaf.value));
    } else {
      others.emplace(name, std::move(leaf));
    }
  }
  if (others.empty()) {
    return true;
  }
  const auto looked = look_in_child(others, at_most);
  if (looked && !*looked) {
    for (const auto& [name, leaf] : others) {
      before_.emplace(name, Look{});
    }
    only_plain_data_ = true;
  }
  return looked;
}

Result<bool> StateWatch::look_in_child(const std::map<std::string, StatePart>& leaves,
                                       std::chrono::milliseconds at_most) {
  TRY_ASSIGN(util::Pipe pipe, util::make_pipe());
  interpreter::flush_standard_streams();
  const pid_t pid = interpreter::fork_interpreter();
  if (pid < 0) {
    return tl::unexpected(util::refusal("fork to look at the state before the call", errno));
  }
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    int status = 1;
    try {
      Sent looks;
      for (const auto& [name, leaf] : leaves) {
        const Look look = look_at(leaf.value);
        looks.emplace(name, std::pair(look.digest, look.entries));
      }
      const std::string text = util::json_text(nlohmann::json(looks));
      if (util::write_all(pipe.write.get(), std::as_bytes(std::span(text)), "pipe")) {
        status = 0;
      }
    } catch (const std::exception&) {
      // The status says so.
    }
    ::_exit(status);
  }
  pipe.write.reset();
  const auto text = read_to_end(pipe.read.get(), Clock::now() + at_most);
  if (!text || !*text) {
    ::kill(pid, SIGKILL);
  }
  const int status = util::wait_for(pid);
  if (!text) {
    return tl::unexpected(text.error());
  }
  if (!*text || status != 0) {
    return false;
  }
  for (const auto& [name, look] : nlohmann::json::parse(**text).get<Sent>()) {
    before_.emplace(name, Look{look.first, look.second});
  }
  return true;
}

bool StateWatch::counts(const std::string& name, const StatePart& leaf, const Look& before) const {
  if (before.digest.empty() || before.digest == look_at(py::none()).digest || is_code(leaf.value.ptr()) ||
      is_a_source(leaf.value)) {
    return false;
  }
  const bool of_a_module = name.rfind("globals.", 0) == 0;
  if (of_a_module && before.entries >= 0 && PyDict_CheckExact(leaf.value.ptr())) {
    const auto dict = py::reinterpret_borrow<py::dict>(leaf.value);
    const bool gained = static_cast<std::int64_t>(dict.size()) > before.entries &&
                        look_at(first_entries(dict, before.entries)).digest == before.digest;
    return !gained;
  }
  return true;
}

void StateWatch::look_after() {
  now_ = reachable_names(benchmark_, args_);
  auto leaves = leaves_of(now_, reducers_);
  for (const auto& [name, top] : tops_before_) {
    const bool attribute_is_gone = leaves.count(name) == 0 && name != top && now_.count(top) != 0;
    if (attribute_is_gone) {
      changes_.emplace(name, Change{{top, py::none(), {}}, "", false});
    } else if (now_.count(top) == 0 && std::find(gone_.begin(), gone_.end(), top) == gone_.end()) {
      gone_.push_back(top);
    }
  }
  for (auto& [name, leaf] : leaves) {
    after_.emplace(name, leaf.value);
    const auto was = before_.find(name);
    const bool known = was != before_.end();
    // What has no digest on one side cannot be said to have changed.
    if ((known && was->second.digest.empty()) || (!known && only_plain_data_ && !is_plain_data(leaf.value))) {
      continue;
    }
    std::string digest = look_at(leaf.value).digest;
    if (!digest.empty() && (!known || was->second.digest != digest)) {
      const bool beside = known && counts(name, leaf, was->second);
      changes_.emplace(name, Change{std::move(leaf), std::move(digest), beside});
    }
  }
}

py::dict StateWatch::everything() const {
  std::set<std::string> names;
  for (const auto& [name, change] : changes_) {
    names.insert(change.leaf.top);
  }
  py::dict changed;
  for (const std::string& name : names) {
    changed[py::str(name)] = now_.at(name);
  }
  for (const std::string& name : gone_) {
    changed[py::str(name + " (deleted)")] = py::none();
  }
  return changed;
}

py::dict StateWatch::beside(Coverage coverage) const {
  py::dict changed;
  for (const auto& [name, change] : changes_) {
    if (changed.size() < kMostBesideValues && change.counts_beside_values &&
        !coverage.covers(change.leaf, change.digest)) {
      changed[py::str(name)] = change.leaf.value;
    }
  }
  return changed;
}

std::string StateWatch::names_of(const py::dict& changes) {
  std::string names;
  for (const auto& [name, value] : changes) {
    names += (names.empty() ? "" : kBetweenNames) + name.cast<std::string>();
  }
  return names;
}

py::dict StateWatch::again(const std::string& names) const {
  py::dict changed;
  for (std::size_t begin = 0; begin < names.size();) {
    const std::size_t end = std::min(names.find(kBetweenNames, begin), names.size());
    const std::string name = names.substr(begin, end - begin);
    const auto leaf = after_.find(name);
    if (leaf != after_.end()) {
      changed[py::str(name)] = leaf->second;
    }
    begin = end + std::string_view(kBetweenNames).size();
  }
  return changed;
}

}  // namespace snapshot_test::host::execution
