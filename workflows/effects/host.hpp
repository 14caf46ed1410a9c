// The port to the machine that is healed: the few acts a repair, a probe or a certification may perform. tools/host/ is
// the real one; the tests have a simulated one. All paths are relative to an engine's root, taken without following
// symlinks, and never lead out of it. All calls block and are thread-safe; none throws.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/blob_store.hpp"
#include "autoheal/workflows/effects/open_writers.hpp"
#include "autoheal/workflows/plan/evidence.hpp"
#include "autoheal/workflows/plan/plan.hpp"
#include "autoheal/workflows/plan/strategy.hpp"
#include "autoheal/workflows/service/service_state.hpp"

namespace autoheal::workflows {

// "<ledger id>/<heal>/<attempt>/<n>": every child process carries it in AUTOHEAL_EFFECT, staged files in their name. Of
// a heal in which an attempt started over, attempts are counted here by their starts, so that no mark is there twice.
using EffectMark = std::string;

enum class LeaveBehind {
  nothing,
  what_runs
};  // probes and tests: nothing; services and commands: what they left running

struct RunRequest {
  ProgramRun run;
  EffectMark mark;
  LeaveBehind leave = LeaveBehind::nothing;
  std::size_t output_limit =
      64 * 1024;  // per stream, half of it the end; the rest is read, thrown away and marked as cut
};

struct RunOutcome {
  bool started = false;
  bool no_room = false;  // did not start because no process, memory or descriptor was to be had
  bool timed_out = false;
  // What came of it is of the moment and tells nothing of the program: that was being replaced, or this machine had no
  // processor for it in time.
  bool says_nothing = false;
  int exit_code = -1;           // 128 + signal where a signal ended it
  std::string standard_output;  // valid UTF-8 is not promised
  std::string standard_error;
  bool output_cut = false;
  // Where, in each, what was left out stood; 0: at its end, or nowhere.
  std::size_t standard_output_gap = 0, standard_error_gap = 0;
  Duration took{0};
  std::string program_sha256;  // "sha256:..." of the program file that ran
  std::string user;            // the OS user it ran as
  std::string message;         // why it did not start or was ended, or empty
};

struct CallOutcome {
  bool answered = false;
  unsigned status = 0;
  std::string message;  // why there is no answer
  std::string body;     // cut at 64 KiB
  Duration took{0};
};

struct HashRequest {
  std::vector<std::string> globs;
  std::vector<std::string> paths;  // besides what the globs match
};

// What a heal that has ended left beside its targets.
struct SettleRequest {
  EffectMark heal_mark;
  unsigned start = 0;               // the heal's newest start of an attempt
  std::span<const Change> changes;  // of its plan: what tells the target that something was displaced from
};

class Host {
 public:
  virtual ~Host() = default;

  // Facts of every target asked for, contents into the vault where asked.
  [[nodiscard]] virtual Result<Observation> observe(const EngineSpec& spec, const ObserveRequest& request) = 0;

  // Stages, validates, exchanges and verifies each change, side by side but for those in turn; one outcome per change,
  // numbered from `first_number`. A change whose target already is as planned is found_done, so repeating the call is
  // safe.
  [[nodiscard]] virtual std::vector<ChangeOutcome> apply(const EngineSpec& spec, std::span<const Change> changes,
                                                         unsigned first_number, const EffectMark& mark) = 0;

  // Puts back what `before` says, for changes that were or may have been applied. A target that holds neither what the
  // change left nor what it replaced is foreign and left alone. Repeating the call is safe.
  [[nodiscard]] virtual std::vector<UndoOutcome> restore(const EngineSpec& spec, std::span<const Change> changes,
                                                         unsigned first_number, std::span<const ChangeOutcome> outcomes,
                                                         const EffectMark& mark) = 0;

  // Before-images of a finished heal: hashed again, kept in the vault, removed. Names those it had to keep, each as
  // "path: why".
  [[nodiscard]] virtual std::vector<std::string> settle(const EngineSpec& spec, const SettleRequest& request) = 0;

  [[nodiscard]] virtual RunOutcome run(const RunRequest& request) = 0;

  // One HTTP request with `Idempotency-Key: <key>`; redirects are not followed.
  [[nodiscard]] virtual CallOutcome call(const HttpCall& call, const std::string& key) = 0;

  // What a build's globs match now, with the folders that hold it, in order of path; a path without a pattern that is
  // not there is absent.
  [[nodiscard]] virtual Result<std::vector<TargetFacts>> outputs(const EngineSpec& spec,
                                                                 const std::vector<std::string>& globs) = 0;

  [[nodiscard]] virtual ReleaseFacts check_release(const EngineSpec& spec, const ReleaseRepair& repair,
                                                   const std::string& name) = 0;

  [[nodiscard]] virtual ProbeResult probe(const EngineSpec& spec, const Probe& probe, const EffectMark& mark) = 0;

  // How a service is, as its manager or its pidfile tells; `unknown` where neither does. Blocks for seconds at most.
  [[nodiscard]] virtual ServiceStatus service_status(const EngineSpec& spec, const ServiceRepair& service) = 0;

  // Who listens at the place where a probe of kind tcp or http asks: the service that is now as `status` says, or
  // somebody else. Nothing is known of it where nobody can look. Any other probe asks at no place.
  [[nodiscard]] virtual PortFinding port_holder(const EngineSpec&, const ServiceRepair&, const ServiceStatus&,
                                                const Probe& probe) {
    return {probe.name, {}, PortHolder::unknown, 0, {}, "nobody looks who listens there"};
  }

  // After its `stop` ran: waits until the process ends that the service had, as `before` tells. One that hangs is
  // ended. Tells what had to be done for that; empty where the stop did it, or nobody knows the process.
  [[nodiscard]] virtual std::string see_it_end(const EngineSpec&, const ServiceRepair&,
                                               const ServiceStatus& /*before*/) {
    return {};
  }

  // After its start ran: whether a process that has ended looked like the service meanwhile, so that nothing was
  // started, and that is over now.
  [[nodiscard]] virtual bool is_worth_another_start(const EngineSpec&, const ServiceRepair&, const EffectMark&) {
    return false;
  }

  // One finding per matched file, in order of path; skips the ledger's own files and `.autoheal/`.
  [[nodiscard]] virtual Result<std::vector<HashFinding>> hash(const EngineSpec& spec, const HashRequest& request) = 0;

  // Findings below the paths of `policy` and, with the same rules, of `touched`.
  [[nodiscard]] virtual Result<std::vector<SecurityFinding>> scan(const EngineSpec& spec, const SecuritySpec& policy,
                                                                  const std::vector<std::string>& touched) = 0;

  // Facts of these paths, taken now.
  [[nodiscard]] virtual Result<std::vector<TargetFacts>> look(const EngineSpec& spec,
                                                              const std::vector<std::string>& paths) = 0;

  // The bytes of a file as they are now. not_found where none is there; never follows a link.
  [[nodiscard]] virtual Result<std::string> read(const EngineSpec& spec, const std::string& path) = 0;

  // Which of these files are to be left alone now, by the engine's rule for open writers. A machine on which nobody
  // else writes has none.
  [[nodiscard]] virtual std::vector<FileInWriting> being_written(const EngineSpec&, const std::vector<std::string>&,
                                                                 const WritingQuestion&) {
    return {};
  }

  // Ends every process that carries the mark `mark`, or, where that ends with a slash, any mark that begins with it;
  // with their groups and sessions, until none is found; never this process or an ancestor. Returns how many were
  // ended.
  virtual std::size_t end_marked(const EffectMark& mark) = 0;
};

}  // namespace autoheal::workflows
