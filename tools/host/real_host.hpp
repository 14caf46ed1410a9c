// The port to the machine, on Linux 5.6 and later: the only place where Autoheal touches what it heals.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "autoheal/workflows/effects/host.hpp"
#include "tools/host/change/change_site.hpp"
#include "tools/host/change/root_locks.hpp"
#include "tools/host/change/settled_images.hpp"
#include "tools/host/facts/database_client.hpp"
#include "tools/host/process/process_runner.hpp"
#include "tools/host/service/known_programs.hpp"
#include "tools/host/service/own_orders.hpp"
#include "tools/host/system/own_changes.hpp"

namespace autoheal::host {

struct RealHostOptions {
  engine::BlobStore& blobs;                      // outlives the host
  std::vector<std::filesystem::path> own_files;  // ledger, -wal, -shm, .lock, vault, ...: never opened, never hashed
  unsigned changes_at_once = 8;
  std::function<void(std::string_view step)> at_step;  // tests only: called after each step of a change, may throw
  std::string program;                       // autoheal's own, for what is done in a child of it (databases, outputs)
  OwnChanges* own_changes = nullptr;         // gets the files that apply and restore leave; outlives the host
  OwnOrders* own_orders = nullptr;           // gets the units that are given orders; outlives the host
  std::function<bool()> before_change = {};  // may block; false: the process ends, and the change is not begun
};

// Thread-safe; every call blocks; none throws: what goes wrong inside is an outcome or an Error.
class RealHost final : public workflows::Host {
 public:
  explicit RealHost(RealHostOptions options)
      : options_(std::move(options)),
        drain_(std::make_unique<OutputDrain>(options_.program)),
        databases_(options_.program, run_program) {}

  // `service_running` and `self_test_passes` stay false: they are other calls.
  [[nodiscard]] Result<workflows::Observation> observe(const workflows::EngineSpec& spec,
                                                       const workflows::ObserveRequest& request) override;
  [[nodiscard]] std::vector<workflows::ChangeOutcome> apply(const workflows::EngineSpec& spec,
                                                            std::span<const workflows::Change> changes,
                                                            unsigned first_number,
                                                            const workflows::EffectMark& mark) override;
  [[nodiscard]] std::vector<workflows::UndoOutcome> restore(const workflows::EngineSpec& spec,
                                                            std::span<const workflows::Change> changes,
                                                            unsigned first_number,
                                                            std::span<const workflows::ChangeOutcome> outcomes,
                                                            const workflows::EffectMark& mark) override;
  [[nodiscard]] std::vector<std::string> settle(const workflows::EngineSpec& spec,
                                                const workflows::SettleRequest& request) override;
  [[nodiscard]] workflows::RunOutcome run(const workflows::RunRequest& request) override;
  [[nodiscard]] workflows::CallOutcome call(const workflows::HttpCall& call, const std::string& key) override;
  [[nodiscard]] Result<std::vector<workflows::TargetFacts>> outputs(const workflows::EngineSpec& spec,
                                                                    const std::vector<std::string>& globs) override;
  [[nodiscard]] workflows::ReleaseFacts check_release(const workflows::EngineSpec& spec,
                                                      const workflows::ReleaseRepair& repair,
                                                      const std::string& name) override;
  [[nodiscard]] workflows::ProbeResult probe(const workflows::EngineSpec& spec, const workflows::Probe& probe,
                                             const workflows::EffectMark& mark) override;
  [[nodiscard]] workflows::ServiceStatus service_status(const workflows::EngineSpec& spec,
                                                        const workflows::ServiceRepair& service) override;
  [[nodiscard]] workflows::PortFinding port_holder(const workflows::EngineSpec& spec,
                                                   const workflows::ServiceRepair& service,
                                                   const workflows::ServiceStatus& status,
                                                   const workflows::Probe& probe) override;
  [[nodiscard]] std::string see_it_end(const workflows::EngineSpec& spec, const workflows::ServiceRepair& service,
                                       const workflows::ServiceStatus& before) override;
  [[nodiscard]] bool is_worth_another_start(const workflows::EngineSpec& spec, const workflows::ServiceRepair& service,
                                            const workflows::EffectMark& mark) override;
  [[nodiscard]] Result<std::vector<workflows::HashFinding>> hash(const workflows::EngineSpec& spec,
                                                                 const workflows::HashRequest& request) override;
  [[nodiscard]] Result<std::vector<workflows::SecurityFinding>> scan(const workflows::EngineSpec& spec,
                                                                     const workflows::SecuritySpec& policy,
                                                                     const std::vector<std::string>& touched) override;
  [[nodiscard]] Result<std::vector<workflows::TargetFacts>> look(const workflows::EngineSpec& spec,
                                                                 const std::vector<std::string>& paths) override;
  Result<std::string> read(const workflows::EngineSpec& spec, const std::string& path) override;
  [[nodiscard]] std::vector<workflows::FileInWriting> being_written(
      const workflows::EngineSpec& spec, const std::vector<std::string>& paths,
      const workflows::WritingQuestion& question) override;
  std::size_t end_marked(const workflows::EffectMark& mark_prefix) override;

  // Not of the port: the targets that could not be changed or replaced as things are, with the reasons. Their contents
  // are not read.
  [[nodiscard]] Result<std::vector<workflows::TargetFacts>> obstacles(const workflows::EngineSpec& spec);

  // Not of the port: heals that left something below a root, by id.
  [[nodiscard]] std::set<std::string> heals_left(const std::string& root, const std::string& ledger_id);

  // Not of the port: what the daemon does while an engine passes. A copy of a state, as snapshot_taking.hpp says.
  [[nodiscard]] Result<void> copy_snapshot(const workflows::EngineSpec& spec, const workflows::StateRepair& state,
                                           const workflows::EffectMark& mark, Timestamp now);

 private:
  // The engine's root, with its lock held.
  [[nodiscard]] Result<RootFolder> open_to_change(const workflows::EngineSpec& spec);

  void note_or_find(const workflows::EngineSpec& spec, const std::string& pidfile, workflows::ServiceStatus& status);

  RealHostOptions options_;
  [[nodiscard]] StagingTools staging_tools(const workflows::EngineSpec& spec, const OwnFiles& own) const;
  [[nodiscard]] workflows::ChangeOutcome apply_and_note(const RootFolder& root, const StagingTools& tools,
                                                        const workflows::Change& change, unsigned number,
                                                        const workflows::EffectMark& mark) const;
  [[nodiscard]] workflows::UndoOutcome restore_and_note(const RootFolder& root, const StagingTools& tools,
                                                        const workflows::Change& change,
                                                        const workflows::ChangeOutcome* outcome, unsigned number,
                                                        const workflows::EffectMark& mark) const;

  RootLocks locks_;
  std::unique_ptr<OutputDrain> drain_;
  DatabaseClient databases_;
  KnownPrograms programs_;  // of pidfiles
};

}  // namespace autoheal::host
