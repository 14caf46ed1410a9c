// What a program printed, kept in the vault as evidence, without secrets.
#pragma once

#include "workflows/heal_effects.hpp"

namespace autoheal::workflows {

// Both streams. Where they were cut, the last line that is not whole is left out, at most 4 KiB of each: the beginning
// of a secret is not known for one.
[[nodiscard]] std::string what_it_printed(const RunOutcome& ran);

// The end of what a program printed, on one line for a message; `text` is masked already. Empty where it is blank.
[[nodiscard]] std::string last_lines(std::string_view text);

// Empty where nothing was printed or the vault cannot take it: it is evidence beside the verdict, not the verdict.
[[nodiscard]] BlobName keep_output(const HealSurroundings& at, const std::string& printed);

}  // namespace autoheal::workflows
