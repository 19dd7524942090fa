// MALLOC_PERTURB_ for allocators that keep memory of their own.
#pragma once

namespace snapshot_test::host::interpreter {

/// Where glibc has been told to fill what malloc() hands out (MALLOC_PERTURB_), so that what was never computed cannot
/// be the same by chance, these do the same for what never gets to malloc(). Elsewhere they do nothing. GIL held.

/// Has malloc() do it from now on, and what does not get there, where nobody has told it to. In this process alone.
void fill_memory();

/// Python's small blocks. Once, after the interpreter has started.
void fill_small_blocks();

/// numpy's small arrays (numpy 1.22 or later), from now on in this thread and in processes forked from it. Does nothing
/// while numpy is not imported; cheap to call again.
void fill_small_arrays();

}  // namespace snapshot_test::host::interpreter
