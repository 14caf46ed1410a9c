// The machine of a past heal, as far as it can be had again: files are real, below the rebuilt root; what was asked of
// programs, networks and processes is answered from the record, unless its owner marked it `reproducible`.
#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "autoheal/replay/compare/course.hpp"
#include "autoheal/workflows/effects/host.hpp"
#include "autoheal/workflows/heal/heal_machine.hpp"
#include "tools/autoheal/reproduce/rebuilt_place.hpp"

namespace autoheal::cli {

struct ReproducedWorld {
  workflows::Host& real;
  const replay::Course& course;  // the record
  const RebuiltPlace& place;
  const engine::BlobStore& blobs;
  bool runs_programs = true;  // false: not even those that are marked
};

// Thread-safe within one effect; all of `world` outlives it.
class ReproducedHost final : public workflows::Host {
 public:
  explicit ReproducedHost(ReproducedWorld world) : world_(world) {}

  // The effect that the next calls belong to.
  void begin(const workflows::HealEffect& effect);
  // In words, each once: what the record answered, and what was run for real.
  [[nodiscard]] const std::set<std::string>& from_record() const { return from_record_; }
  [[nodiscard]] const std::set<std::string>& for_real() const { return for_real_; }

  [[nodiscard]] bool ran_programs() const { return ran_programs_; }
  // Parts of an attempt that were not done again ("attempt 1: probe config").
  [[nodiscard]] const std::set<std::string>& rows_of_record() const { return rows_of_record_; }
  // Answers that differ from those of then.
  [[nodiscard]] const std::set<std::string>& lacking() const { return lacking_; }

  Result<workflows::Observation> observe(const workflows::EngineSpec& spec,
                                         const workflows::ObserveRequest& request) override;
  std::vector<workflows::ChangeOutcome> apply(const workflows::EngineSpec& spec,
                                              std::span<const workflows::Change> changes, unsigned first_number,
                                              const workflows::EffectMark& mark) override;
  std::vector<workflows::UndoOutcome> restore(const workflows::EngineSpec& spec,
                                              std::span<const workflows::Change> changes, unsigned first_number,
                                              std::span<const workflows::ChangeOutcome> outcomes,
                                              const workflows::EffectMark& mark) override;
  std::vector<std::string> settle(const workflows::EngineSpec& spec, const workflows::SettleRequest& request) override;
  workflows::RunOutcome run(const workflows::RunRequest& request) override;
  workflows::CallOutcome call(const workflows::HttpCall& call, const std::string& key) override;
  Result<std::vector<workflows::TargetFacts>> outputs(const workflows::EngineSpec& spec,
                                                      const std::vector<std::string>& globs) override;
  workflows::ReleaseFacts check_release(const workflows::EngineSpec& spec, const workflows::ReleaseRepair& repair,
                                        const std::string& name) override;
  workflows::ProbeResult probe(const workflows::EngineSpec& spec, const workflows::Probe& probe,
                               const workflows::EffectMark& mark) override;
  workflows::ServiceStatus service_status(const workflows::EngineSpec& spec,
                                          const workflows::ServiceRepair& service) override;
  workflows::PortFinding port_holder(const workflows::EngineSpec& spec, const workflows::ServiceRepair& service,
                                     const workflows::ServiceStatus& status, const workflows::Probe& probe) override;
  Result<std::vector<workflows::HashFinding>> hash(const workflows::EngineSpec& spec,
                                                   const workflows::HashRequest& request) override;
  Result<std::vector<workflows::SecurityFinding>> scan(const workflows::EngineSpec& spec,
                                                       const workflows::SecuritySpec& policy,
                                                       const std::vector<std::string>& touched) override;
  Result<std::vector<workflows::TargetFacts>> look(const workflows::EngineSpec& spec,
                                                   const std::vector<std::string>& paths) override;
  Result<std::string> read(const workflows::EngineSpec& spec, const std::string& path) override;
  std::size_t end_marked(const workflows::EffectMark& mark) override;

 private:
  // For a heal from before states of services.
  bool ran_then(const workflows::EngineSpec& spec, const std::string& pidfile) const;
  void take_snapshots_of_record(const std::string& path, workflows::StateFacts& here);
  void take_releases_of_record(const workflows::ObserveRequest& request, workflows::Observation& observation);
  // The act under way, or its undo: it was not run again.
  [[nodiscard]] bool is_act_of_record();
  [[nodiscard]] bool is_rebuilt(const std::string& path);
  [[nodiscard]] bool has_its_mode(const std::string& path);
  [[nodiscard]] bool lies_in_state(const std::string& path);
  void note_program(const std::string& program, const std::string& then, const std::string& here);
  // The program as it can be run here, or nothing: its answer comes from the record.
  [[nodiscard]] std::optional<workflows::ProgramRun> to_run(const workflows::ProgramRun& run);
  [[nodiscard]] workflows::RunOutcome recorded_run(const workflows::ProgramRun& run);
  [[nodiscard]] workflows::RunOutcome recorded_act(unsigned number) const;
  [[nodiscard]] workflows::RunOutcome recorded_test(const workflows::ProgramRun& run) const;
  [[nodiscard]] workflows::ProbeResult recorded_probe(const workflows::Probe& probe) const;
  [[nodiscard]] std::string content(const engine::BlobName& name) const;
  void note_record(const std::string& what);
  void note_real(const std::string& what);
  void note_lacking(const std::string& what);
  void note_row(const std::string& what);
  void note_row_of_act();
  void note_rows_of_test(const workflows::ProgramRun& run);

  ReproducedWorld world_;
  const replay::Attempt* attempt_ = nullptr;  // as recorded; never null after begin()
  replay::Attempt none_;                      // of an attempt that was not made then
  std::string prefix_;                        // of what is said of this attempt
  bool certifying_ = false;
  unsigned number_ = 0;  // of the act, capture or undo
  bool capturing_ = false, undoing_ = false;
  std::atomic<bool> ran_programs_ = false;
  std::mutex mutex_;
  std::set<std::string> from_record_, for_real_, rows_of_record_, lacking_;
  std::set<std::string> rebuilt_;      // paths that can be looked at; what a build of the record left cannot
  std::set<unsigned> acts_of_record_;  // of this attempt: answered by the record
};

}  // namespace autoheal::cli
