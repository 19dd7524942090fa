// What a process that has imported the suite can say of tampering.
#pragma once

#include <string>
#include <vector>

#include "host/execution/context.hpp"
#include "snapshot_test/model/tamper.hpp"

namespace snapshot_test::host::execution {

/// `projects`: the packages that are tested, of which all loaded modules are listed; `used`: others that the suite
/// uses, of which only the package itself is. GIL held. What cannot be asked for is left out.
[[nodiscard]] model::ImportedSuite look_at_imports(const Context& context, const std::vector<std::string>& projects,
                                                   const std::vector<model::TestedPackage>& used);

}  // namespace snapshot_test::host::execution
