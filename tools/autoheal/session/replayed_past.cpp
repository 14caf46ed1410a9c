#include "tools/autoheal/session/replayed_past.hpp"

#include <unistd.h>

#include <fmt/core.h>

#include <set>

#include "autoheal/workflows/supervision/adopted_baseline.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t progress_columns = 24;

// A manifest of an adopted baseline is known by its digest, which entries name.
void take_named_adoptions(const std::vector<engine::Entry>& entries, const engine::BlobStore& blobs,
                          replay::Adoptions& adoptions) {
  std::set<std::string> digests;
  for (const engine::Entry& entry : entries) {
    const auto decoded = replay::decoded(entry, blobs);
    if (!decoded) continue;
    if (const auto* planned = std::get_if<workflows::PlanRecorded>(&*decoded))
      digests.insert(planned->adopted_baseline);
    if (const auto* certified = std::get_if<workflows::Certified>(&*decoded))
      digests.insert(certified->adopted_baseline);
    if (const auto* refused = std::get_if<workflows::CertificationRefused>(&*decoded))
      digests.insert(refused->adopted_baseline);
  }
  digests.erase(std::string());  // nothing was adopted
  for (const std::string& digest : digests) {
    const auto manifest = blobs.get(digest);
    auto adopted = manifest ? workflows::adopted_of_manifest(*manifest) : std::unexpected(manifest.error());
    if (adopted && adopted->digest == digest) adoptions.take(entries.front().subject, std::move(*adopted));
  }
}

}  // namespace

Result<Past> open_past_to_replay(const LoadedConfiguration& configuration) {
  const std::string vault = configuration.settings.ledger + ".vault";
  if (::access(vault.c_str(), R_OK | X_OK) == 0 || errno != EACCES) return open_past(configuration);
  return failure(
      ErrorKind::unavailable, fmt::format("the vault {} is not open to you", vault),
      "replay decides again from the configurations and contents that the vault keeps, and the vault is for the "
      "ledger's owner alone: run it as that user; `autoheal show` and `autoheal audit` read the ledger alone");
}

Result<ReplayableHeal> replayable_heal(const Past& past, const std::string& written) {
  auto id = find_heal(*past.ledger, written);
  AUTOHEAL_TRY(id);
  auto entries = past.ledger->read_stream(*id, 1);
  AUTOHEAL_TRY(entries);
  const auto loose = past.ledger->read_types("ledger", {"baseline.adopted"});
  AUTOHEAL_TRY(loose);
  ReplayableHeal heal;
  heal.id = std::move(*id);
  heal.adoptions = std::make_unique<replay::Adoptions>();
  for (const engine::Entry& entry : *loose) {
    AUTOHEAL_TRY(heal.adoptions->take(entry, *past.vault));
  }
  heal.world = std::make_unique<replay::PastWorld>(*past.vault, *heal.adoptions);
  heal.recorded = std::make_unique<replay::RecordedHeal>(std::move(*entries), heal.world->blobs());
  return heal;
}

ReplayableHeal carried_heal(std::vector<engine::Entry> entries, const engine::BlobStore& blobs) {
  ReplayableHeal heal;
  heal.id = entries.front().stream;
  heal.adoptions = std::make_unique<replay::Adoptions>();
  take_named_adoptions(entries, blobs, *heal.adoptions);
  heal.world = std::make_unique<replay::PastWorld>(blobs, *heal.adoptions);
  heal.recorded = std::make_unique<replay::RecordedHeal>(std::move(entries), heal.world->blobs());
  return heal;
}

std::string progress_bar(std::string_view what, std::uint64_t done, std::uint64_t all, std::string_view noun) {
  const std::uint64_t whole = std::max<std::uint64_t>(all, 1);
  const auto filled = static_cast<std::size_t>(std::min(done, whole) * progress_columns / whole);
  return fmt::format("{} [{}{}] {}% of {} {}", what, std::string(filled, '#'),
                     std::string(progress_columns - filled, ' '), std::min(done, whole) * 100 / whole, all, noun);
}

}  // namespace autoheal::cli
