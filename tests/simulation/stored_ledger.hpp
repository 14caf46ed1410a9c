// The ledger of a simulated machine: in memory, or the real store on a disk from which each death of the process takes
// what was not synced, as a power cut does.
#pragma once

#include <filesystem>
#include <memory>

#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "tests/simulation/planted.hpp"
#include "tests/support/files/recorded_disk.hpp"
#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::simulation {

class StoredLedger {
 public:
  StoredLedger(engine::Ledger& memory, engine::IdSource& ids, Planted planted)
      : memory_(memory), ids_(ids), planted_(planted) {}

  void use_disk();
  // For a process that starts now; null where it does not open (then why() tells).
  [[nodiscard]] engine::Ledger* open();
  // The process is gone. `power_cut`: so is what was not synced.
  void leave(bool power_cut, std::uint64_t seed);
  // In the middle of some write the power goes.
  void cut_after(std::size_t operations);
  [[nodiscard]] bool has_power() const { return !disk_ || disk_->recorded.has_power(); }
  [[nodiscard]] const std::string& why() const { return why_; }
  // Empty: it verifies, as far as its kind can be verified.
  [[nodiscard]] std::string verify() const;
  [[nodiscard]] bool is_on_disk() const { return disk_ != nullptr; }

 private:
  struct Disk {
    autoheal::testing::RecordedDisk recorded;
    autoheal::testing::TemporaryFolder folder;
    unsigned images = 0;
    std::filesystem::path place;
  };
  [[nodiscard]] std::filesystem::path file() const { return disk_->place / "ledger.db"; }

  engine::Ledger& memory_;
  engine::IdSource& ids_;
  const Planted planted_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<store::SqliteLedger> sqlite_;
  std::string why_;
};

}  // namespace autoheal::simulation
