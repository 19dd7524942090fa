// Discovery's answer to the supervisor: the suite, what the filter selects of it, and facts about its imports.
#pragma once

#include "host/discovery/discovery.hpp"
#include "host/execution/context.hpp"

namespace snapshot_test::host::execution {

/// Imports the whole suite in this process. Errors are install_root's; a filter that is no regular expression is part
/// of the reply. GIL held.
[[nodiscard]] Result<model::DiscoverReply> describe_suite(const Context& context, const model::DiscoverRequest& request,
                                                          const discovery::OnImport& on_import);

}  // namespace snapshot_test::host::execution
