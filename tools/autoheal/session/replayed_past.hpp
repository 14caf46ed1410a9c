// The start of replaying commands: ledger and vault, and one heal with all that its decisions stood on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/replay/record/past_world.hpp"
#include "autoheal/replay/record/recorded_heal.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

// As open_past, but says what replay needs the vault for where the caller cannot read it.
[[nodiscard]] Result<Past> open_past_to_replay(const LoadedConfiguration& configuration);

// A heal and the past it stood in; `past` outlives it.
struct ReplayableHeal {
  std::string id;
  std::unique_ptr<replay::Adoptions> adoptions;
  std::unique_ptr<replay::PastWorld> world;
  std::unique_ptr<replay::RecordedHeal> recorded;
};
// `written` as find_heal takes it.
[[nodiscard]] Result<ReplayableHeal> replayable_heal(const Past& past, const std::string& written);

// A heal that came without its ledger; baselines that were adopted are known as far as `blobs`, which outlives it,
// holds their manifests.
[[nodiscard]] ReplayableHeal carried_heal(std::vector<engine::Entry> entries, const engine::BlobStore& blobs);

// "replayed [######      ] 50% of 1234 entries".
[[nodiscard]] std::string progress_bar(std::string_view what, std::uint64_t done, std::uint64_t all,
                                       std::string_view noun);

}  // namespace autoheal::cli
