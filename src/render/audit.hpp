// What an audit found, as text and JSON (docs/json.md).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "audit/audit.hpp"

namespace snapshot_test::render {

enum class AuditDetail {
  kWorst,  ///< the least sensitive cases, as many as fit a screen
  kAll,    ///< every case that some wrong value would pass in
};

/// Ends with the totals.
[[nodiscard]] std::string audit_text(const audit::Audit& audit, AuditDetail detail);
[[nodiscard]] nlohmann::ordered_json audit_json(const audit::Audit& audit, const std::string& store);

/// One sentence: "zeros pass: within atol 1e-08; an atol below 3.2e-12 catches them"
[[nodiscard]] std::string trial_text(const audit::Trial& trial);

}  // namespace snapshot_test::render
