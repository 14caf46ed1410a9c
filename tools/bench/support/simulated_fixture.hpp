// Engines of one file each on a host in memory, and a ledger on disk: nothing but healing and the ledger takes time.
#pragma once

#include "autoheal/workflows/testing/simulated_host.hpp"
#include "tools/bench/support/heal_machine_fixture.hpp"

namespace autoheal::bench {

inline constexpr const char* right_content = "port = 8080\nworkers = 4\n";
inline constexpr const char* wrong_content = "port = oops\n";

// An engine whose file `path` below `root` follows `baseline`.
[[nodiscard]] workflows::EngineSpec engine_of_one_file(std::size_t caller, const std::string& root,
                                                       const std::string& path, const engine::BlobName& baseline);
[[nodiscard]] std::string engine_name(std::size_t caller);

class SimulatedFixture {
 public:
  [[nodiscard]] static Result<SimulatedFixture> open(const std::filesystem::path& folder, std::size_t callers,
                                                     bool keep_tree = true,
                                                     HealMachineFixture::LetsThrough lets_through = {});
  // The same in two steps, as a restart reports it.
  [[nodiscard]] static Result<SimulatedFixture> open_empty(const std::filesystem::path& folder, std::size_t callers,
                                                           bool keep_tree = true,
                                                           HealMachineFixture::LetsThrough lets_through = {});
  [[nodiscard]] Result<void> add_engines(std::size_t callers);
  void set_file(std::size_t caller, const char* content);
  // A file as it is now; another fixture can take it over, inode and all.
  [[nodiscard]] workflows::testing::SimulatedFile file_of(std::size_t caller) const;
  void take_over(std::size_t caller, workflows::testing::SimulatedFile file);
  // `count` heals of engines that are broken again before each.
  [[nodiscard]] Result<Measured> heal(std::size_t callers, std::size_t count);
  [[nodiscard]] HealMachineFixture& machine() { return *fixture_; }

 private:
  std::unique_ptr<HealMachineFixture> fixture_;
  workflows::testing::SimulatedHost* host_ = nullptr;  // the fixture's
};

}  // namespace autoheal::bench
