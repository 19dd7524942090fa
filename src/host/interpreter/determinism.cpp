#include "host/interpreter/determinism.hpp"

#include <pybind11/pybind11.h>

#include <string>

#include "host/interpreter/fresh_memory.hpp"
#include "host/interpreter/interpreter.hpp"

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
void replace_default_seed(const py::module_& random, ReplacedEntropy& replaced) {
  py::object type = random.attr("Random");
  py::object original = type.attr("seed");
  py::cpp_function seed(
      [original](const py::object& self, const py::object& a, const py::object& version) {
        return original(self, a.is_none() ? py::object(py::int_(g_entropy.next())) : a, version);
      },
      py::name("seed"), py::is_method(type), py::arg("a") = py::none(), py::arg("version") = 2);
  replaced.replace(type, "seed", seed);
  // A method of the module's own generator, which was bound before.
  replaced.replace(random, "seed", random.attr("_inst").attr("seed"));
}

/// Gives every module that has `original`, under its own or another of these names, the replacement: `from os import
/// urandom` may have come before us, in random or in what a .pth file of the environment imports.
void replace_everywhere(const py::object& original, const py::object& replacement, ReplacedEntropy& replaced) {
  const py::dict modules = py::module_::import("sys").attr("modules");
  for (const auto& [_, module] : py::dict(modules.attr("copy")())) {
    if (!PyModule_Check(module.ptr())) continue;
    const auto members = py::reinterpret_borrow<py::dict>(PyModule_GetDict(module.ptr()));
    for (const char* name : {"urandom", "_urandom", "getrandom"}) {
      if (members.contains(name) && members[name].ptr() == original.ptr()) {
        replaced.replace(py::reinterpret_borrow<py::object>(module), name, replacement);
      }
    }
  }
}

/// A version 1 UUID is made of the time and of a number of this process; this one is made of the stream. Given parts
/// stay.
void replace_uuid1(ReplacedEntropy& replaced) {
  const py::module_ uuid = py::module_::import("uuid");
  const py::object type = uuid.attr("UUID");
  py::cpp_function uuid1(
      [type](const py::object& node, const py::object& clock_seq) {
        const py::tuple fields = type(py::arg("bytes") = g_entropy.bytes(16)).attr("fields");
        const auto part = [&](int i) { return py::object(fields[static_cast<std::size_t>(i)]); };
        const py::object high = clock_seq.is_none() ? part(3) : (clock_seq >> py::int_(8)) & py::int_(0x3f);
        const py::object low = clock_seq.is_none() ? part(4) : clock_seq & py::int_(0xff);
        return type(
            py::arg("fields") = py::make_tuple(part(0), part(1), part(2), high, low, node.is_none() ? part(5) : node),
            py::arg("version") = 1);
      },
      py::name("uuid1"), py::arg("node") = py::none(), py::arg("clock_seq") = py::none());
  replaced.replace(uuid, "uuid1", uuid1);
}

/// `name` if some import has already brought it, else nothing: seeding must not import anything.
py::object imported(const char* name) {
  py::dict modules = module("sys").attr("modules");
  return modules.contains(name) ? py::object(modules[name]) : py::object(py::none());
}

}  // namespace

void ReplacedEntropy::replace(py::object holder, const char* name, const py::object& value) {
  attributes_.push_back({holder, name, holder.attr(name)});
  holder.attr(name) = value;
}

void ReplacedEntropy::restore() {
  for (auto each = attributes_.rbegin(); each != attributes_.rend(); ++each) {
    each->holder.attr(each->name) = each->original;
  }
  attributes_.clear();
}

ReplacedEntropy replace_entropy(std::uint64_t seed) {
  g_entropy.state = seed;
  ReplacedEntropy replaced;
  py::cpp_function urandom([](py::ssize_t size) { return g_entropy.bytes(size); }, py::name("urandom"),
                           py::arg("size"));
  const py::module_ os = py::module_::import("os");
  const py::module_ random = py::module_::import("random");
  replace_everywhere(os.attr("urandom"), urandom, replaced);
  if (py::hasattr(os, "getrandom")) {
    replace_everywhere(os.attr("getrandom"),
                       py::cpp_function([](py::ssize_t size, int) { return g_entropy.bytes(size); },
                                        py::name("getrandom"), py::arg("size"), py::arg("flags") = 0),
                       replaced);
  }
  replace_default_seed(random, replaced);
  replace_uuid1(replaced);
  return replaced;
}

void load_generators() {
  if (const py::object numpy = imported("numpy"); !numpy.is_none()) {
    py::getattr(numpy, "random", py::none());  // where it does not load, nobody can draw from it
  }
}

void reseed(std::uint64_t seed) {
  g_entropy.state = seed;
  fill_small_arrays();
  module("random").attr("seed")(seed);
  load_generators();
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
