#include "snapshot_test/model/shard.hpp"

namespace snapshot_test::model {

void to_json(nlohmann::json& out, const ShardPlanId& in) {
  out = {{"digest", in.digest},
         {"tool_version", in.tool_version},
         {"baseline", in.baseline},
         {"settings", in.settings},
         {"shares", nlohmann::json::array()}};
  for (const ShardShare& share : in.shares) {
    out["shares"].push_back({{"cases", share.cases}, {"digest", share.digest}});
  }
}

void from_json(const nlohmann::json& in, ShardPlanId& out) {
  in.at("digest").get_to(out.digest);
  in.at("tool_version").get_to(out.tool_version);
  in.at("baseline").get_to(out.baseline);
  out.settings = in.at("settings");
  for (const nlohmann::json& share : in.at("shares")) {
    out.shares.push_back({share.at("cases").get<std::size_t>(), share.at("digest").get<std::string>()});
  }
}

void to_json(nlohmann::json& out, const Shard& in) {
  out = {{"number", in.number}, {"of", in.plan.shares.size()},   {"plan", in.plan},   {"benchmarks", in.benchmarks},
         {"cases", in.cases},   {"whole_suite", in.whole_suite}, {"place", in.place}, {"demands", in.demands}};
}

void from_json(const nlohmann::json& in, Shard& out) {
  in.at("number").get_to(out.number);
  in.at("plan").get_to(out.plan);
  in.at("benchmarks").get_to(out.benchmarks);
  in.at("cases").get_to(out.cases);
  in.at("whole_suite").get_to(out.whole_suite);
  out.place = in.at("place");
  out.demands = in.at("demands");
}

}  // namespace snapshot_test::model
