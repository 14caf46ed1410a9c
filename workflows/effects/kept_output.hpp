// The output of a program, kept in the vault as evidence without secrets; its last lines are reported if it failed.
#pragma once

#include "autoheal/workflows/effects/heal_secrets.hpp"
#include "autoheal/workflows/effects/host.hpp"
#include "autoheal/workflows/heal/heal_messages.hpp"

namespace autoheal::workflows {

// Both streams. Where they were cut, the lines that are not whole are left out, at most 4 KiB of each: a part of a
// secret is not known for one.
[[nodiscard]] std::string what_it_printed(const RunOutcome& ran);

// The end of what a program printed, the newest line last: a few lines, 1 KiB at most, without blank ones and without
// what a terminal would obey. `text` is masked already.
[[nodiscard]] LastLines last_lines(std::string_view text);

// "exit status 1: one line | the next"
[[nodiscard]] std::string with_lines(std::string sentence, const LastLines& lines);

// Why a program did not do what it was run for, as it says itself: on stderr, else on stdout.
struct RunFailure {
  std::string message;  // with the lines
  LastLines last_lines;
};
[[nodiscard]] RunFailure failure_of(const HealSecrets& secrets, const RunOutcome& ran);

// Empty if nothing was printed or the vault cannot take it: it is evidence beside the verdict, not the verdict.
[[nodiscard]] BlobName keep_output(const HealSecrets& secrets, engine::BlobStore& blobs, const std::string& printed);

}  // namespace autoheal::workflows
