#include "autoheal/workflows/supervision/adopted_baseline.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/large_data.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::string_view entry_type = "baseline.adopted";

void write_digests(JsonWriter& out, std::string_view key, const std::map<std::string, std::string>& digests) {
  out.key(key).begin_object();
  for (const auto& [path, digest] : digests) out.field(path, digest);
  out.end_object();
}

Adopted adopted_of(const nlohmann::json& manifest) {
  Adopted adopted;
  manifest.at("files").get_to(adopted.baseline.files);
  manifest.at("baselines").get_to(adopted.baseline.baselines);
  adopted.digest = sha256_name(manifest_of(adopted.baseline));
  return adopted;
}

}  // namespace

std::string manifest_of(const AdoptedBaseline& baseline) {
  JsonWriter out;
  out.begin_object();
  write_digests(out, "files", baseline.files);
  write_digests(out, "baselines", baseline.baselines);
  return out.end_object().take();
}

Result<Adopted> adopted_of_manifest(std::string_view manifest) {
  try {
    return adopted_of(nlohmann::json::parse(manifest));
  } catch (const nlohmann::json::exception&) {
    return failure(ErrorKind::corrupt, "this is no manifest of an adopted baseline");
  }
}

engine::NewEntry baseline_adopted(const std::string& engine, const AdoptedBaseline& baseline, const By& by,
                                  Timestamp now) {
  engine::NewEntry entry = entry_by(by, entry_type, engine, now);
  JsonWriter out;
  out.begin_object();
  write_by(out, by);
  entry.data = out.key("manifest").raw(manifest_of(baseline)).end_object().take();
  return entry;
}

Result<Adopted> read_adopted(const engine::Entry& entry, const engine::BlobStore& blobs) {
  const auto data = engine::lengthen(blobs, entry.data);
  AUTOHEAL_TRY(data);
  try {
    return adopted_of(nlohmann::json::parse(*data).at("manifest"));
  } catch (const nlohmann::json::exception&) {
    return failure(ErrorKind::corrupt, fmt::format("entry {} (baseline.adopted) cannot be read", entry.position.value));
  }
}

Result<std::map<std::string, Adopted>> adopted_baselines(const engine::LedgerView& ledger,
                                                         const engine::BlobStore& blobs) {
  auto entries = ledger.read_types("ledger", {std::string(entry_type)});
  AUTOHEAL_TRY(entries);
  std::map<std::string, Adopted> newest;
  for (const engine::Entry& entry : *entries) {
    auto adopted = read_adopted(entry, blobs);
    AUTOHEAL_TRY(adopted);
    newest[entry.subject] = std::move(*adopted);
  }
  return newest;
}

}  // namespace autoheal::workflows
