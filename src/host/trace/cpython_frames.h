// Everything about frames that differs between CPython 3.9 and 3.13. C only; include it before any other header.
//
// What is used of CPython is not in the stable API: PEP 523's evaluator slot, the layout of frames, and the count of C
// recursion. On a CPython that is not listed here ST_HAS_FRAME_EVALUATOR is 0 and only PyEval_SetProfile is used.
#ifndef SNAPSHOT_TEST_HOST_TRACE_CPYTHON_FRAMES_H
#define SNAPSHOT_TEST_HOST_TRACE_CPYTHON_FRAMES_H

#include <patchlevel.h>

#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030E0000
#define Py_BUILD_CORE 1
#endif
#include <Python.h>
#include <frameobject.h>

#if PY_VERSION_HEX < 0x03090000
#error "snapshot_test embeds CPython 3.9 or newer"
#endif
#define ST_HAS_FRAME_EVALUATOR (PY_VERSION_HEX < 0x030E0000)

#if ST_HAS_FRAME_EVALUATOR

#if PY_VERSION_HEX >= 0x030B0000
#include <internal/pycore_frame.h>
#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030D0000
#include <internal/pycore_instruments.h>
#endif
typedef struct _PyInterpreterFrame st_frame;
#else
typedef PyFrameObject st_frame;
#endif

/// Borrowed. Valid while the frame runs.
static inline PyCodeObject* st_frame_code(st_frame* frame) {
#if PY_VERSION_HEX >= 0x030D0000
  return (PyCodeObject*)frame->f_executable;
#else
  return frame->f_code;
#endif
}

/// The frame that called this one, borrowed; NULL for a thread's first.
static inline st_frame* st_frame_back(const st_frame* frame) {
#if PY_VERSION_HEX >= 0x030B0000
  return frame->previous;
#else
  return frame->f_back;
#endif
}

/// Keeps what st_frame_identity needs beyond the frame's end: from 3.12 on the default evaluator frees the frame before
/// it returns. Owned, to be released with Py_XDECREF after the call; NULL where the caller keeps the frame alive.
static inline PyObject* st_frame_pin(st_frame* frame) {
#if PY_VERSION_HEX >= 0x030C0000
  // A frame made by other means than a call (a compiler's) may have something else here.
  if (!frame->f_funcobj || !PyFunction_Check(frame->f_funcobj)) return NULL;
  Py_INCREF(frame->f_funcobj);
  return frame->f_funcobj;
#else
  (void)frame;
  return NULL;
#endif
}

/// The code object and globals of a call that has just returned, both borrowed; NULL where they can't be told. `pin` is
/// st_frame_pin's.
static inline void st_frame_identity(st_frame* frame, PyObject* pin, PyCodeObject** code, PyObject** globals) {
#if PY_VERSION_HEX >= 0x030C0000
  (void)frame;
  *code = pin ? (PyCodeObject*)((PyFunctionObject*)pin)->func_code : NULL;
  *globals = pin ? ((PyFunctionObject*)pin)->func_globals : NULL;
#else
  (void)pin;
  *code = frame->f_code;
  *globals = frame->f_globals;
#endif
}

// With an evaluator installed, a call from Python to Python enters the default evaluator anew, which from 3.12 on costs
// two units of a budget for C recursion (1,500 in 3.12.1) that an inlined call does not touch. Without giving them
// back, a recursion that is well within sys.getrecursionlimit() would raise RecursionError under the hook only.
#if PY_VERSION_HEX >= 0x030C0000
enum { kStEvaluatorStackUnits = 2 };  // PY_EVAL_C_STACK_UNITS in ceval.c
#define ST_RETURN_C_RECURSION(tstate) ((tstate)->c_recursion_remaining += kStEvaluatorStackUnits)
#define ST_RETAKE_C_RECURSION(tstate) ((tstate)->c_recursion_remaining -= kStEvaluatorStackUnits)
#else
#define ST_RETURN_C_RECURSION(tstate) ((void)(tstate))
#define ST_RETAKE_C_RECURSION(tstate) ((void)(tstate))
#endif

#endif  // ST_HAS_FRAME_EVALUATOR

/// What a profile function was told that a frame returned, or NULL where an exception left it. CPython 3.12 says None
/// for both.
static inline PyObject* st_profiled_return(const PyThreadState* thread, PyObject* value) {
#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030D0000
  if (thread->what_event == PY_MONITORING_EVENT_PY_UNWIND) return NULL;
#endif
  (void)thread;
  return value;
}

/// Owned.
static inline PyObject* st_frame_object_globals(PyFrameObject* frame) {
#if PY_VERSION_HEX >= 0x030B0000
  return PyFrame_GetGlobals(frame);
#else
  Py_INCREF(frame->f_globals);
  return frame->f_globals;
#endif
}

static inline Py_ssize_t st_request_code_extra(void) {
#if PY_VERSION_HEX >= 0x030C0000
  return PyUnstable_Eval_RequestCodeExtraIndex(NULL);
#else
  return _PyEval_RequestCodeExtraIndex(NULL);
#endif
}

/// 0, or -1 with a Python error set.
static inline int st_get_code_extra(PyCodeObject* code, Py_ssize_t index, void** extra) {
#if PY_VERSION_HEX >= 0x030C0000
  return PyUnstable_Code_GetExtra((PyObject*)code, index, extra);
#else
  return _PyCode_GetExtra((PyObject*)code, index, extra);
#endif
}

/// 0, or -1 with a Python error set.
static inline int st_set_code_extra(PyCodeObject* code, Py_ssize_t index, void* extra) {
#if PY_VERSION_HEX >= 0x030C0000
  return PyUnstable_Code_SetExtra((PyObject*)code, index, extra);
#else
  return _PyCode_SetExtra((PyObject*)code, index, extra);
#endif
}

#endif  // SNAPSHOT_TEST_HOST_TRACE_CPYTHON_FRAMES_H
