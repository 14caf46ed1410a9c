// Teaches the mask what must never be seen: secrets that the configuration holds, and those that its engines' files
// hold right now.
#pragma once

#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::cli {

// Of all engines: literals, and what is on disk.
void learn_secrets(const config::Configuration& settings, workflows::SecretMask& mask);

// The `{from: FILE}`s of one engine and, under secret names, the values of its env files. What cannot be read is left
// to those who need it. Blocks; thread-safe.
void learn_secrets_on_disk(const workflows::EngineSpec& spec, workflows::SecretMask& mask);

}  // namespace autoheal::cli
