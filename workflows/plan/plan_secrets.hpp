// Entries hold digests, never contents: a plan names the secret arguments, environments, addresses and bodies of its
// programs and calls by the vault's keyed digest, and they are put back right before a program starts.
#pragma once

#include <functional>

#include "autoheal/workflows/plan/plan.hpp"

namespace autoheal::workflows {

// Replaces every text of `planned` that holds a secret by the engine's rules, and adds it to its new contents.
void hide_secrets(const EngineSpec& spec,
                  const std::function<BlobName(std::string_view content, engine::BlobNaming naming)>& name_of_content,
                  PlannedRepair& planned);

// Whether a text is the placeholder of a hidden one.
[[nodiscard]] bool stands_for_secret(std::string_view text);

// As it was before hide_secrets(). not_found: the vault no longer has one of its secrets.
[[nodiscard]] Result<void> put_secrets_back(const engine::BlobStore& blobs, ProgramRun& run);
[[nodiscard]] Result<void> put_secrets_back(const engine::BlobStore& blobs, HttpCall& call);
// Puts back the secrets of everything that the act runs or calls.
[[nodiscard]] Result<void> put_secrets_back(const engine::BlobStore& blobs, Act& act);

}  // namespace autoheal::workflows
