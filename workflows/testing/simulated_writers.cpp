// Other programs at work on the simulated machine, and what a repair owes them: content is not exchanged while somebody
// writes it, and what was displaced stays as long as somebody has it open.
#include <fmt/core.h>

#include "autoheal/workflows/testing/simulated_host.hpp"

namespace autoheal::workflows::testing {

SimulatedHost::Descriptor SimulatedHost::open_to_write(const std::string& path, bool empties, const std::string& who) {
  const std::lock_guard lock(mutex_);
  if (!files_.contains(path)) files_[path] = {TargetKind::file, {}, 0644, 1000, 1000, next_inode_++, next_time_++, {}};
  SimulatedFile& file = files_.at(path);
  if (empties && !file.content.empty()) {
    file.content.clear();
    file.changed_at = next_time_++;
  }
  if (empties) touched(path);
  open_[next_descriptor_] = {path, who, file.inode};
  return next_descriptor_++;
}

void SimulatedHost::write_to(Descriptor descriptor, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t inode = open_.at(descriptor).inode;
  SimulatedFile* file = find_inode(inode);
  if (file == nullptr) return;  // somebody else replaced it: nobody will read what is written
  file->content += bytes;
  file->changed_at = next_time_++;
  if (since_boot) inode_changed_[inode] = since_boot();
}

void SimulatedHost::close(Descriptor descriptor) {
  const std::lock_guard lock(mutex_);
  open_.erase(descriptor);
}

SimulatedFile* SimulatedHost::find_inode(std::uint64_t inode) {
  for (auto& [path, file] : files_) {
    if (file.inode == inode) return &file;
  }
  for (auto& [name, image] : displaced_) {
    if (image.before && !image.in_place && image.before->inode == inode) return &*image.before;
  }
  return nullptr;
}

std::optional<SimulatedFile> SimulatedHost::file_of_inode(std::uint64_t inode) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, file] : files_) {
    if (file.inode == inode) return file;
  }
  for (const auto& [name, image] : displaced_) {
    if (image.before && !image.in_place && image.before->inode == inode) return image.before;
  }
  return std::nullopt;
}

void SimulatedHost::touched(const std::string& path) {
  if (!since_boot) return;
  if (const auto file = files_.find(path); file != files_.end()) {
    inode_changed_[file->second.inode] = since_boot();
  } else {
    went_away_[path] = since_boot();
  }
}

const SimulatedHost::OpenFile* SimulatedHost::writer_of(std::uint64_t inode) const {
  for (const auto& [descriptor, open] : open_) {
    if (open.inode == inode) return &open;
  }
  return nullptr;
}

WritingFacts SimulatedHost::writing_facts(const std::string& path) const {
  WritingFacts facts;
  facts.unchanged = Duration::max();
  const auto file = files_.find(path);
  facts.there = file != files_.end();
  const auto since = [&](Duration changed) { facts.unchanged = since_boot() - changed; };
  if (!facts.there) {
    if (const auto gone = went_away_.find(path); gone != went_away_.end()) since(gone->second);
    return facts;
  }
  facts.open = writer_of(file->second.inode) != nullptr;
  facts.empty = file->second.content.empty();
  if (const auto changed = inode_changed_.find(file->second.inode); changed != inode_changed_.end())
    since(changed->second);
  return facts;
}

std::vector<FileInWriting> SimulatedHost::being_written(const EngineSpec& spec, const std::vector<std::string>& paths,
                                                        const WritingQuestion& question) {
  if (writing) return writing(question);
  const std::lock_guard lock(mutex_);
  std::vector<FileInWriting> found;
  if (!since_boot) return found;
  for (const std::string& path : paths) {
    const WritingFacts facts = writing_facts(path);
    const Writing state = writing_of(facts, spec.healing.open_writers, question);
    if (state == Writing::no) continue;
    found.push_back({path, state, facts.open ? writer_of(files_.at(path).inode)->who : std::string()});
  }
  return found;
}

std::optional<ChangeOutcome> SimulatedHost::held_up_by_writer(const EngineSpec& spec, const Change& change) const {
  const std::string& path = change.before.path;
  const auto file = files_.find(path);
  if (overlooks_writers || file == files_.end()) return std::nullopt;
  if (is_in_place(change) && !declares_content(change)) return std::nullopt;
  const OpenFile* writer = writer_of(file->second.inode);
  if (writer == nullptr) return std::nullopt;
  ChangeOutcome outcome;
  outcome.message = path + " is open for writing by " + writer->who;
  const OpenWriters rule = spec.healing.open_writers;
  if (writing_facts(path).unchanged < quiet_after) {
    outcome.status = ChangeStatus::target_changed;
  } else if (rule == OpenWriters::swap) {
    return std::nullopt;
  } else {
    outcome.status = rule == OpenWriters::wait ? ChangeStatus::failed : ChangeStatus::refused;
  }
  return outcome;
}

std::optional<std::string> SimulatedHost::keep_image(const std::string& name, const Displaced& image) {
  if (!image.before || image.in_place || image.before->kind != TargetKind::file) return std::nullopt;
  const std::string kept = ".autoheal/" + name;
  if (const OpenFile* writer = writer_of(image.before->inode))
    return fmt::format("{}: {} has it open", kept, writer->who);
  const bool written = image.before->content != image.content;
  if (!blobs_.put(image.before->content, image.naming)) return kept + ": it could not be kept in the vault";
  return written ? std::optional(kept + ": it was written to since it was displaced") : std::nullopt;
}

std::vector<std::string> SimulatedHost::settle(const EngineSpec&, const SettleRequest& request) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> kept;
  for (auto image = displaced_.lower_bound(request.heal_mark);
       image != displaced_.end() && image->first.starts_with(request.heal_mark);) {
    const auto why = keep_image(image->first, image->second);
    if (why) kept.push_back(*why);
    image = why ? std::next(image) : displaced_.erase(image);
  }
  return kept;
}

std::vector<std::string> SimulatedHost::settle_ended(const std::function<bool(std::string_view mark)>& ended) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> kept;
  for (auto image = displaced_.begin(); image != displaced_.end();) {
    const auto why = ended(image->first) ? keep_image(image->first, image->second) : std::nullopt;
    if (why) kept.push_back(*why);
    image = why || !ended(image->first) ? std::next(image) : displaced_.erase(image);
  }
  return kept;
}

void SimulatedHost::lose_images(const EffectMark& mark) {
  const std::lock_guard lock(mutex_);
  std::erase_if(displaced_, [&](const auto& image) {
    if (!image.first.starts_with(mark)) return false;
    if (image.second.before && !image.second.in_place) (void)blobs_.put(image.second.content, image.second.naming);
    return true;
  });
}

}  // namespace autoheal::workflows::testing
