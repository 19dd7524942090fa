// Functions and classes that no name leads to.
#include "host/pickling_support.hpp"

namespace snapshot_test::test {
namespace {

TEST(PicklingCallables, FunctionThatWorksWithAnotherValue_HasOtherBytes) {
  run_python(R"py(
import functools, operator
def scaled(k): return lambda x: x * k
def default(k): return lambda x, y=k: x * y
def keyword(k):
    def f(x, *, y=k): return x * y
    return f
def nested(k):
    def inner(x): return x * k
    return lambda x: inner(x)
def attribute(k):
    def f(x): return x
    f.k = k
    return f
def partial(k): return functools.partial(lambda a, b: a * b, k)
def partial_of_closure(k): return functools.partial(scaled(k), 1)
def cached(k): return functools.lru_cache(scaled(k))
def wrapped(k): return functools.wraps(scaled(1))(scaled(k))
def bound(k): return scaled(k).__get__(5)
def method_of(k):
    class Thing:
        def __init__(self): self.k = k
        def get(self): return self.k
    return Thing().get
def builtin_method(k): return [1, k].index
def getter(k): return operator.itemgetter(k)
def caller(k): return operator.methodcaller("f", k)
def prop(k): return property(scaled(k))
def static(k): return staticmethod(scaled(k))
def klass(k): return classmethod(scaled(k))
def partial_method(k): return functools.partialmethod(scaled(k), 1)
def local_class(k):
    class Local:
        factor = k
        def f(self): return self.factor
    return Local
def class_with_method(k):
    class Local:
        def f(self): return k
    return Local
def mapping_of(k): return {"f": scaled(k), "n": 1}
def holder(k): return types.SimpleNamespace(inner=[scaled(k)])
makers = [scaled, default, keyword, nested, attribute, partial, partial_of_closure, cached, wrapped, bound, method_of, builtin_method,
          getter, caller, prop, static, klass, partial_method, local_class, class_with_method, mapping_of, holder]
for make in makers:
    for value in (make(3), [make(3)], {"x": (make(3),)}):
        assert dump(value).content == "checked" and dump(value).partly == "", (make, dump(value).partly)
    assert data(make(3)) == data(make(3)), make
    assert data(make(3)) != data(make(4)), make
    back(make(3))
assert back(scaled(3))["closure"] == {"k": 3}
)py");
}

TEST(PicklingCallables, GlobalThatAFunctionReads_ChangesItsBytes) {
  run_python(R"py(
K = 3
config = types.ModuleType("config"); config.deep = types.ModuleType("config.deep"); config.deep.K = 3; config.other = 1
sys.modules["config"] = config
def helper(x): return x
UNUSED = [1]
f = lambda x: x * K
g = lambda x: x + config.deep.K
h = lambda x: helper(x)
i = lambda x: [sys.maxsize for y in x if len(y) < K]
before = [data(each) for each in (f, g, h, i)]
assert back(f)["globals"] == {"K": 3} and back(g)["globals"] == {"config.deep.K": 3} and back(i)["globals"]["K"] == 3
assert dump(f).partly == "" and dump(g).partly == ""
assert "helper, which is known by its name only" in dump(h).partly, dump(h).partly
UNUSED.append(2); config.other = 2
assert [data(each) for each in (f, g, h, i)] == before
K = 4
assert data(f) != before[0] and data(i) != before[3]
config.deep.K = 4
assert data(g) != before[1]
)py");
}

TEST(PicklingCallables, DocstringPlaceAndCache_DoNotChangeTheCode) {
  run_python(R"py(
def documented():
    def f(x):
        """One."""
        return x + 1
    return f
def otherwise():

    def f(x):
        """Another text, elsewhere."""
        return x + 1
    return f
assert back(documented())["code"] == back(otherwise())["code"]
assert back(lambda x: x + "a")["code"] != back(lambda x: x + "b")["code"]
assert back(lambda x: x)["code"] != back(lambda y: y)["code"]           # by keyword, that is another function
def factorial():
    def f(n): return 1 if n < 2 else n * f(n - 1)
    return f
got = back(factorial())
assert got["closure"]["f"] is got
def even_odd():
    def even(n): return n == 0 or odd(n - 1)
    def odd(n): return n != 0 and even(n - 1)
    return even
assert data(even_odd()) == data(even_odd()) and dump(even_odd()).partly == ""
def unset():
    f = lambda: later
    data(f)
    later = 1
    return f
back(unset())
def fibonacci(n): return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
cached = __import__("functools").lru_cache(fibonacci)
before = data(cached); cached(10)
assert data(cached) == before
)py");
}

TEST(PicklingCallables, PartialThatWasLookedAt_HasTheSameBytes) {
  run_python(R"py(
import functools
for make in (lambda: functools.partial(abs, 1), lambda: functools.partial(lambda x: x, 1)):
    before = data(make())
    looked = make(); looked.__dict__; looked.__dict__
    assert data(looked) == before
    looked.mark = 1
    assert data(looked) != before
assert back(functools.partial(abs, -3))() == 3
)py");
}

TEST(PicklingCallables, NumpyVectorize_IsPickledByItsFunction) {
  SKIP_WITHOUT_NUMPY();
  run_python(R"py(
import numpy as np
def vectorized(k): return np.vectorize(lambda x: x * k)
assert data(vectorized(3)) == data(vectorized(3)) != data(vectorized(4))
v = vectorized(3)
before = data(v); v([1, 2])
assert data(v) == before and dump([v]).partly == ""
assert type(back(np.vectorize(abs))) is np.vectorize
assert "ufunc" in dump([np.frompyfunc(lambda x: x, 1, 1), 1]).partly
)py");
}

}  // namespace
}  // namespace snapshot_test::test
