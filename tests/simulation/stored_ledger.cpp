#include "tests/simulation/stored_ledger.hpp"

#include "autoheal/store/verify/verify.hpp"

namespace autoheal::simulation {

namespace fs = std::filesystem;
using autoheal::testing::CutFate;
using autoheal::testing::RecordedDisk;

void StoredLedger::use_disk() {
  disk_ = std::make_unique<Disk>();
  disk_->place = disk_->folder / "0";
  fs::create_directories(disk_->place);
}

engine::Ledger* StoredLedger::open() {
  if (!disk_) return &memory_;
  const bool is_new = !fs::exists(file());
  disk_->recorded.begin(disk_->place);
  disk_->recorded.forgets_log_syncs = planted_ == Planted::sync_left_out;
  auto opened = store::SqliteLedger::open(
      file(), {.ids = ids_, .vfs = RecordedDisk::vfs, .sync_every_append = planted_ != Planted::synchronous_normal});
  if (!opened) {
    why_ = opened.error().message;
    return nullptr;
  }
  sqlite_ = std::move(*opened);
  if (is_new) disk_->recorded.begin(disk_->place);  // it is made beside the VFS, and durable once it is open
  return sqlite_.get();
}

void StoredLedger::cut_after(std::size_t operations) {
  if (disk_) disk_->recorded.cut_after(disk_->recorded.operations().size() + operations);
}

void StoredLedger::leave(bool power_cut, std::uint64_t seed) {
  if (!disk_) return;
  RecordedDisk& recorded = disk_->recorded;
  recorded.cut_after(recorded.operations().size());  // what is closed in good order would be written
  sqlite_.reset();
  const fs::path next = disk_->folder / std::to_string(++disk_->images);
  fs::create_directories(next);
  autoheal::testing::PowerCuts walk(recorded);
  walk.go_to(recorded.operations().size());
  walk.leave(next, power_cut ? static_cast<CutFate>(seed % 5) : CutFate::kept, seed);
  fs::remove_all(disk_->place);
  disk_->place = next;
}

std::string StoredLedger::verify() const {
  if (!disk_) return {};
  const auto verified = store::verify_ledger(file(), {.threads = 1, .unsigned_is_sound = true});
  if (!verified) return verified.error().message;
  return verified->sound() ? "" : verified->problems.front();
}

}  // namespace autoheal::simulation
