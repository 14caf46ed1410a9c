// Compares a settings file with what a probe asks for, and says the difference in a sentence.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::workflows {

// Empty if all is as it should be. The sentence shows values, except those under secret names. A null is nothing: it
// does not do for `require`.
[[nodiscard]] std::string unlike_settings(std::string_view content, const SettingsProbe& probe,
                                          const SecretRules& secrets);

}  // namespace autoheal::workflows
