// A .env file with what is declared: of the ways in which the editor could write it, the first that the judge accepts.
#pragma once

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/judge/env_judge.hpp"

namespace autoheal::workflows {

struct EnvEdited {
  std::string text;
  std::vector<std::string> changed;  // names whose statements changed
};

// invalid: why it cannot be, with the place, the readers that would differ, and the dialects for which it could.
[[nodiscard]] Result<EnvEdited> edit_env(std::string_view text, const EnvDeclaration& declared);

}  // namespace autoheal::workflows
