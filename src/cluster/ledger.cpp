#include "cluster/ledger.hpp"

#include <algorithm>
#include <utility>

namespace snapshot_test::cluster {

namespace {

/// Of a case of which nothing is known, where nothing is known of any.
constexpr double kUnknownSeconds = 0.05;
/// What a case costs at least, also where its own time is next to nothing.
constexpr double kLeastSeconds = 0.002;
/// Of one portion: so much that handing it out costs little, so little that results keep coming and nobody is left with
/// much at the end.
constexpr double kShortestPortion = 0.25;
constexpr double kLongestPortion = 5;
constexpr double kPortionsOfAThread = 8;
constexpr std::size_t kMostCases = 1000;
/// A case that is to go before all others has a time that is none.
constexpr double kNoTime = 1e6;

}  // namespace

Ledger::Ledger(std::vector<LedgerCase> cases) : cases_(std::move(cases)), states_(cases_.size()), open_(cases_.size()) {
  std::vector<double> known;
  for (std::size_t i = 0; i < cases_.size(); ++i) {
    undivided_.push_back(i);
    if (cases_[i].seconds > 0 && cases_[i].seconds < kNoTime) {
      known.push_back(cases_[i].seconds);
    }
  }
  typical_ = kUnknownSeconds;
  if (!known.empty()) {
    const auto middle = known.begin() + static_cast<std::ptrdiff_t>(known.size() / 2);
    std::nth_element(known.begin(), middle, known.end());
    typical_ = *middle;
  }
}

double Ledger::seconds_of(std::size_t index) const {
  return cases_[index].seconds > 0 ? std::max(cases_[index].seconds, kLeastSeconds) : typical_;
}

void Ledger::add(Portion portion) {
  portion.seconds = 0;
  for (const std::size_t index : portion.cases) {
    portion.seconds += seconds_of(index);
    states_[index].where = State::Where::kWaiting;
  }
  const double seconds = portion.seconds;
  waiting_.emplace(seconds, std::move(portion));
}

void Ledger::divide(unsigned threads) {
  double all = 0;
  std::map<std::string, std::vector<std::size_t>> groups;
  for (const std::size_t index : std::exchange(undivided_, {})) {
    groups[cases_[index].group].push_back(index);
    all += std::min(seconds_of(index), kNoTime / 1e4);
  }
  const double target =
      std::clamp(all / (std::max(threads, 1U) * kPortionsOfAThread), kShortestPortion, kLongestPortion);
  for (auto& [name, members] : groups) {
    if (cases_[members.front()].undivided) {
      Portion whole;
      whole.cases = std::move(members);
      whole.undivided = true;
      add(std::move(whole));
      continue;
    }
    Portion portion;
    double seconds = 0;
    for (const std::size_t index : members) {
      if (!portion.cases.empty() && (seconds + seconds_of(index) > target || portion.cases.size() >= kMostCases)) {
        add(std::exchange(portion, {}));
        seconds = 0;
      }
      portion.cases.push_back(index);
      seconds += seconds_of(index);
    }
    add(std::move(portion));
  }
}

std::optional<Portion> Ledger::take(const std::string& attempt, const std::string& worker, unsigned threads) {
  divide(threads);
  if (waiting_.empty()) {
    return std::nullopt;
  }
  const auto longest = std::prev(waiting_.end());
  Portion portion = std::move(longest->second);
  waiting_.erase(longest);
  for (const std::size_t index : portion.cases) {
    states_[index].where = State::Where::kUnderWay;
  }
  Attempt taken;
  taken.portion = portion;
  taken.worker = worker;
  taken.left = {portion.cases.begin(), portion.cases.end()};
  under_way_.emplace(attempt, std::move(taken));
  return portion;
}

std::size_t Ledger::waiting(unsigned threads) {
  divide(threads);
  return waiting_.size();
}

void Ledger::started(const std::string& attempt, const std::vector<std::size_t>& cases) {
  const auto found = under_way_.find(attempt);
  if (found == under_way_.end()) {
    return;
  }
  for (const std::size_t index : cases) {
    if (found->second.left.contains(index)) {
      found->second.running.insert(index);
      found->second.begun = true;
      blanks_[cases_[index].group] = 0;
    }
  }
}

void Ledger::ended(const std::string& attempt, const std::vector<std::size_t>& cases) {
  const auto found = under_way_.find(attempt);
  if (found == under_way_.end()) {
    return;
  }
  found->second.begun = found->second.begun || !cases.empty();
  for (const std::size_t index : cases) {
    found->second.running.erase(index);
  }
}

void Ledger::finish(std::size_t index) {
  State& state = states_[index];
  for (auto& [name, attempt] : under_way_) {
    attempt.left.erase(index);
    attempt.running.erase(index);
  }
  open_ -= state.where == State::Where::kDone ? 0 : 1;
  state.where = State::Where::kDone;
}

void Ledger::again(std::size_t index) {
  open_ += states_[index].where == State::Where::kDone ? 1 : 0;
  states_[index].where = State::Where::kWaiting;
  undivided_.push_back(index);
}

void Ledger::close(const std::string& attempt) {
  const auto node = under_way_.extract(attempt);
  if (node.empty() || node.mapped().left.empty()) {
    return;
  }
  Portion rest;
  rest.cases = {node.mapped().left.begin(), node.mapped().left.end()};
  rest.undivided = node.mapped().portion.undivided;
  add(std::move(rest));
}

void Ledger::give_back(const std::string& attempt, const std::vector<std::size_t>& cases) {
  Portion rest;
  rest.cases = cases;
  for (const std::size_t index : cases) {
    under_way_.at(attempt).left.erase(index);
  }
  add(std::move(rest));
}

void Ledger::suspect(std::size_t index, const std::string& loss) {
  State& state = states_[index];
  ++state.losses;
  losses_[loss].insert(index);
  if (state.losses >= 2) {
    state.where = State::Where::kParked;
    return;
  }
  Portion alone;
  alone.cases = {index};
  add(std::move(alone));
}

/// What is common to them is what goes wrong: each by itself would cost one more worker.
void Ledger::park_group(const std::string& group, const std::set<std::size_t>& lost, const std::string& loss) {
  std::set<std::size_t> parked = lost;
  const auto concerns = [&](std::size_t index) { return cases_[index].group == group; };
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    if (concerns(waiting->second.cases.front())) {
      parked.insert(waiting->second.cases.begin(), waiting->second.cases.end());
      waiting = waiting_.erase(waiting);
    } else {
      ++waiting;
    }
  }
  for (const std::size_t index : parked) {
    State& state = states_[index];
    state.where = State::Where::kParked;
    state.blank = true;
    state.losses = std::max(state.losses + 1, 2U);
    losses_[loss].insert(index);
  }
}

void Ledger::lose(const std::string& attempt, Why why) {
  auto node = under_way_.extract(attempt);
  if (node.empty()) {
    return;
  }
  Attempt& lost = node.mapped();
  const std::string loss = why == Why::kProcess ? attempt : lost.worker;
  const bool is_loss = why != Why::kAsked;
  if (is_loss) {
    losses_.try_emplace(loss);
  }
  if (is_loss && !lost.begun && !lost.left.empty()) {
    const std::string& group = cases_[*lost.left.begin()].group;
    losses_[loss].insert(lost.left.begin(), lost.left.end());
    if (++blanks_[group] >= kMostBlanks) {
      park_group(group, lost.left, loss);
      return;
    }
    if (++lost.portion.blanks >= 2 || lost.left.size() == 1) {
      for (const std::size_t index : lost.left) {
        states_[index].blank = true;
        suspect(index, loss);
      }
      return;
    }
    Portion same = std::move(lost.portion);
    same.cases = {lost.left.begin(), lost.left.end()};
    add(std::move(same));
    return;
  }
  Portion rest;
  rest.undivided = lost.portion.undivided;
  for (const std::size_t index : lost.left) {
    if (is_loss && lost.running.contains(index)) {
      states_[index].blank = false;
      suspect(index, loss);
    } else {
      rest.cases.push_back(index);
    }
  }
  if (!rest.cases.empty()) {
    add(std::move(rest));
  }
}

std::vector<std::size_t> Ledger::judge() {
  std::vector<std::size_t> blamed;
  if (!waiting_.empty() || !undivided_.empty() || !under_way_.empty()) {
    return blamed;
  }
  const auto parked = [&](std::size_t index) { return states_[index].where == State::Where::kParked; };
  const bool hostile = std::any_of(losses_.begin(), losses_.end(), [&](const auto& loss) {
    return std::none_of(loss.second.begin(), loss.second.end(), parked);
  });
  for (std::size_t index = 0; index < states_.size(); ++index) {
    if (!parked(index)) {
      continue;
    }
    if (!hostile || states_[index].losses >= kMostLosses) {
      blamed.push_back(index);
      continue;
    }
    Portion alone;
    alone.cases = {index};
    add(std::move(alone));
  }
  return blamed;
}

}  // namespace snapshot_test::cluster
