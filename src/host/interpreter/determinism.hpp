// Every source of randomness that Python code reaches without a seed of its own, made the same in every process.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <vector>

namespace snapshot_test::host::interpreter {

/// The attributes that replace_entropy() has changed, as they were.
class ReplacedEntropy {
 public:
  /// Gives an attribute of a module or class another value, and remembers its own. GIL held.
  void replace(pybind11::object holder, const char* name, const pybind11::object& value);
  /// Puts all of them back. What has taken a copy of a replacement keeps that. GIL held.
  void restore();

 private:
  struct Attribute {
    pybind11::object holder;
    const char* name;
    pybind11::object original;
  };
  std::vector<Attribute> attributes_;
};

/// Replaces the operating system's entropy where Python code reads it: os.urandom and os.getrandom, and with them
/// uuid4, secrets, random.SystemRandom, numpy's SeedSequence() and default_rng(); the default seed of random.Random()
/// and random.seed(); and uuid1, which is made of the time. For the base of a host, before anything of the suite is
/// imported: there nobody asks for the way back. GIL held.
ReplacedEntropy replace_entropy(std::uint64_t seed);

/// numpy 2 imports numpy.random when somebody first uses it, too late to be seeded by then: imports it now, if numpy is
/// there. Processes that are forked from here have it then. GIL held.
void load_generators();

/// Starts every generator again from `seed`: the entropy stream, `random`, and, where already imported, numpy.random's
/// global state, torch and tensorflow; and sees to it that numpy fills fresh memory where that is wanted
/// (fresh_memory.hpp). Called before an import of a benchmark module, setup_cache, set-up and the call.
/// GIL held. Python errors propagate.
void reseed(std::uint64_t seed);

}  // namespace snapshot_test::host::interpreter
