// The first half of a reduction: how the object comes into being.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "host/pickling/reduction.hpp"
#include "snapshot_test/util/result.hpp"

namespace snapshot_test::host::pickling {

struct Construction {
  enum class Form {
    kCall,         ///< callable(*args)
    kNewObject,    ///< class.__new__(class, *args)
    kNewObjectEx,  ///< class.__new__(class, *args, **kwargs)
  };
  Form form = Form::kCall;
  pybind11::object callable;  ///< or the class
  pybind11::tuple args{0};
  pybind11::object kwargs;  ///< kNewObjectEx only
};

/// A value returned by __reduce_ex__ (a tuple), checked as Lib/pickle.py checks it; else what is wrong with it.
/// Takes the tuple over, so that its parts have no other owner than the result, if they had none before.
[[nodiscard]] Result<Reduction> parse_reduction(pybind11::object value);

/// Sees through copyreg.__newobj__ and __newobj_ex__, by name as Lib/pickle.py does.
[[nodiscard]] Result<Construction> construction_of(pybind11::handle object, const Reduction& reduction);

}  // namespace snapshot_test::host::pickling
