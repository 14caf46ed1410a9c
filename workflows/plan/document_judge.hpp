// Nobody certifies their own reading: what a repair made of a document is judged by code that shares nothing with the
// editor which planned and wrote it. Each document whose values are declared is judged as a whole, before the plan is
// accepted and once more as it is when the repair is done; also one in which nothing had to change. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autoheal/workflows/plan/evidence.hpp"

namespace autoheal::workflows {

// Paths of the documents whose values `spec` declares, each once.
[[nodiscard]] std::vector<std::string> judged_documents(const EngineSpec& spec);

using ContentOf = std::function<Result<std::string>(const std::string& path)>;

// One finding per judged document: what it was (by `observation`, whose bytes `contents` holds, with all that other
// repairs of the plan make of it) against what `now` says it is.
[[nodiscard]] std::vector<DocumentFinding> judge_documents(const EngineSpec& spec, const Observation& observation,
                                                           const Contents& contents, const ContentOf& now);

// Declarations about one .env file, from all repairs that name it; invalid if a secret could not be read.
struct EnvDeclaration;
[[nodiscard]] Result<EnvDeclaration> declaration_of(const EngineSpec& spec, const std::string& file,
                                                    const Observation& observation, const Contents& contents);

}  // namespace autoheal::workflows
