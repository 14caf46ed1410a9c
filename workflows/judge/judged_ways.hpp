// The way to a pointer in a judged text, through aliases and merges.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/workflows/judge/judged_text.hpp"

namespace autoheal::workflows {

// A file can unfold by its aliases to any size: what looks at everything it means has only so many steps.
class JudgedSteps {
 public:
  explicit JudgedSteps(const JudgedText& text) : left_(1'000'000 + 8 * text.nodes.size()) {}
  // False when they are used up.
  [[nodiscard]] bool take(std::size_t steps = 1) {
    const bool enough = steps <= left_;
    left_ = enough ? left_ - steps : 0;
    return enough;
  }

 private:
  std::size_t left_;
};

[[nodiscard]] std::string below(const std::string& pointer, std::string_view name);
[[nodiscard]] bool is_judged_merge(const JudgedText& text, const JudgedNode::Entry& entry);

struct JudgedMember {
  std::string name;
  std::size_t value = 0;
};
// The members that a map has through its merges alone; the first merge with a name wins. Empty if the steps are used
// up.
[[nodiscard]] std::optional<std::vector<JudgedMember>> merged_members(const JudgedText& text, const JudgedNode& map,
                                                                      JudgedSteps& steps);

struct JudgedPlace {
  std::size_t document = 0;
  std::optional<std::size_t> node;  // nothing: it is missing there
};
// The document that a pointer means: the only one that is not empty, or the only one that has the value's parent.
// invalid: none or several, or a YAML map on the way has a name twice.
[[nodiscard]] Result<JudgedPlace> judged_place(const JudgedText& text, std::string_view pointer);

}  // namespace autoheal::workflows
