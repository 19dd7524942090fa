// Makes a wrong value of a stored one: a changed copy of its tree, which a comparison may then be asked about.
#pragma once

#include <optional>

#include "audit/mutation.hpp"
#include "snapshot_test/pickle/document.hpp"

namespace snapshot_test::audit {

/// The value changed by `mutation` (not kPrevious, which is another value); nothing where it holds nothing that this
/// could change. What was changed may still equal what was there: zeros of zeros. The mutant refers to nodes and bytes
/// of the original, which must outlive it. Keys of dicts, elements of sets, classes and types stay as they are; what is
/// inside of objects that is no floating-point or complex number changes only where the value has none at all.
/// Time and memory are linear in the size of the value.
[[nodiscard]] std::optional<pickle::Document> make_mutant(const pickle::Document& original, Mutation mutation);

/// No number that make_mutant() would make 0 is larger. None where zeros would show in something else: a text, or a
/// number that is not finite. Cheaper than a mutant: one pass without a copy.
[[nodiscard]] std::optional<double> largest_magnitude(const pickle::Document& value);

}  // namespace snapshot_test::audit
