// A suite of which some cases can be made to misbehave, for the tests that look what that does to the others.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "support/sandbox.hpp"

namespace snapshot_test::support {

/// What one case does, and what must be said of it.
struct Deed {
  std::string name;     ///< of the benchmark, "deeds.time_<name>", and of the function of project/lib.py that it calls
  std::string body;     ///< Python statements; the function then returns what it always did
  std::string verdict;  ///< of that case
  std::string reason = "";  ///< part of it
};
using Deeds = std::vector<Deed>;

/// Right, but untidy.
extern const Deeds kLeaves;
extern const Deeds kDescriptors;
/// What it does to its own process ends with it, and hides nothing of what it computed.
extern const Deeds kChanges;

enum class Manners { kGood, kHostile };

/// A module with a case for each deed, and three modules with 18 cases that are always right: one of them with a
/// setup_cache, one of them slow enough to run beside the others.
void write_hostile_suite(const Sandbox& box, const Deeds& deeds);

/// The functions that do the deeds, or only return what they always did.
void write_library_of(const Sandbox& box, const Deeds& deeds, Manners manners);

/// Each deed has its verdict and reason, every other case is identical, and the exit status says so.
void expect_verdicts(const Report& verified, const Deeds& deeds);

/// Each case that does not end well has failed for its reason, every other one was stored.
void expect_captured(const Report& captured, const Deeds& deeds);

}  // namespace snapshot_test::support
