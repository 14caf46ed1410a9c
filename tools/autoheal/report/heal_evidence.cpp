#include "tools/autoheal/report/heal_evidence.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "autoheal/engine/base/plural.hpp"
#include "autoheal/engine/large_data.hpp"
#include "autoheal/replay/record/recorded_heal.hpp"
#include "autoheal/replay/record/whole_heal.hpp"
#include "autoheal/store/evidence/ledger_proofs.hpp"
#include "autoheal/workflows/judge/env_readers.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/secrets/secret_literals.hpp"
#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "autoheal/workflows/supervision/adopted_baseline.hpp"
#include "tools/host/facts/folder_tree.hpp"

namespace autoheal::cli {

namespace {

using engine::BlobName;
using workflows::SecretMask;

// Room for the entries and their proofs is kept.
constexpr std::uintmax_t most_blob_bytes = store::max_bundle_bytes / 4 * 3;

std::string counted_contents(std::size_t count, const std::string& what) { return plural(count, "content") + what; }

// Empty where it is not there, or may not be looked at.
std::optional<std::uintmax_t> size_of(const std::string& vault_path, const BlobName& name) {
  const std::size_t colon = name.find(':');
  std::string file = name;
  std::ranges::replace(file, ':', '-');
  std::error_code problem;
  const auto size =
      std::filesystem::file_size(std::filesystem::path(vault_path) / name.substr(colon + 1, 2) / file, problem);
  return problem ? std::nullopt : std::optional(size);
}

// Secrets that a bundle without secrets must not show: literals of the configuration that the heal began under, and
// contents that were kept under keyed names. Learned values count, names do not: most of what looks like a secret is
// none. An error where the configuration is there and makes no sense: what is secret in it is not known then.
Result<void> learn_secrets_of_heal(const engine::BlobStore& vault, const engine::Entry& first,
                                   const std::set<BlobName>& names, SecretMask& mask) {
  const auto begun = replay::decoded(first, vault);
  const auto* triggered = begun ? std::get_if<workflows::Triggered>(&*begun) : nullptr;
  const auto text = triggered != nullptr ? vault.get(triggered->configuration) : Result<std::string>();
  if (!text) return {};  // a user who may not read the vault packs nothing of it
  const auto spec = workflows::decode_engine_spec(*text);
  if (!spec) {
    return failure(spec.error().kind, "what is secret in this heal is not known: " + spec.error().message,
                   "--with-secrets packs it as it is");
  }
  for (const std::string& literal : workflows::secret_literals(*spec, SecretMask(spec->secrets))) mask.learn(literal);
  for (const BlobName& name : names) {
    const auto content = store::is_keyed(name) ? vault.get(name) : std::string();
    if (!content || content->empty()) continue;
    if (content->find('\n') >= content->size() - 1) mask.learn(*content);
    for (const auto& [variable, value] : workflows::all_values_in_env(*content)) {
      if (workflows::is_secret_name(spec->secrets, variable)) mask.learn(value);
    }
  }
  return {};
}

Result<void> take_blobs(const Past& past, const std::string& vault_path, const std::set<BlobName>& names,
                        Secrets secrets, const SecretMask& mask, HealEvidence& evidence) {
  std::size_t secret = 0, telling = 0, too_much = 0;
  std::uintmax_t left = most_blob_bytes;
  for (const BlobName& name : names) {
    const auto size = size_of(vault_path, name);
    if (!size) continue;  // a digest of something that never was in the vault
    if (store::is_keyed(name) && secrets == Secrets::left_out) {
      ++secret;
    } else if (*size > left) {
      ++too_much;
    } else {
      auto content = past.vault->get(name);
      AUTOHEAL_TRY(content);
      if (secrets == Secrets::left_out && mask(*content) != *content) {
        ++telling;
        continue;
      }
      left -= *size;
      evidence.bundle.blobs.emplace(name, std::move(*content));
    }
  }
  if (secret > 0)
    evidence.left_out.push_back(
        counted_contents(secret, " of env files and secrets; --with-secrets takes them along in clear"));
  if (telling > 0)
    evidence.left_out.push_back(counted_contents(
        telling, " with a secret in clear, such as a configuration with literals; --with-secrets takes them along"));
  if (too_much > 0)
    evidence.left_out.push_back(
        counted_contents(too_much, " that would not fit: a bundle holds at most 192 MiB of them"));
  return {};
}

void add_trees(const workflows::Observation& observation, std::set<BlobName>& trees) {
  for (const workflows::TargetFacts& facts : observation.targets) {
    if (facts.kind == workflows::TargetKind::folder && !facts.digest.empty()) trees.insert(facts.digest);
  }
  for (const auto& [path, state] : observation.states) {
    for (const workflows::SnapshotFacts& snapshot : state.snapshots) {
      if (snapshot.problem.empty() && snapshot.page_size == 0) trees.insert(snapshot.content);
    }
  }
}

// Trees, which the heal names, name the contents of folders of state and of their snapshots. Only a known tree is read
// as one: anybody could write a name into a file.
std::set<BlobName> contents_of_trees(const std::vector<engine::Entry>& entries, const engine::BlobStore& vault) {
  std::set<BlobName> trees, contents;
  for (const engine::Entry& entry : entries) {
    const auto decoded = replay::decoded(entry, vault);
    if (!decoded) continue;
    if (const auto* planned = std::get_if<workflows::PlanRecorded>(&*decoded)) add_trees(*planned->observation, trees);
    const auto* failed = std::get_if<workflows::RepairFailed>(&*decoded);
    if (failed != nullptr && failed->observation) add_trees(*failed->observation, trees);
  }
  for (const BlobName& tree : trees) {
    const auto text = vault.get(tree);
    auto named = text ? host::contents_of_tree(*text) : std::unexpected(text.error());
    if (named) contents.merge(*named);
  }
  return contents;
}

// Baselines that were adopted stand in entries of their own; a heal names their manifests by digest.
Result<void> take_adopted(const Past& past, const std::set<BlobName>& names, store::EvidenceBundle& bundle) {
  const auto entries = past.ledger->read_types("ledger", {"baseline.adopted"});
  AUTOHEAL_TRY(entries);
  for (const engine::Entry& entry : *entries) {
    const auto adopted = workflows::read_adopted(entry, *past.vault);
    if (adopted && names.contains(adopted->digest))
      bundle.blobs.emplace(adopted->digest, workflows::manifest_of(adopted->baseline));
  }
  return {};
}

// Every change of the key up to the checkpoint, so that a reader who knows an older key can follow.
Result<std::vector<store::KeyChange>> key_changes(const store::LedgerReader& ledger, const store::TreeHead& head) {
  std::vector<store::KeyChange> changes;
  const auto entries = ledger.read_types("ledger", {"ledger.key_rotated"});
  AUTOHEAL_TRY(entries);
  for (const engine::Entry& entry : *entries) {
    if (entry.position.value > head.size) continue;
    auto proof = prove_entry(ledger, entry.position, head);
    AUTOHEAL_TRY(proof);
    const auto data = nlohmann::json::parse(entry.data, nullptr, false);
    if (!data.is_object() || !data.contains("note") || !data.at("note").is_string())
      return failure(ErrorKind::corrupt, fmt::format("entry {} holds no note of the key", entry.position.value));
    changes.push_back({std::move(*proof), data.at("note").get<std::string>()});
  }
  return changes;
}

Result<void> take_proofs(const store::LedgerReader& ledger, const engine::Entry& last, store::EvidenceBundle& bundle) {
  const auto head = newest_witnessed_head(ledger, last.position.value);
  AUTOHEAL_TRY(head);
  bundle.checkpoint = head->note;
  auto key = ledger.meta("verifier_key");
  AUTOHEAL_TRY(key);
  bundle.key = std::move(*key);
  auto proofs = prove_stream(ledger, last.stream, head->checkpoint.head);
  AUTOHEAL_TRY(proofs);
  bundle.entries = std::move(*proofs);
  auto changes = key_changes(ledger, head->checkpoint.head);
  AUTOHEAL_TRY(changes);
  bundle.key_changes = std::move(*changes);
  return {};
}

}  // namespace

Result<HealEvidence> evidence_of(const Past& past, const std::string& vault_path, const std::string& heal,
                                 Secrets secrets) {
  const auto entries = past.ledger->read_stream(heal, 1);
  AUTOHEAL_TRY(entries);
  const auto check = replay::check_whole_heal(*entries, *past.vault);
  if (check.open)
    return failure(ErrorKind::busy,
                   fmt::format("the heal {} is still open: evidence is packed once it has ended", heal),
                   fmt::format("`autoheal show {}` says where it stands", heal));
  if (check.fault)
    return failure(ErrorKind::corrupt, fmt::format("entry {} {}", check.fault->position.value, check.fault->why),
                   "`autoheal ledger verify` tells more");
  HealEvidence evidence;
  AUTOHEAL_TRY(take_proofs(*past.ledger, entries->back(), evidence.bundle));
  std::set<BlobName> names;
  for (const engine::Entry& entry : *entries) {
    names.merge(store::blob_names_in(entry.data));
    // Where the vault may not be read, what it holds is not looked at.
    if (const auto whole = engine::lengthen(*past.vault, entry.data)) names.merge(store::blob_names_in(*whole));
  }
  names.merge(contents_of_trees(*entries, *past.vault));
  SecretMask mask(workflows::SecretRules{.names = {}, .patterns = {}});
  if (secrets == Secrets::left_out) {
    AUTOHEAL_TRY(learn_secrets_of_heal(*past.vault, entries->front(), names, mask));
  }
  AUTOHEAL_TRY(take_blobs(past, vault_path, names, secrets, mask, evidence));
  AUTOHEAL_TRY(take_adopted(past, names, evidence.bundle));
  return evidence;
}

}  // namespace autoheal::cli
