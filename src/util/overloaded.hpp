// One function object of several lambdas, for std::visit().
#pragma once

namespace snapshot_test::util {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace snapshot_test::util
