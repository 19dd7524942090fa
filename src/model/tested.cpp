#include "snapshot_test/model/tested.hpp"

#include <algorithm>

namespace snapshot_test::model {

void to_json(nlohmann::json& out, const TestedPackage& in) {
  out = {{"name", in.name},
         {"version", in.version},
         {"location", in.location},
         {"commit", in.commit},
         {"changed_files", in.changed_files ? nlohmann::json(*in.changed_files) : nlohmann::json(nullptr)},
         {"other_copy", in.other_copy},
         {"differing_files", in.differing_files},
         {"other_is_pure", in.other_is_pure}};
}

void from_json(const nlohmann::json& in, TestedPackage& out) {
  in.at("name").get_to(out.name);
  in.at("version").get_to(out.version);
  in.at("location").get_to(out.location);
  in.at("commit").get_to(out.commit);
  out.changed_files.reset();
  if (!in.at("changed_files").is_null()) {
    out.changed_files = in.at("changed_files").get<std::size_t>();
  }
  in.at("other_copy").get_to(out.other_copy);
  in.at("differing_files").get_to(out.differing_files);
  in.at("other_is_pure").get_to(out.other_is_pure);
}

bool same_code(const std::vector<TestedPackage>& a, const std::vector<TestedPackage>& b) {
  return !a.empty() && std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.version == y.version && !x.commit.empty() && x.commit == y.commit &&
           x.changed_files == std::size_t{0} && y.changed_files == std::size_t{0};
  });
}

}  // namespace snapshot_test::model
