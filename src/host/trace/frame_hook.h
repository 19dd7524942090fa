// The hook that sees Python calls return: a frame evaluator (PEP 523) or a profile function, with one and the same
// bookkeeping behind them. C, because CPython's internal headers are.
//
// Its state is one static struct of plain data a process: an evaluator gets no argument of ours, and the evaluator slot
// is one an interpreter. At most one observation is under way at a time. Every function needs the GIL.
#ifndef SNAPSHOT_TEST_HOST_TRACE_FRAME_HOOK_H
#define SNAPSHOT_TEST_HOST_TRACE_FRAME_HOOK_H

#include <Python.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What the hook does with the frames of a code object. Values are stored in the code object, plus one.
typedef enum st_frame_kind {
  ST_FRAME_ELIGIBLE,  ///< counts for depth, and its return is a candidate
  ST_FRAME_SKIPPED,   ///< neither counts nor is a candidate; what it calls is looked at
  ST_FRAME_HIDDEN,    ///< nor is anything that it calls, directly or not (the import machinery)
} st_frame_kind;

/// Decides about a code object, once. Must not run Python code, and leaves no error set.
typedef st_frame_kind (*st_classify)(const void* context, PyCodeObject* code);

typedef enum st_mechanism { ST_MECHANISM_EVALUATOR, ST_MECHANISM_PROFILE } st_mechanism;

typedef struct st_hook_settings {
  st_mechanism mechanism;
  int depth;        ///< of the code that begins: -1 where a call is what is observed, 0 where its caller is
  int depth_limit;  ///< frames deeper than this are not looked at
  /// Seeing a call costs as much as making it. When so many calls in a row have shown nothing new (no function that
  /// had not run before, no greater depth, no new `deepest`), the hook pauses until the frame below which all of them
  /// lie has returned. It does not before there is a `deepest`. 0: never.
  int quiet_calls;
  st_classify classify;
  const void* classify_context;  ///< must outlive the observation
  Py_ssize_t code_extra_index;   ///< st_hook_request_code_extra()'s; < 0: decide every time
  /// The evaluator adds no frames of its own below this address (the stack grows down); NULL for no bound.
  const char* stack_floor;
} st_hook_settings;

/// One call that returned. All three are owned.
typedef struct st_hit {
  PyObject* value;
  PyCodeObject* code;
  PyObject* globals;
  int depth;
} st_hit;

typedef struct st_hook_result {
  st_hit deepest;  ///< value is NULL if there is none
  st_hit* path;    ///< innermost first; free with PyMem_RawFree after releasing each
  size_t path_size;
  /// What calls in other threads returned: of each call that such a thread's own code makes outermost the outermost
  /// meaningful returns, and around these what is not None, in no particular order; depth 0 is the thread's outermost.
  /// Free like `path`.
  st_hit* workers;
  size_t workers_size;
  int workers_lost;         ///< other threads made calls that were not looked at, so `workers` is empty
  int max_depth;            ///< the greatest depth entered, at most one more than the limit; -1: no Python frame at all
  int paused;               ///< see quiet_calls
  int stack_floor_reached;  ///< calls below the floor were not looked at
  int replaced;             ///< the program took the hook's slot for itself, and what came after was not seen
  int failed;               ///< out of memory: the hook switched itself off
} st_hook_result;

typedef enum st_begin { ST_BEGIN_OK, ST_BEGIN_BUSY, ST_BEGIN_SLOT_TAKEN, ST_BEGIN_UNSUPPORTED } st_begin;

/// One of the 255 slots a code object has for others' data; < 0 if there is none left. Ask once a process.
Py_ssize_t st_hook_request_code_extra(void);

/// Starts to observe the calling thread, and with the evaluator the calls that other threads begin from now on. The
/// settings are copied. No error is set.
st_begin st_hook_begin(const st_hook_settings* settings);

/// Stops, puts back what was in the slot, and hands over what was seen. Keeps a Python error that is set.
void st_hook_end(st_hook_result* result);

/// Not None, not an empty container, not a zero number. Looks into exact built-in types only, so no Python code runs; a
/// value of any other type is meaningful.
int st_is_meaningful(PyObject* value);

#ifdef __cplusplus
}
#endif
#endif  // SNAPSHOT_TEST_HOST_TRACE_FRAME_HOOK_H
