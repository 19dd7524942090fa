// What every process of a host has from its base on.
#pragma once

#include "host/execution/function_watch.hpp"
#include "host/pickling/reducers.hpp"
#include "host/trace/body_rewriter.hpp"
#include "host/trace/eligibility.hpp"
#include "model/message.hpp"

namespace snapshot_test::host::execution {

/// Made once, in the base, after the interpreter has started; inherited by fork. Never destroyed: processes of a host
/// leave through _exit().
struct Context {
  model::HostStart start;
  trace::Eligibility eligibility;
  pickling::Reducers reducers;
  trace::BodyRewriter rewriter;
  pybind11::dict builtins;  ///< a copy of the builtins' names, as Python made them
  FunctionWatch functions = {};
};

}  // namespace snapshot_test::host::execution
