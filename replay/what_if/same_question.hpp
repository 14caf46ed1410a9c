// Whether two configurations ask the same of the world, so that one's answer may stand for the other's.
#pragma once

#include <optional>
#include <string>

#include "autoheal/workflows/heal/heal_machine.hpp"

namespace autoheal::replay {

// What is different between what two courses would do next, in words; empty: they do the same, and the world's answer
// to one is its answer to the other. The effects may name different configurations: `then` and `other` are those.
[[nodiscard]] std::string difference_of(const workflows::HealEffect& then_effect, const workflows::EngineSpec& then,
                                        const workflows::HealEffect& other_effect, const workflows::EngineSpec& other);

// The evidence that `other` would have gathered, made of the evidence that `then` gathered; empty: it cannot be told.
[[nodiscard]] std::optional<workflows::Evidence> evidence_under(const workflows::Evidence& evidence,
                                                                const workflows::Certify& effect,
                                                                const workflows::EngineSpec& then,
                                                                const workflows::EngineSpec& other);

// An effect in words: "attempt 3 would look at the world".
[[nodiscard]] std::string line_of(const workflows::HealEffect& effect);

}  // namespace autoheal::replay
