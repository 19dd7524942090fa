#include "host/interpreter/fresh_memory.hpp"

#include <malloc.h>
#include <pybind11/pybind11.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace snapshot_test::host::interpreter {

namespace py = pybind11;

namespace {

/// Larger blocks are malloc()'s.
constexpr std::size_t kSmall = 512;

/// Blocks up to this size malloc() keeps for each thread, and hands them out as they are (malloc.c, tcache_get).
constexpr std::size_t kOfThread = 1032;

/// Of a process that asks for it itself: as floats numbers that are neither 0 nor NaN.
constexpr int kOwnPattern = 0xb5;

/// What malloc() has been told to fill memory with in this process alone; 0: nothing.
int g_own_pattern = 0;

/// What malloc() fills memory with; 0 where it does not.
int pattern() {
  if (g_own_pattern != 0) {
    return g_own_pattern;
  }
  const char* text = std::getenv("MALLOC_PERTURB_");
  const int byte = text != nullptr ? std::atoi(text) & 0xff : 0;
  return byte != 0 ? byte ^ 0xff : 0;
}

struct SmallBlocks {
  PyMemAllocatorEx original{};
  int pattern = 0;
};

SmallBlocks g_blocks[2];

void* filled_malloc(void* context, std::size_t size) {
  const auto& blocks = *static_cast<const SmallBlocks*>(context);
  void* memory = blocks.original.malloc(blocks.original.ctx, size);
  if (memory != nullptr && size <= kSmall) {
    std::memset(memory, blocks.pattern, size);
  }
  return memory;
}

void* plain_calloc(void* context, std::size_t count, std::size_t size) {
  const auto& original = static_cast<const SmallBlocks*>(context)->original;
  return original.calloc(original.ctx, count, size);
}

void* plain_realloc(void* context, void* memory, std::size_t size) {
  const auto& original = static_cast<const SmallBlocks*>(context)->original;
  return original.realloc(original.ctx, memory, size);
}

void plain_free(void* context, void* memory) {
  const auto& original = static_cast<const SmallBlocks*>(context)->original;
  original.free(original.ctx, memory);
}

/// From this size on numpy asks for huge pages (1 << 22 in its alloc.c), after malloc(). Were that to fill the block,
/// it would be there in small pages by then: five times as many page faults in numpy's own suite.
constexpr std::size_t kHuge = std::size_t{1} << 22;

/// What `allocate` gives, not filled. Whoever calls malloc() meanwhile in a thread without the GIL gets memory as it
/// comes, too: what that shows is as in any other run.
template <class Allocate>
void* unfilled(const Allocate& allocate) {
  ::mallopt(M_PERTURB, 0);
  void* memory = allocate();
  ::mallopt(M_PERTURB, pattern() ^ 0xff);
  return memory;
}

void* new_array(void* /*context*/, std::size_t size) {
  if (size < kHuge) {
    void* memory = std::malloc(size != 0 ? size : 1);
    if (memory != nullptr && size <= kOfThread) {
      std::memset(memory, pattern(), size);
    }
    return memory;
  }
  void* memory = unfilled([size] { return std::malloc(size); });
  if (memory != nullptr) {
    // As numpy does it: what lies on whole pages. That the kernel has none is no error.
    constexpr std::size_t kPage = 4096;
    const std::size_t before = kPage - reinterpret_cast<std::uintptr_t>(memory) % kPage;
    ::madvise(static_cast<char*>(memory) + before, size - before, MADV_HUGEPAGE);
    std::memset(memory, pattern(), size);
  }
  return memory;
}

/// calloc() of a block that is fresh from the kernel does not write to it, unless malloc() is to fill memory.
void* new_zeros(void* /*context*/, std::size_t count, std::size_t size) {
  const auto allocate = [count, size] { return std::calloc(count, size); };
  return size != 0 && count >= kHuge / size ? unfilled(allocate) : allocate();
}

/// numpy's PyDataMem_Handler, version 1 (NEP 49). Small blocks are filled by malloc() itself: what matters is that
/// numpy's cache of them is not asked.
struct ArrayHandler {
  char name[127];
  std::uint8_t version;
  struct {
    void* context;
    void* (*malloc)(void*, std::size_t);
    void* (*calloc)(void*, std::size_t, std::size_t);
    void* (*realloc)(void*, void*, std::size_t);
    void (*free)(void*, void*, std::size_t);
  } allocator;
};

ArrayHandler g_arrays{
    "snapshot_test",
    1,
    {nullptr, new_array, new_zeros, [](void*, void* memory, std::size_t size) { return std::realloc(memory, size); },
     [](void*, void* memory, std::size_t) { std::free(memory); }}};

/// Places in numpy's table of C functions.
constexpr std::size_t kFeatureVersion = 211;
constexpr std::size_t kSetHandler = 304;
constexpr unsigned kFeaturesOf122 = 0xf;

void** functions_of_numpy() {
  const py::dict modules = py::module_::import("sys").attr("modules");
  for (const char* name : {"numpy._core._multiarray_umath", "numpy.core._multiarray_umath"}) {
    if (!modules.contains(name)) {
      continue;
    }
    const py::object table = py::getattr(modules[name], "_ARRAY_API", py::none());
    if (PyCapsule_CheckExact(table.ptr()) != 0) {
      return static_cast<void**>(PyCapsule_GetPointer(table.ptr(), nullptr));
    }
  }
  return nullptr;
}

}  // namespace

void fill_memory() {
  if (pattern() != 0) {
    return;
  }
  g_own_pattern = kOwnPattern;
  ::mallopt(M_PERTURB, kOwnPattern ^ 0xff);
  fill_small_blocks();
  fill_small_arrays();
}

void fill_small_blocks() {
  const int byte = pattern();
  if (byte == 0) {
    return;
  }
  const PyMemAllocatorDomain domains[] = {PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
  for (std::size_t i = 0; i < std::size(domains); ++i) {
    g_blocks[i].pattern = byte;
    PyMem_GetAllocator(domains[i], &g_blocks[i].original);
    PyMemAllocatorEx filled{&g_blocks[i], filled_malloc, plain_calloc, plain_realloc, plain_free};
    PyMem_SetAllocator(domains[i], &filled);
  }
}

void fill_small_arrays() {
  static bool done = false;
  void** functions = done || pattern() == 0 ? nullptr : functions_of_numpy();
  if (functions == nullptr) {
    PyErr_Clear();
    return;
  }
  done = true;
  if (reinterpret_cast<unsigned (*)()>(functions[kFeatureVersion])() < kFeaturesOf122) {
    return;
  }
  const auto handler = py::reinterpret_steal<py::object>(PyCapsule_New(&g_arrays, "mem_handler", nullptr));
  const auto before = py::reinterpret_steal<py::object>(
      reinterpret_cast<PyObject* (*)(PyObject*)>(functions[kSetHandler])(handler.ptr()));
  PyErr_Clear();
}

}  // namespace snapshot_test::host::interpreter
