#include "autoheal/replay/record/past_world.hpp"

#include <ranges>

#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/supervision/adopted_baseline.hpp"

namespace autoheal::replay {

namespace {
constexpr std::size_t most_specs = 4'096;
}  // namespace

Result<engine::BlobName> KeptBlobs::put(std::string_view, engine::BlobNaming) {
  return failure(ErrorKind::unavailable, "replay writes nothing");
}

Result<std::string> KeptBlobs::get(const engine::BlobName& name) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = kept_.find(name); known != kept_.end()) return known->second;
  }
  auto content = vault_.get(name);
  if (!content || content->size() > keep_bytes_ / 16) return content;
  const std::lock_guard lock(mutex_);
  if (kept_bytes_ + content->size() > keep_bytes_) {
    kept_.clear();
    kept_bytes_ = 0;
  }
  if (kept_.emplace(name, *content).second) kept_bytes_ += content->size();
  return content;
}

Result<void> Adoptions::take(const engine::Entry& entry, const engine::BlobStore& blobs) {
  if (entry.type != "baseline.adopted") return {};
  auto adopted = workflows::read_adopted(entry, blobs);
  AUTOHEAL_TRY(adopted);
  const std::lock_guard lock(mutex_);
  by_engine_[entry.subject].push_back({entry.position, std::move(*adopted)});
  return {};
}

void Adoptions::take(const std::string& engine, workflows::Adopted adopted) {
  const std::lock_guard lock(mutex_);
  by_engine_[engine].push_back({{}, std::move(adopted)});
}

std::optional<workflows::Adopted> Adoptions::of_digest(const std::string& engine, const std::string& digest) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_engine_.find(engine);
  if (found == by_engine_.end()) return std::nullopt;
  for (const One& one : std::views::reverse(found->second)) {
    if (one.adopted.digest == digest) return one.adopted;
  }
  return std::nullopt;
}

std::optional<workflows::Adopted> Adoptions::at(const std::string& engine, engine::Position place) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_engine_.find(engine);
  if (found == by_engine_.end()) return std::nullopt;
  for (const One& one : std::views::reverse(found->second)) {
    if (one.since < place) return one.adopted;
  }
  return std::nullopt;
}

Result<std::shared_ptr<const workflows::EngineSpec>> PastWorld::specification(
    const engine::BlobName& configuration) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = specs_.find(configuration); known != specs_.end()) return known->second;
  }
  const auto text = blobs_.get(configuration);
  AUTOHEAL_TRY(text);
  auto decoded = workflows::decode_engine_spec(*text);
  AUTOHEAL_TRY(decoded);
  auto spec = std::make_shared<const workflows::EngineSpec>(std::move(*decoded));
  const std::lock_guard lock(mutex_);
  if (specs_.size() >= most_specs) specs_.clear();
  specs_.insert_or_assign(configuration, spec);
  return spec;
}

}  // namespace autoheal::replay
