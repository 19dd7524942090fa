// Every source of randomness that Python code reaches without a seed of its own, made the same in every process.
#pragma once

#include <cstdint>

namespace snapshot_test::host::interpreter {

/// Replaces the operating system's entropy where Python code reads it: os.urandom and os.getrandom, and with them
/// uuid4, secrets, random.SystemRandom, numpy's SeedSequence() and default_rng(); the default seed of random.Random()
/// and random.seed(); and uuid1, which is made of the time. Call once, in the base, before anything of the suite is
/// imported. GIL held.
void replace_entropy(std::uint64_t seed);

/// Starts every generator again from `seed`: the entropy stream, `random`, and, where already imported, numpy.random's
/// global state, torch and tensorflow. Called before an import of a benchmark module, setup_cache, set-up and the call.
/// GIL held. Python errors propagate.
void reseed(std::uint64_t seed);

}  // namespace snapshot_test::host::interpreter
