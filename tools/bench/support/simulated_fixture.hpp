// Engines of one file each on a host in memory, and a ledger on disk: nothing but healing and the ledger takes time.
#pragma once

#include "autoheal/workflows/testing/simulated_host.hpp"
#include "tools/bench/support/heal_machine_room.hpp"

namespace autoheal::bench {

inline constexpr const char* right_content = "port = 8080\nworkers = 4\n";
inline constexpr const char* wrong_content = "port = oops\n";

// An engine whose file `path` below `root` follows `baseline`.
[[nodiscard]] workflows::EngineSpec engine_of_one_file(std::size_t caller, const std::string& root,
                                                       const std::string& path, const engine::BlobName& baseline);
[[nodiscard]] std::string engine_name(std::size_t caller);

class SimulatedRoom {
 public:
  [[nodiscard]] static Result<SimulatedRoom> open(const std::filesystem::path& folder, std::size_t callers,
                                                  bool keep_tree = true, MachineRoom::LetsThrough lets_through = {});
  // The same in two steps, as a restart reports it.
  [[nodiscard]] static Result<SimulatedRoom> open_empty(const std::filesystem::path& folder, std::size_t callers,
                                                        bool keep_tree = true,
                                                        MachineRoom::LetsThrough lets_through = {});
  [[nodiscard]] Result<void> add_engines(std::size_t callers);
  void set_file(std::size_t caller, const char* content);
  // A file as it is now; another room can take it over, inode and all.
  [[nodiscard]] workflows::testing::SimulatedFile file_of(std::size_t caller) const;
  void take_over(std::size_t caller, workflows::testing::SimulatedFile file);
  // `count` heals of engines that are broken again before each.
  [[nodiscard]] Result<Measured> heal(std::size_t callers, std::size_t count);
  [[nodiscard]] MachineRoom& machine() { return *room_; }

 private:
  std::unique_ptr<MachineRoom> room_;
  workflows::testing::SimulatedHost* host_ = nullptr;  // the room's
};

}  // namespace autoheal::bench
