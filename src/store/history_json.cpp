#include "store/history_json.hpp"

#include "store/json_text.hpp"

namespace snapshot_test::store {

nlohmann::ordered_json history_to_json(const std::vector<Change>& history) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const Change& change : history) {
    out.push_back({{"time", change.time},
                   {"who", change.who},
                   {"why", change.why},
                   {"run_before", change.run_before},
                   {"run", change.run},
                   {"before", change.before},
                   {"after", change.after}});
  }
  return out;
}

std::vector<Change> history_from_json(const nlohmann::json& in) {
  std::vector<Change> history;
  for (const nlohmann::json& each : in) {
    need_object(each);
    Change& change = history.emplace_back();
    each.at("time").get_to(change.time);
    each.at("who").get_to(change.who);
    change.why = each.value("why", "");
    change.run_before = each.value("run_before", "");
    change.run = each.value("run", "");
    each.at("before").get_to(change.before);
    each.at("after").get_to(change.after);
  }
  return history;
}

nlohmann::ordered_json proposal_to_json(const Proposal& proposal) {
  return {{"verdict", proposal.verdict}, {"reason", proposal.reason}, {"run_before", proposal.run_before},
          {"before", proposal.before},   {"file", proposal.file},     {"source", proposal.source}};
}

Proposal proposal_from_json(const nlohmann::json& in) {
  need_object(in);
  Proposal proposal;
  in.at("verdict").get_to(proposal.verdict);
  proposal.reason = in.value("reason", "");
  proposal.run_before = in.value("run_before", "");
  in.at("before").get_to(proposal.before);
  proposal.file = in.value("file", "");
  proposal.source = in.value("source", "");
  return proposal;
}

}  // namespace snapshot_test::store
