#include "host/interpreter/determinism.hpp"

#include <pybind11/pybind11.h>

#include <string>

namespace snapshot_test::host::interpreter {

namespace py = pybind11;

namespace {

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014). Not for secrets; for
/// sameness. A plain value of this process, started again by reseed().
struct EntropyStream {
  std::uint64_t state = 0;

  std::uint64_t next() {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  py::bytes bytes(py::ssize_t count) {
    if (count < 0) {
      throw py::value_error("negative argument not allowed");
    }
    std::string out(static_cast<std::size_t>(count), '\0');
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i % 8 == 0) {
        word = next();
      }
      out[i] = static_cast<char>(word >> (8 * (i % 8)));
    }
    return py::bytes(out);
  }
};

EntropyStream g_entropy;

/// random.Random.seed with a seed from the stream where the caller gives none; C code would ask the system for one.
void replace_default_seed(const py::module_& random) {
  py::object type = random.attr("Random");
  py::object original = type.attr("seed");
  type.attr("seed") = py::cpp_function(
      [original](const py::object& self, const py::object& a, const py::object& version) {
        return original(self, a.is_none() ? py::object(py::int_(g_entropy.next())) : a, version);
      },
      py::name("seed"), py::is_method(type), py::arg("a") = py::none(), py::arg("version") = 2);
}

/// `module` if some import has already brought it, else nothing: seeding must not import anything.
py::object imported(const char* module) {
  py::dict modules = py::module_::import("sys").attr("modules");
  return modules.contains(module) ? py::object(modules[module]) : py::object(py::none());
}

}  // namespace

void replace_entropy(std::uint64_t seed) {
  g_entropy.state = seed;
  py::cpp_function urandom([](py::ssize_t size) { return g_entropy.bytes(size); }, py::name("urandom"),
                           py::arg("size"));
  py::module_::import("os").attr("urandom") = urandom;
  const py::module_ random = py::module_::import("random");
  random.attr("_urandom") = urandom;
  replace_default_seed(random);
}

void reseed(std::uint64_t seed) {
  g_entropy.state = seed;
  py::module_::import("random").attr("seed")(seed);
  if (const py::object numpy_random = imported("numpy.random"); !numpy_random.is_none()) {
    numpy_random.attr("seed")(seed & 0xffffffffu);
  }
  if (const py::object torch = imported("torch"); !torch.is_none()) {
    torch.attr("manual_seed")(seed);
  }
  if (const py::object tensorflow = imported("tensorflow"); !tensorflow.is_none()) {
    tensorflow.attr("random").attr("set_seed")(seed);
  }
}

}  // namespace snapshot_test::host::interpreter
