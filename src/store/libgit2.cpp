#include "store/libgit2.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace snapshot_test::store {

namespace {

struct Loaded {
  LibGit2 functions;
  std::string problem;  ///< empty if they can be called
};

/// In the Python package, a library that brings the package's own libgit2 lies beside the file that this code is in.
std::string bundled_library() {
  Dl_info self{};
  if (::dladdr(reinterpret_cast<const void*>(&bundled_library), &self) == 0 || self.dli_fname == nullptr) {
    return "";
  }
  std::error_code error;
  const auto file = std::filesystem::canonical(self.dli_fname, error);
  return error ? "" : file.parent_path() / "libsnapshot_test_git.so";
}

/// A name looked up in the handle is also found in what the library was linked with.
void* open_library() {
  const std::string library = bundled_library();
  void* bundled = library.empty() ? nullptr : ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  return bundled != nullptr ? bundled : ::dlopen(ST_LIBGIT2_SONAME, RTLD_NOW | RTLD_LOCAL);
}

Loaded load_once() {
  Loaded loaded;
  void* library = open_library();
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
