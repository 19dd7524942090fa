#include "store/libgit2.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string>

namespace snapshot_test::store {

namespace {

struct Loaded {
  LibGit2 functions;
  std::string problem;  ///< empty if they can be called
};

Loaded load_once() {
  Loaded loaded;
  void* library = ::dlopen(ST_LIBGIT2_SONAME, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    loaded.problem = ::dlerror();
    return loaded;
  }
#define ST_FIND(name)                                                                   \
  loaded.functions.name = reinterpret_cast<decltype(&::name)>(::dlsym(library, #name)); \
  if (loaded.functions.name == nullptr) {                                               \
    loaded.problem = fmt::format("{} has no {}", ST_LIBGIT2_SONAME, #name);             \
  }
  ST_GIT_FUNCTIONS(ST_FIND)
#undef ST_FIND
  return loaded;
}

}  // namespace

Result<const LibGit2*> LibGit2::load() {
  static const Loaded loaded = load_once();
  if (!loaded.problem.empty()) {
    return fail(ErrorKind::kUnsupported, "libgit2 cannot be loaded: " + loaded.problem);
  }
  return &loaded.functions;
}

}  // namespace snapshot_test::store
