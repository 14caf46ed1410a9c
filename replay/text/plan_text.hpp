// A plan as sentences: what each change would do, without any secret.
#pragma once

#include <string>
#include <vector>

#include "autoheal/workflows/plan/plan.hpp"

namespace autoheal::replay {

[[nodiscard]] std::string line_of(const workflows::Change& change);
[[nodiscard]] std::string line_of(const workflows::Act& act);
[[nodiscard]] std::vector<std::string> lines_of(const workflows::Plan& plan);
// Permissions as people write them: "0644".
[[nodiscard]] std::string octal(workflows::FileMode mode);
// A digest's kind and its first twelve digits.
[[nodiscard]] std::string short_digest(const std::string& name);

}  // namespace autoheal::replay
