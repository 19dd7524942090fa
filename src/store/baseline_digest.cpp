#include "store/baseline_digest.hpp"

#include "store/digest.hpp"

namespace snapshot_test::store {

std::string manifest_digest(const Manifest& manifest) {
  Manifest bare = manifest;
  for (CaseRecord& record : bare.cases) {
    record.run.clear();
    record.seconds = 0;
    record.total_seconds = 0;
    // Whether a case is short enough for a series, in which that is found out, is a matter of time.
    record.context_free = false;
    record.history.clear();
    record.proposal.reset();
  }
  return sha256_hex(to_text(bare));
}

std::string baseline_digest(const std::map<std::string, Manifest>& manifests) {
  std::string lines;
  for (const auto& [benchmark, manifest] : manifests) {
    lines += manifest_digest(manifest) + " " + benchmark + "\n";
  }
  return lines.empty() ? "" : sha256_hex(lines);
}

}  // namespace snapshot_test::store
