// The port to the machine that is healed: everything that a repair, a probe or a certification may do to it.
// tools/host/ is the real machine, workflows/testing/ one in memory.
//
// All operations are thread-safe and block, so they run on the pool, never on the loop's thread: for as long as the
// disk takes, or up to the time limit of the program, probe or call that they are given. None throws. Paths are
// relative to an engine's root, are resolved without following symbolic links, and never lead out of it.
//
// An operation that returns a Result fails as a whole with
//   invalid      a path that leads out of the root, or more files than any engine has,
//   not_found    the root or a named path does not exist,
//   refused      a link is in the way, the path is one of Autoheal's own files, or the system permits no access,
//   busy         another process holds the file, database or folder; try again later,
//   changed      it changed while it was read; observe again,
//   unavailable  no descriptor, memory or disk space; try again later,
//   corrupt      a database or a stored content is damaged,
//   failed       any other error of the system.
// Other operations put their errors into each outcome, so that one failed target does not hide the others.
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

// "<ledger id>/<heal>/<attempt>/<n>": every child process carries it in AUTOHEAL_EFFECT, staged files in their name. An
// attempt that starts over gets a new number here, so that no mark is used twice.
using EffectMark = std::string;

// For processes that a program started and left running: probes and tests end them all; services and commands keep
// them.
enum class ChildPolicy { end_all, keep_running };

struct RunRequest {
  ProgramRun run;
  EffectMark mark;
  ChildPolicy children = ChildPolicy::end_all;
  std::size_t output_limit =
      64 * 1024;           // per stream, half of it the end; the rest is read, thrown away and marked as cut
  std::string input = {};  // what it reads from standard input; empty: nothing
};

struct RunOutcome {
  bool started = false;
  bool no_room = false;  // did not start because no process, memory or descriptor was to be had
  bool timed_out = false;
  // The outcome is an accident and says nothing about the program: its file was being replaced, or this machine had no
  // processor for it in time.
  bool says_nothing = false;
  int exit_code = -1;           // 128 + signal if a signal ended it
  std::string standard_output;  // valid UTF-8 is not promised
  std::string standard_error;
  bool output_cut = false;
  // Where in each the cut is; 0: at its end, or nothing was cut.
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

// Identifies the files that a heal which has ended left beside its targets.
struct SettleRequest {
  EffectMark heal_mark;
  unsigned start = 0;               // the heal's newest start of an attempt
  std::span<const Change> changes;  // of its plan: they say which target a file was displaced from
};

class Host {
 public:
  virtual ~Host() = default;

  // Reads facts of every target asked for, and puts contents into the vault if asked. A target that does not exist is a
  // fact, not an error. Changes nothing on the machine.
  [[nodiscard]] virtual Result<Observation> observe(const EngineSpec& spec, const ObserveRequest& request) = 0;

  // Stages, validates, exchanges and verifies each change; changes run in parallel, except those marked `in_turn`.
  // Returns one outcome per change, numbered from `first_number`. A change whose target already is as planned is
  // found_done, so repeating the call is safe. target_changed: the target is not what the plan saw, and somebody's edit
  // is kept; failed: `message` says why, and the target is as it was.
  [[nodiscard]] virtual std::vector<ChangeOutcome> apply(const EngineSpec& spec, std::span<const Change> changes,
                                                         unsigned first_number, const EffectMark& mark) = 0;

  // Puts back what `before` says, in reverse order, for changes that were or may have been applied. Returns one outcome
  // per change. A target that holds neither what the change left nor what it replaced is foreign and left alone.
  // Repeating the call is safe.
  [[nodiscard]] virtual std::vector<UndoOutcome> restore(const EngineSpec& spec, std::span<const Change> changes,
                                                         unsigned first_number, std::span<const ChangeOutcome> outcomes,
                                                         const EffectMark& mark) = 0;

  // Moves the before-images of a finished heal into the vault: each is hashed, stored and removed. Returns those that
  // have to stay where they are, each as "path: why". Repeating the call is safe.
  [[nodiscard]] virtual std::vector<std::string> settle(const EngineSpec& spec, const SettleRequest& request) = 0;

  // Runs one program to its end or its time limit, then ends what `leave` does not permit to live on. A program that
  // did not start, timed out or failed is an outcome, with the reason in `message`.
  [[nodiscard]] virtual RunOutcome run(const RunRequest& request) = 0;

  // Sends one HTTP request with `Idempotency-Key: <key>` and follows no redirect. An answer of any status is
  // `answered`; otherwise `message` says why there is none.
  [[nodiscard]] virtual CallOutcome call(const HttpCall& call, const std::string& key) = 0;

  // Facts of everything that a build's globs match now, and of the folders that hold it, in order of path. A path
  // without a pattern that does not exist is listed as absent.
  [[nodiscard]] virtual Result<std::vector<TargetFacts>> outputs(const EngineSpec& spec,
                                                                 const std::vector<std::string>& globs) = 0;

  // Compares the release `name` with its manifest, file by file. An incomplete or unreadable release is a fact, with
  // the reason in it.
  [[nodiscard]] virtual ReleaseFacts check_release(const EngineSpec& spec, const ReleaseRepair& repair,
                                                   const std::string& name) = 0;

  // Runs one probe within its time limit: pass, fail, or unknown if this machine could not find out (no descriptor, no
  // memory, no resolver); `message` gives the reason. Its processes are ended before it returns.
  [[nodiscard]] virtual ProbeResult probe(const EngineSpec& spec, const Probe& probe, const EffectMark& mark) = 0;

  // The state of a service from its manager, or else from its pidfile. `unknown`: neither says; `why` has the reason.
  // Blocks for seconds at most.
  [[nodiscard]] virtual ServiceStatus service_status(const EngineSpec& spec, const ServiceRepair& service) = 0;

  // Who listens on the port that a tcp or http probe asks: the service that `status` describes, or another program.
  // unknown: the port's owner cannot be determined, or the probe is of another kind; `why` has the reason.
  [[nodiscard]] virtual PortFinding port_holder(const EngineSpec&, const ServiceRepair&, const ServiceStatus&,
                                                const Probe& probe) {
    return {probe.name, {}, PortHolder::unknown, 0, {}, "nobody looks who listens there"};
  }

  // Waits, after the service's `stop` ran, until the process named in `before` ends, and kills one that hangs. Returns
  // what had to be done for that; empty if the stop sufficed or the process is not known.
  [[nodiscard]] virtual std::string see_it_end(const EngineSpec&, const ServiceRepair&,
                                               const ServiceStatus& /*before*/) {
    return {};
  }

  // Whether the service's `start` should run again: the first one did nothing because a dying process still looked like
  // the service, and that process is gone now.
  [[nodiscard]] virtual bool is_worth_another_start(const EngineSpec&, const ServiceRepair&, const EffectMark&) {
    return false;
  }

  // Digests of all files that match, in order of path, without the ledger's own files and `.autoheal/`.
  [[nodiscard]] virtual Result<std::vector<HashFinding>> hash(const EngineSpec& spec, const HashRequest& request) = 0;

  // Security findings below the paths of `policy` and, by the same rules, of `touched`. No finding is an empty list.
  [[nodiscard]] virtual Result<std::vector<SecurityFinding>> scan(const EngineSpec& spec, const SecuritySpec& policy,
                                                                  const std::vector<std::string>& touched) = 0;

  // Facts of these paths, read now. A path that does not exist is a fact, not an error.
  [[nodiscard]] virtual Result<std::vector<TargetFacts>> look(const EngineSpec& spec,
                                                              const std::vector<std::string>& paths) = 0;

  // The current bytes of a file. not_found: there is none, or it is no regular file.
  [[nodiscard]] virtual Result<std::string> read(const EngineSpec& spec, const std::string& path) = 0;

  // The files among `paths` that must be left alone now, by the engine's rule for open writers. Empty if none is
  // written, or if that cannot be found out.
  [[nodiscard]] virtual std::vector<FileInWriting> being_written(const EngineSpec&, const std::vector<std::string>&,
                                                                 const WritingQuestion&) {
    return {};
  }

  // Kills every process that carries the mark `mark` or, if that ends with a slash, any mark that begins with it, with
  // their groups and sessions, until none is found; never this process or an ancestor. Returns how many it killed.
  virtual std::size_t end_marked(const EffectMark& mark) = 0;
};

}  // namespace autoheal::workflows
