// `acl` of a file or a policy, and that it goes with the mode beside it: with a list the group bits of the mode are its
// mask (acl(5)), so that two values for them would be changed to and fro without end.
#pragma once

#include <optional>
#include <string>

#include "autoheal/workflows/spec/engine_spec.hpp"
#include "tools/config/yaml_tree.hpp"

namespace autoheal::config {

// Entries as one text with commas: the host knows the names. Empty where `map` has no `acl`.
[[nodiscard]] std::optional<std::string> access_list_at(const Node& map);

// Why the mask that `acl` names does not go with `mode`; empty where it does, or where it names none. `at_most`: the
// mode is the widest that is allowed.
[[nodiscard]] std::string mask_problem(const std::string& acl, workflows::FileMode mode, bool at_most);

}  // namespace autoheal::config
