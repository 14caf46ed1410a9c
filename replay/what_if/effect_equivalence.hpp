// Decides whether two configurations ask the world the same question, so that the answer to one holds for the other.
#pragma once

#include <optional>
#include <string>

#include "autoheal/workflows/heal/heal_machine.hpp"

namespace autoheal::replay {

// The difference between the next effects of two courses, in words; empty: they are the same, and the world's answer to
// one holds for the other. The effects may name different configurations, `then` and `other`.
[[nodiscard]] std::string difference_of(const workflows::HealEffect& then_effect, const workflows::EngineSpec& then,
                                        const workflows::HealEffect& other_effect, const workflows::EngineSpec& other);

// The evidence that `other` would have gathered, made of the evidence that `then` gathered; empty: unknown.
[[nodiscard]] std::optional<workflows::Evidence> evidence_under(const workflows::Evidence& evidence,
                                                                const workflows::Certify& effect,
                                                                const workflows::EngineSpec& then,
                                                                const workflows::EngineSpec& other);

// An effect in words: "attempt 3 would look at the world".
[[nodiscard]] std::string line_of(const workflows::HealEffect& effect);

}  // namespace autoheal::replay
