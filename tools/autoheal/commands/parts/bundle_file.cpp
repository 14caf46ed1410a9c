#include "tools/autoheal/commands/parts/bundle_file.hpp"

#include <fmt/core.h>

#include <filesystem>

#include "autoheal/replay/record/whole_heal.hpp"
#include "autoheal/store/format/read_leaf.hpp"
#include "tools/autoheal/commands/parts/argument_file.hpp"

namespace autoheal::cli {

using store::VerifierKey;

namespace {

std::vector<engine::Entry> entries_in(const store::EvidenceBundle& bundle) {
  std::vector<engine::Entry> entries;
  for (const auto& proof : bundle.entries) {
    if (auto leaf = store::read_leaf(proof.leaf)) entries.push_back(std::move(leaf->entry));
  }
  return entries;
}

}  // namespace

Result<std::string> read_evidence_file(const std::string& path) {
  return read_argument_file(path, store::max_bundle_bytes);
}

Result<std::vector<VerifierKey>> verifier_keys(const std::vector<std::string>& written) {
  std::vector<VerifierKey> keys;
  for (const std::string& text : written) {
    std::error_code problem;
    const bool is_file = std::filesystem::is_regular_file(text, problem);
    auto line = is_file ? read_evidence_file(text) : Result<std::string>(text);
    AUTOHEAL_TRY(line);
    if (line->ends_with('\n')) line->pop_back();
    auto key = VerifierKey::parse(*line);
    if (!key)
      return failure(ErrorKind::invalid, fmt::format("--key {}: {}", text, key.error().message), key.error().hint);
    keys.push_back(std::move(*key));
  }
  return keys;
}

Result<CheckedBundle> checked_bundle(const std::string& content, std::vector<VerifierKey> keys) {
  auto bundle = store::unpack(content);
  AUTOHEAL_TRY(bundle);
  if (keys.empty()) {
    auto named = VerifierKey::parse(bundle->key);
    if (!named) return failure(ErrorKind::corrupt, "key: " + named.error().message);
    keys.push_back(std::move(*named));
  }
  auto proof = store::check_bundle(*bundle, keys);
  AUTOHEAL_TRY(proof);
  CheckedBundle checked{std::move(*bundle), std::move(*proof), {}, {}};
  checked.entries = entries_in(checked.bundle);
  const auto heal = replay::check_whole_heal(checked.entries, store::BundleBlobs(checked.bundle.blobs));
  if (heal.fault) {
    return failure(ErrorKind::corrupt, fmt::format("entry {} {}", heal.fault->position.value, heal.fault->why));
  }
  checked.ended = heal.ended;
  return checked;
}

}  // namespace autoheal::cli
