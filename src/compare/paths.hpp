// Paths into a value: "[2]['x'].data". The same structure gives the same text in every run, so that paths can be
// stored and given back to be left out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "snapshot_test/pickle/value.hpp"

namespace snapshot_test::compare {

/// One component, kept small: text is made only where something differs or is left out.
struct Step {
  enum class Kind : std::uint8_t {
    kIndex,      ///< [3]
    kElement,    ///< [1, 2] of an object array
    kKey,        ///< ['x'] of a dict
    kAttribute,  ///< .x of an object
    kArgument,   ///< (0) of an object's constructor
    kKeyword,    ///< (name)
    kMember,     ///< {}: any element of a set
    kPart,       ///< .__state__, .fill_value: what the comparison itself names
    kKeys,       ///< .keys(): which keys or attributes there are
  };
  Kind kind = Kind::kIndex;
  std::uint64_t index = 0;
  const pickle::Value* key = nullptr;
  std::string_view name;                 ///< kPart: static text
  std::span<const std::uint64_t> shape;  ///< kElement
};

/// Compound keys as they are, as long as they are short, or by a digest of their meaning, as in older stores.
enum class KeyForm { kReadable, kDigest };

[[nodiscard]] std::string step_text(const Step& step, KeyForm form = KeyForm::kReadable);
/// What `['key']` shows between the brackets.
[[nodiscard]] std::string key_text(const pickle::Value& key, KeyForm form = KeyForm::kReadable);
/// Appends a component; false once the path is as long as paths get: it then names an ancestor.
[[nodiscard]] bool append_step(std::string& path, std::size_t depth, const Step& step,
                               KeyForm form = KeyForm::kReadable);

/// The ignored paths as a tree of components, so that a walk knows at every step what lies below.
class IgnoredPaths {
 public:
  using Node = std::size_t;
  static constexpr Node kNothing = ~std::size_t{0};  ///< nothing below is left out

  explicit IgnoredPaths(std::span<const std::string> paths);
  [[nodiscard]] Node root() const noexcept { return nodes_.empty() ? kNothing : 0; }
  [[nodiscard]] bool is_ignored(Node node) const { return node != kNothing && nodes_[node].end; }
  [[nodiscard]] Node below(Node node, const Step& step) const;

 private:
  struct Branch {
    std::unordered_map<std::string, Node> children;
    bool end = false;
  };
  std::vector<Branch> nodes_;
};

}  // namespace snapshot_test::compare
