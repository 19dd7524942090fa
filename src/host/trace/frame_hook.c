// clang-format off: it decides about Py_BUILD_CORE, so it goes first
#include "host/trace/cpython_frames.h"
// clang-format on
#include "host/trace/frame_hook.h"

#include <stdint.h>
#include <string.h>

// Enough for what a pool of threads works off; a benchmark that makes more such calls is not observed in its threads.
enum { kMostWorkerHits = 10000 };

// Another thread than the observed one. Its hits are the outermost meaningful returns so far: where a call returns such
// a value, what the calls below it returned is let go.
typedef struct worker {
  PyThreadState* thread;  // NULL: it has ended
  struct worker* next;
  int depth;     // of the innermost counted frame; -1: none
  int hidden;    // > 0: nothing is looked at
  size_t root;   // hits from here on are of the outermost call under way
  int overflow;  // those were too many, and are gone
  st_hit* hits;
  size_t size;
  size_t capacity;
} worker;

static struct {
  int busy;                 // between begin and end
  PyThreadState* thread;    // the observed thread; NULL: off, pass everything through
  PyThreadState* observed;  // the same, also while that is off
  st_hook_settings settings;
  // Tells frames that were entered during an earlier observation (a greenlet that slept through it) from ours.
  uint64_t serial;
  int depth;    // of the innermost counted frame; -1: none
  int pending;  // depth of the next ancestor of `deepest` to return; 0: all seen
  // See st_hook_settings.quiet_calls.
  int quiet_limit;   // of this stretch; shorter after each pause
  int quiet_left;    // calls until the next pause; 0 while that waits for a first value
  int lowest;        // the least hook.depth since something was new
  int paused_below;  // nothing is looked at until the counted frame of this depth returns; -1: not paused
  int slot_left;     // for this pause; not while there are other threads
  int ever_left;     // calls of threads that began later may have been missed
  // > 0: the observed thread's frames pass through, though the slot is ours: other threads' are looked at.
  int passing;
  worker* workers;
  st_hook_result seen;
  size_t path_capacity;
  // The profile function is told of frames one by one; these are the counted ones that have not returned.
  PyFrameObject** frames;
  size_t frames_size;
  size_t frames_capacity;
  PyFrameObject* hidden_by;  // nothing is looked at until this frame returns
  Py_tracefunc previous_function;
  PyObject* previous_argument;  // owned
} hook;

Py_ssize_t st_hook_request_code_extra(void) { return st_request_code_extra(); }

int st_is_meaningful(PyObject* value) {
  if (value == Py_None || value == Py_NotImplemented) return 0;
  const PyTypeObject* type = Py_TYPE(value);
  if (type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type || type == &PyComplex_Type ||
      type == &PyUnicode_Type || type == &PyBytes_Type || type == &PyByteArray_Type || type == &PyList_Type ||
      type == &PyTuple_Type || type == &PyDict_Type || type == &PySet_Type || type == &PyFrozenSet_Type) {
    return PyObject_IsTrue(value) != 0;  // C code only for these types, and it can't fail
  }
  return 1;
}

// --------------------------------------------------------------------------------------------------------- pauses ---

static void pause_evaluator(void);
static void resume_evaluator(void);

static void begin_stretch(int limit) {
  hook.quiet_limit = hook.quiet_left = limit;
  hook.lowest = hook.depth;
}

static inline void something_new(void) { begin_stretch(hook.settings.quiet_calls); }

// Of every call that is looked at, whether it counts for depth or not.
static inline void count_call(void) {
  if (hook.quiet_left == 0 || --hook.quiet_left > 0) return;
  if (!hook.seen.deepest.value) return;  // its return will be something new
  hook.seen.paused = 1;
  hook.paused_below = hook.lowest;
  if (hook.settings.mechanism == ST_MECHANISM_EVALUATOR) pause_evaluator();
}

// The stretch that ended here lies below a frame that is gone, so the next pause will end with one further out: there
// are no more of them than frames. Halving makes all of them together as long as two.
static inline void counted_frame_returned(int depth) {
  if (hook.depth < hook.lowest) hook.lowest = hook.depth;
  if (depth > hook.paused_below) return;
  hook.paused_below = -1;
  begin_stretch(hook.quiet_limit > 16 ? hook.quiet_limit / 2 : hook.quiet_limit);
  if (hook.settings.mechanism == ST_MECHANISM_EVALUATOR) resume_evaluator();
}

// ---------------------------------------------------------------------------------------------------- bookkeeping ---

// Cached in the code object: the observation that looked last (0: only another thread did), and the kind plus one.
static uintptr_t cached_kind(PyCodeObject* code) {
  const Py_ssize_t index = hook.settings.code_extra_index;
  void* extra = NULL;
  if (index >= 0 && st_get_code_extra(code, index, &extra) < 0) PyErr_Clear();
  return (uintptr_t)extra;
}

static st_frame_kind decide_kind(PyCodeObject* code, uintptr_t cached, uint64_t serial) {
  const Py_ssize_t index = hook.settings.code_extra_index;
  const st_frame_kind kind =
      cached ? (st_frame_kind)((cached & 3) - 1) : hook.settings.classify(hook.settings.classify_context, code);
  const uintptr_t fresh = (uintptr_t)serial << 2 | ((uintptr_t)kind + 1);
  if (index >= 0 && st_set_code_extra(code, index, (void*)fresh) < 0) PyErr_Clear();
  return kind;
}

static st_frame_kind kind_of(PyCodeObject* code) {
  const uintptr_t cached = cached_kind(code);
  if (cached >> 2 == (uintptr_t)hook.serial) return (st_frame_kind)((cached & 3) - 1);
  something_new();
  return decide_kind(code, cached, hook.serial);
}

// Leaves no trace that would tell the observed thread that the code is not new: when it pauses must not depend on what
// other threads have done by then.
static st_frame_kind kind_for_worker(PyCodeObject* code) {
  const uintptr_t cached = cached_kind(code);
  return cached ? (st_frame_kind)((cached & 3) - 1) : decide_kind(code, 0, 0);
}

// Grows an array to hold one more.
static int grow(void** items, size_t size, size_t* capacity, size_t item_size) {
  if (size < *capacity) return 1;
  const size_t wanted = *capacity ? 2 * *capacity : 32;
  void* grown = PyMem_RawRealloc(*items, wanted * item_size);
  if (!grown) return 0;
  *items = grown;
  *capacity = wanted;
  return 1;
}

// On failure the hook goes off, and what it has seen so far is kept.
static int reserve_one(void** items, size_t size, size_t* capacity, size_t item_size) {
  if (grow(items, size, capacity, item_size)) return 1;
  hook.seen.failed = 1;
  hook.thread = NULL;
  return 0;
}

static void release(st_hit* hit) {
  Py_CLEAR(hit->value);
  Py_CLEAR(hit->code);
  Py_CLEAR(hit->globals);
}

static st_hit make_hit(PyObject* value, PyCodeObject* code, PyObject* globals, int depth) {
  Py_INCREF(value);
  Py_INCREF(code);
  Py_XINCREF(globals);
  const st_hit hit = {value, code, globals, depth};
  return hit;
}

// A destructor may run Python code, which would have run without us as well. It is not part of what the benchmark
// calls, so nobody looks, and it finds the state consistent.
static void release_unobserved(st_hit deepest, st_hit* path, size_t path_size) {
  PyThreadState* thread = hook.thread;
  const uint64_t serial = hook.serial;
  hook.thread = NULL;
  release(&deepest);
  for (size_t i = 0; i < path_size; ++i) release(&path[i]);
  PyMem_RawFree(path);
  if (hook.serial == serial) hook.thread = thread;
}

static void take_deepest(st_hit hit) {
  const st_hit old = hook.seen.deepest;
  st_hit* old_path = hook.seen.path;
  const size_t old_path_size = hook.seen.path_size;
  hook.seen.deepest = hit;
  hook.seen.path = NULL;
  hook.seen.path_size = 0;
  hook.path_capacity = 0;
  hook.pending = hit.depth - 1;
  something_new();
  if (old.value) release_unobserved(old, old_path, old_path_size);
}

// The one who calls has made sure that `depth` is either greater than deepest's or equal to `pending`. Between the
// return of `deepest` and that of the benchmark, the frames that return at depth == pending are its ancestors.
static void record(PyObject* value, PyCodeObject* code, PyObject* globals, int depth) {
  if (depth > hook.seen.deepest.depth) {
    if (value && st_is_meaningful(value)) take_deepest(make_hit(value, code, globals, depth));
    return;
  }
  hook.pending = depth - 1;
  if (!value) return;  // left by an exception: no return, so not on the path
  if (!reserve_one((void**)&hook.seen.path, hook.seen.path_size, &hook.path_capacity, sizeof(st_hit))) return;
  hook.seen.path[hook.seen.path_size++] = make_hit(value, code, globals, depth);
}

static inline void enter_depth(int depth) {
  if (depth <= hook.seen.max_depth) return;
  hook.seen.max_depth = depth;
  something_new();
}

static inline int worth_recording(int depth) {
  return depth > hook.seen.deepest.depth || (depth == hook.pending && depth > 0);
}

// ------------------------------------------------------------------------------------------------ frame evaluator ---

#if ST_HAS_FRAME_EVALUATOR

static PyObject* evaluate(PyThreadState* thread, st_frame* frame, int throwing);

static int replace_evaluator(PyInterpreterState* interpreter, _PyFrameEvalFunction from, _PyFrameEvalFunction to) {
  if (_PyInterpreterState_GetEvalFrameFunc(interpreter) != from) return 0;
  _PyInterpreterState_SetEvalFrameFunc(interpreter, to);
  return 1;
}

static int has_other_threads(PyInterpreterState* interpreter) {
  const PyThreadState* first = PyInterpreterState_ThreadHead(interpreter);
  return first && PyThreadState_Next((PyThreadState*)first) != NULL;
}

// What is under way goes on; what it calls from now on is run as without us. The slot is every thread's, so where there
// are others it stays ours, and this thread's frames pass through.
static void pause_evaluator(void) {
  if (has_other_threads(hook.thread->interp)) {
    ++hook.passing;
    return;
  }
  hook.slot_left = hook.ever_left = 1;
  // The threads that were looked at have ended, so nothing of theirs is missed. The next may get the same address.
  for (worker* each = hook.workers; each; each = each->next) each->thread = NULL;
  replace_evaluator(hook.thread->interp, evaluate, _PyEval_EvalFrameDefault);
}

static void resume_evaluator(void) {
  if (!hook.slot_left) {
    --hook.passing;
    return;
  }
  hook.slot_left = 0;
  replace_evaluator(hook.thread->interp, _PyEval_EvalFrameDefault, evaluate);
}

static inline PyObject* evaluate_default(PyThreadState* thread, st_frame* frame, int throwing) {
  ST_RETURN_C_RECURSION(thread);
  PyObject* value = _PyEval_EvalFrameDefault(thread, frame, throwing);
  ST_RETAKE_C_RECURSION(thread);
  return value;
}

static inline int is_below_floor(void) { return (const char*)__builtin_frame_address(0) < hook.settings.stack_floor; }

// Runs a frame, and all that it calls, with the slot empty (where there are other threads: as long as there is stack
// for passing through it): that costs nothing, and from 3.11 on no C stack either, so that recursion which is deeper
// than anybody looks behaves as it does without the hook.
static PyObject* evaluate_unobserved(PyThreadState* thread, st_frame* frame, int throwing) {
  PyInterpreterState* interpreter = thread->interp;
  const uint64_t serial = hook.serial;
  if (has_other_threads(interpreter) && !is_below_floor()) {
    ++hook.passing;
    PyObject* result = evaluate_default(thread, frame, throwing);
    if (hook.serial == serial) --hook.passing;
    return result;
  }
  const int ours = replace_evaluator(interpreter, evaluate, _PyEval_EvalFrameDefault);
  PyObject* value = _PyEval_EvalFrameDefault(thread, frame, throwing);
  if (ours && hook.thread == thread && hook.serial == serial) {
    replace_evaluator(interpreter, _PyEval_EvalFrameDefault, evaluate);
  }
  return value;
}

static PyObject* evaluate_counted(PyThreadState* thread, st_frame* frame) {
  const int outer = hook.depth;
  const int depth = outer + 1;
  enter_depth(depth);
  if (depth > hook.settings.depth_limit) return evaluate_unobserved(thread, frame, 0);

  const uint64_t serial = hook.serial;
  PyObject* pin = st_frame_pin(frame);
  hook.depth = depth;
  PyObject* value = evaluate_default(thread, frame, 0);
  if (hook.serial == serial) {
    hook.depth = outer;
    if (hook.thread == thread && worth_recording(depth)) {
      PyCodeObject* code;
      PyObject* globals;
      st_frame_identity(frame, pin, &code, &globals);
      if (code) record(value, code, globals, depth);
    }
    if (hook.thread == thread) counted_frame_returned(depth);
  }
  Py_XDECREF(pin);
  return value;
}

// Is this thread in the middle of a call that began unseen? What is below that is no call of the thread's own.
static int is_inside_a_call(st_frame* frame) {
  for (st_frame* each = st_frame_back(frame); each; each = st_frame_back(each)) {
    PyCodeObject* code = st_frame_code(each);
    if (code && PyCode_Check(code) && kind_for_worker(code) == ST_FRAME_ELIGIBLE) return 1;
  }
  return 0;
}

// NULL where there is no memory for one.
static worker* worker_of(PyThreadState* thread, st_frame* frame) {
  for (worker* each = hook.workers; each; each = each->next) {
    if (each->thread == thread) return each;
  }
  worker* made = PyMem_RawCalloc(1, sizeof(worker));
  if (!made) return NULL;
  made->thread = thread;
  made->depth = -1;
  made->hidden = is_inside_a_call(frame);
  made->next = hook.workers;
  hook.workers = made;
  return made;
}

// Lets go of hits from `first` on. Destructors may run Python code, which nobody looks at.
static void drop_hits(worker* self, size_t first) {
  const uint64_t serial = hook.serial;
  ++self->hidden;
  while (hook.serial == serial && self->size > first) {
    st_hit last = self->hits[--self->size];
    release(&last);
  }
  if (hook.serial == serial) --self->hidden;
}

// `first`: where the hits of the calls below this one begin.
static void record_worker(worker* self, size_t first, st_hit hit) {
  const uint64_t serial = hook.serial;
  if (hit.depth == 0) self->overflow = 0;
  if (self->size - self->root == kMostWorkerHits) {
    self->overflow = 1;
    first = self->root;
  }
  drop_hits(self, first);
  if (hook.serial == serial && !self->overflow &&
      grow((void**)&self->hits, self->size, &self->capacity, sizeof(st_hit))) {
    self->hits[self->size++] = hit;
    return;
  }
  if (hook.serial == serial) self->overflow = 1;
  release(&hit);
}

// Only what has returned is counted: how far other calls have come is chance.
static void worker_call_ended(worker* self) {
  hook.seen.workers_size += self->size - self->root;
  hook.seen.workers_lost |= self->overflow || hook.seen.workers_size > kMostWorkerHits;
  self->overflow = 0;
  self->root = self->size;
}

static PyObject* evaluate_worker_counted(PyThreadState* thread, worker* self, st_frame* frame) {
  const uint64_t serial = hook.serial;
  const int depth = ++self->depth;
  const size_t first = self->size;
  PyObject* pin = st_frame_pin(frame);
  PyObject* value = evaluate_default(thread, frame, 0);
  if (hook.serial == serial) {
    self->depth = depth - 1;
    PyCodeObject* code;
    PyObject* globals;
    st_frame_identity(frame, pin, &code, &globals);
    if (value && code && value != Py_None && value != Py_NotImplemented) {
      // A zero or an empty list does not stand for what was computed below it, but is there to be compared.
      record_worker(self, st_is_meaningful(value) ? first : self->size, make_hit(value, code, globals, depth));
    }
    if (hook.serial == serial && depth == 0) worker_call_ended(self);
  }
  Py_XDECREF(pin);
  return value;
}

static PyObject* evaluate_worker_hidden(PyThreadState* thread, worker* self, st_frame* frame) {
  const uint64_t serial = hook.serial;
  ++self->hidden;
  PyObject* value = evaluate_default(thread, frame, 0);
  if (hook.serial == serial) --self->hidden;
  return value;
}

// A frame of another thread than the observed one.
static PyObject* evaluate_worker(PyThreadState* thread, st_frame* frame, int throwing) {
  const int looked_at = hook.busy && thread != hook.observed && !thread->tracing && !throwing;
  worker* self = looked_at ? worker_of(thread, frame) : NULL;
  if (!self || self->hidden || hook.seen.workers_lost) return _PyEval_EvalFrameDefault(thread, frame, throwing);
  switch (kind_for_worker(st_frame_code(frame))) {
    case ST_FRAME_HIDDEN: return evaluate_worker_hidden(thread, self, frame);
    case ST_FRAME_ELIGIBLE:
      return self->depth >= hook.settings.depth_limit ? evaluate_worker_hidden(thread, self, frame)
                                                      : evaluate_worker_counted(thread, self, frame);
    case ST_FRAME_SKIPPED: break;
  }
  return evaluate_default(thread, frame, 0);
}

static PyObject* evaluate(PyThreadState* thread, st_frame* frame, int throwing) {
  // Inside somebody's trace or profile function (`tracing`) nothing belongs to the benchmark.
  if (thread != hook.thread) return evaluate_worker(thread, frame, throwing);
  if (thread->tracing) return _PyEval_EvalFrameDefault(thread, frame, throwing);
  if (is_below_floor()) {
    hook.seen.stack_floor_reached |= !hook.passing;
    return evaluate_unobserved(thread, frame, throwing);
  }
  if (hook.passing) return evaluate_default(thread, frame, throwing);
  // An exception is only ever thrown into generators, which are skipped; and with an error set, deciding is not safe.
  if (throwing) return evaluate_default(thread, frame, throwing);
  const st_frame_kind kind = kind_of(st_frame_code(frame));
  count_call();
  switch (kind) {
    case ST_FRAME_HIDDEN: return evaluate_unobserved(thread, frame, throwing);
    case ST_FRAME_ELIGIBLE: return evaluate_counted(thread, frame);
    case ST_FRAME_SKIPPED: break;
  }
  // The outermost frame is the benchmark's own, depth 0, whatever it is.
  if (hook.depth < 0) return evaluate_counted(thread, frame);
  return evaluate_default(thread, frame, throwing);
}

static st_begin install_evaluator(void) {
  PyInterpreterState* interpreter = PyThreadState_Get()->interp;
  return replace_evaluator(interpreter, _PyEval_EvalFrameDefault, evaluate) ? ST_BEGIN_OK : ST_BEGIN_SLOT_TAKEN;
}

static void remove_evaluator(void) {
  PyInterpreterState* interpreter = PyThreadState_Get()->interp;
  const _PyFrameEvalFunction expected = hook.slot_left ? _PyEval_EvalFrameDefault : evaluate;
  if (!replace_evaluator(interpreter, expected, _PyEval_EvalFrameDefault)) hook.seen.replaced = 1;
}

#else

static st_begin install_evaluator(void) { return ST_BEGIN_UNSUPPORTED; }
static void remove_evaluator(void) {}
static void pause_evaluator(void) {}
static void resume_evaluator(void) {}

#endif  // ST_HAS_FRAME_EVALUATOR

// ----------------------------------------------------------------------------------------------- profile function ---

static st_frame_kind kind_of_object(PyFrameObject* frame) {
  PyCodeObject* code = PyFrame_GetCode(frame);
  const st_frame_kind kind = kind_of(code);
  Py_DECREF(code);  // the frame holds it
  return kind;
}

static void profile_enter(PyFrameObject* frame) {
  if (hook.hidden_by || hook.paused_below >= 0) return;
  const st_frame_kind kind = kind_of_object(frame);
  count_call();
  if (kind == ST_FRAME_HIDDEN) {
    hook.hidden_by = frame;
    return;
  }
  if (kind == ST_FRAME_SKIPPED && hook.depth >= 0) return;
  const int depth = hook.depth + 1;
  enter_depth(depth);
  if (depth > hook.settings.depth_limit) {
    hook.hidden_by = frame;
    return;
  }
  if (!reserve_one((void**)&hook.frames, hook.frames_size, &hook.frames_capacity, sizeof(PyFrameObject*))) return;
  hook.frames[hook.frames_size++] = frame;
  hook.depth = depth;
}

static void profile_leave(PyFrameObject* frame, PyObject* value) {
  if (hook.hidden_by) {
    if (hook.hidden_by == frame) hook.hidden_by = NULL;
    return;
  }
  // Frames that do not count were not pushed.
  if (hook.frames_size == 0 || hook.frames[hook.frames_size - 1] != frame) return;
  --hook.frames_size;
  const int depth = hook.depth--;
  if (worth_recording(depth)) {
    PyCodeObject* code = PyFrame_GetCode(frame);
    PyObject* globals = st_frame_object_globals(frame);
    record(value, code, globals, depth);
    Py_XDECREF(globals);
    Py_DECREF(code);
  }
  counted_frame_returned(depth);
}

// A profile function that was there before goes on being called: the program may be looking at its result.
static int profile(PyObject* self, PyFrameObject* frame, int what, PyObject* value) {
  (void)self;
  PyThreadState* thread = PyThreadState_Get();
  if (hook.thread == thread) {
    if (what == PyTrace_CALL) {
      profile_enter(frame);
    } else if (what == PyTrace_RETURN) {
      profile_leave(frame, st_profiled_return(thread, value));
    }
  }
  if (!hook.previous_function) return 0;
  return hook.previous_function(hook.previous_argument, frame, what, value);
}

static void install_profile(void) {
  const PyThreadState* thread = PyThreadState_Get();
  hook.previous_function = thread->c_profilefunc;
  hook.previous_argument = thread->c_profileobj;
  Py_XINCREF(hook.previous_argument);
  PyEval_SetProfile(profile, NULL);
}

static void remove_profile(void) {
  const PyThreadState* thread = PyThreadState_Get();
  // What the program itself has set in the meantime stays, as it would without us.
  if (thread->c_profilefunc == profile) {
    PyEval_SetProfile(hook.previous_function, hook.previous_argument);
  } else {
    hook.seen.replaced = 1;
  }
  hook.previous_function = NULL;
  Py_CLEAR(hook.previous_argument);
}

// ----------------------------------------------------------------------------------------------------- begin, end ---

st_begin st_hook_begin(const st_hook_settings* settings) {
  if (hook.busy) return ST_BEGIN_BUSY;
  const uint64_t serial = hook.serial + 1;
  memset(&hook, 0, sizeof(hook));
  hook.serial = serial;
  hook.settings = *settings;
  hook.depth = settings->depth;
  hook.paused_below = -1;
  hook.seen.max_depth = -1;
  something_new();
  if (settings->mechanism == ST_MECHANISM_EVALUATOR) {
    const st_begin begun = install_evaluator();
    if (begun != ST_BEGIN_OK) return begun;
  } else {
    install_profile();
  }
  hook.busy = 1;
  hook.thread = hook.observed = PyThreadState_Get();
  return ST_BEGIN_OK;
}

// All hits of finished calls, in one array. What is not handed over is released: nobody looks any more.
static void gather_workers(void) {
  st_hit* all = NULL;
  size_t size = 0;
  size_t capacity = 0;
  worker* each = hook.workers;
  hook.workers = NULL;
  for (const worker* began = each; began; began = began->next) {
    hook.seen.workers_lost |= hook.ever_left && began->thread;
  }
  while (each) {
    for (size_t i = 0; i < each->size; ++i) {
      if (!hook.seen.workers_lost && i < each->root && grow((void**)&all, size, &capacity, sizeof(st_hit))) {
        all[size++] = each->hits[i];
      } else {
        hook.seen.workers_lost |= i < each->root;
        release(&each->hits[i]);
      }
    }
    worker* next = each->next;
    PyMem_RawFree(each->hits);
    PyMem_RawFree(each);
    each = next;
  }
  hook.seen.workers = all;
  hook.seen.workers_size = size;
}

void st_hook_end(st_hook_result* result) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  hook.thread = NULL;
  ++hook.serial;
  gather_workers();
  if (hook.settings.mechanism == ST_MECHANISM_EVALUATOR) {
    remove_evaluator();
  } else {
    remove_profile();
  }
  *result = hook.seen;
  memset(&hook.seen, 0, sizeof(hook.seen));
  PyMem_RawFree(hook.frames);
  hook.frames = NULL;
  hook.frames_size = hook.frames_capacity = 0;
  hook.busy = 0;
  PyErr_Restore(type, value, traceback);
}
