// libgit2, loaded when it is first needed.
#pragma once

#include <git2.h>

#include "snapshot_test/util/result.hpp"

// What store/git.cpp calls.
#define ST_GIT_FUNCTIONS(visit)                                                                               \
  visit(git_libgit2_init) visit(git_libgit2_opts) visit(git_libgit2_shutdown) visit(git_error_last)           \
      visit(git_repository_open_ext) visit(git_repository_free) visit(git_repository_is_bare)                 \
          visit(git_repository_workdir) visit(git_reference_lookup) visit(git_reference_free)                 \
              visit(git_reference_symbolic_target) visit(git_reference_name_to_id) visit(git_status_list_new) \
                  visit(git_status_list_free) visit(git_status_list_entrycount) visit(git_oid_tostr)

namespace snapshot_test::store {

/// The functions under their own names. They are not linked: libgit2 brings fourteen libraries along (TLS, SSH,
/// Kerberos), which every process of a host would copy at each fork, and which may be other versions than
/// those that a user's Python modules bring. Never unloaded. Thread-safe.
struct LibGit2 {
  /// kUnsupported where the library that this program was built for is not there.
  [[nodiscard]] static Result<const LibGit2*> load();

#define ST_DECLARE(name) decltype(&::name) name = nullptr;
  ST_GIT_FUNCTIONS(ST_DECLARE)
#undef ST_DECLARE
};

}  // namespace snapshot_test::store
