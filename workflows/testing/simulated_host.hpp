// A machine in memory behind the host port: files with inodes, modes and owners, programs as functions, network places
// that answer or not. It keeps the same promises as the real host (what is exchanged is compared, what is foreign is
// left), so that crash tests, the simulator and the benches heal without a disk.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "autoheal/workflows/effects/host.hpp"
#include "autoheal/workflows/testing/simulated_services.hpp"

namespace autoheal::workflows::testing {

struct SimulatedFile {
  TargetKind kind = TargetKind::file;
  std::string content;
  FileMode mode = 0644;
  std::uint32_t uid = 1000, gid = 1000;
  std::uint64_t inode = 0;
  std::int64_t changed_at = 0;  // stands for mtime and ctime
  std::string link_target;
  friend bool operator==(const SimulatedFile&, const SimulatedFile&) = default;
};

// Thread-safe; hooks are called without the lock held, on the thread of the call they belong to.
class SimulatedHost final : public Host {
 public:
  explicit SimulatedHost(engine::BlobStore& blobs) : blobs_(blobs) {}

  // ---- the world as a test sets and sees it; paths are relative to the one root of this machine
  void write(const std::string& path, std::string content, FileMode mode = 0644);
  // Takes a file over from another machine in memory, with its inode and times.
  void take_over(const std::string& path, SimulatedFile file);
  void set_mode(const std::string& path, FileMode mode);
  void make_link(const std::string& path, const std::string& target);
  void remove(const std::string& path);
  [[nodiscard]] std::optional<SimulatedFile> file(const std::string& path) const;
  [[nodiscard]] std::string content(const std::string& path) const;  // empty if there is none
  // Every file as text: path, kind, mode, owner, content; inodes only where asked.
  [[nodiscard]] std::string picture(bool with_inodes = false) const;

  // ---- other programs that write: a descriptor stays with the file that it opened, wherever that one goes
  using Descriptor = std::uint64_t;
  Descriptor open_to_write(const std::string& path, bool empties, const std::string& who);
  void write_to(Descriptor descriptor, std::string_view bytes);  // at its end
  void close(Descriptor descriptor);
  // A file by its inode, in place or kept where a repair displaced it.
  [[nodiscard]] std::optional<SimulatedFile> file_of_inode(std::uint64_t inode) const;
  // Images of heals that `ended` says have ended, as `settle` leaves them.
  std::vector<std::string> settle_ended(const std::function<bool(std::string_view mark)>& ended);
  void lose_images(const EffectMark& mark);  // a planted bug: what was displaced goes, whatever was written to it since
  [[nodiscard]] engine::BlobStore& blobs() { return blobs_; }
  // Tells what counts as quiet; without it nothing ever changed a moment ago.
  std::function<Duration()> since_boot;
  SimulatedServices services{since_boot};
  // Why that engine cannot be observed (no resolver, no descriptor, no bus); empty or unset: nothing.
  std::function<std::string(const std::string& engine)> observer_fails;
  // Carries out orders to units; without it they are obeyed at once, and nobody waits.
  std::function<RunOutcome(const RunRequest& request)> give_order;
  bool overlooks_writers = false;  // a planted bug: content is exchanged while others write it

  using Program = std::function<RunOutcome(const RunRequest& request)>;
  void install(const std::string& path, Program program);
  // A service of its own, with its pidfile; one that no longer runs leaves that where it is.
  void set_service(const std::string& pidfile, bool runs);
  // One that is starting, stopping or reloading has arrived when it is asked for the next time.
  void set_unit(const std::string& unit, ServiceState state);
  [[nodiscard]] ServiceState unit_state(const std::string& unit);
  [[nodiscard]] bool process_runs(const std::string& pidfile) const;
  void set_reachable(const std::string& place, bool answers);  // "host:port" or a URL
  // Who listens there from now on; nobody said: the service that is asked about.
  void set_holder(const std::string& place, PortHolder holder, long process, const std::string& program);

  // Who else is at work: called right before the named call acts.
  struct Hooks {
    std::function<void()> before_apply, after_apply, before_restore, before_look;
  };
  Hooks hooks;
  // Who has files open, where no descriptors are opened here; asked each time somebody wants to know.
  std::function<std::vector<FileInWriting>(const WritingQuestion& question)> writing;
  // The acts so far, in order: "apply <mark> <path>", "run <mark> <program>", "restore <path>".
  [[nodiscard]] std::vector<std::string> log() const;
  std::map<std::string, std::pair<std::uint32_t, std::uint32_t>> known_owners = {{"", {1000, 1000}},
                                                                                 {"root:root", {0, 0}}};
  std::map<std::string, std::string> secret_files;
  // Folder of releases -> name -> what is wrong with it, or empty: it is whole.
  std::map<std::string, std::map<std::string, std::string>> releases;
  // The `snapshot` of a state -> its snapshots, the newest first. A text that begins with "sqlite:" is a sound
  // database, anything else a damaged one.
  struct Snapshot {
    std::string name, content;
    Duration age{0};
  };
  std::map<std::string, std::vector<Snapshot>> snapshots;
  std::function<CallOutcome(const HttpCall& call, const std::string& key)> answer;

  // ---- Host
  Result<Observation> observe(const EngineSpec& spec, const ObserveRequest& request) override;
  std::vector<ChangeOutcome> apply(const EngineSpec& spec, std::span<const Change> changes, unsigned first_number,
                                   const EffectMark& mark) override;
  std::vector<UndoOutcome> restore(const EngineSpec& spec, std::span<const Change> changes, unsigned first_number,
                                   std::span<const ChangeOutcome> outcomes, const EffectMark& mark) override;
  std::vector<std::string> settle(const EngineSpec& spec, const SettleRequest& request) override;
  RunOutcome run(const RunRequest& request) override;
  CallOutcome call(const HttpCall& call, const std::string& key) override;
  Result<std::vector<TargetFacts>> outputs(const EngineSpec& spec, const std::vector<std::string>& globs) override;
  ReleaseFacts check_release(const EngineSpec& spec, const ReleaseRepair& repair, const std::string& name) override;
  ProbeResult probe(const EngineSpec& spec, const Probe& probe, const EffectMark& mark) override;
  ServiceStatus service_status(const EngineSpec& spec, const ServiceRepair& service) override;
  PortFinding port_holder(const EngineSpec& spec, const ServiceRepair& service, const ServiceStatus& status,
                          const Probe& probe) override;
  Result<std::vector<HashFinding>> hash(const EngineSpec& spec, const HashRequest& request) override;
  Result<std::vector<SecurityFinding>> scan(const EngineSpec& spec, const SecuritySpec& policy,
                                            const std::vector<std::string>& touched) override;
  Result<std::vector<TargetFacts>> look(const EngineSpec& spec, const std::vector<std::string>& paths) override;
  Result<std::string> read(const EngineSpec& spec, const std::string& path) override;
  std::vector<FileInWriting> being_written(const EngineSpec& spec, const std::vector<std::string>& paths,
                                           const WritingQuestion& question) override;
  std::size_t end_marked(const EffectMark& mark) override;

 private:
  struct Displaced {
    std::optional<SimulatedFile> before;  // empty: the target was new
    SimulatedFile left;
    std::string content;  // of `before` when it was displaced: a writer may go on
    engine::BlobNaming naming = engine::BlobNaming::plain;
    bool in_place = false;  // the inode stayed where it is: only what it may do was changed
  };
  struct OpenFile {
    std::string path, who;
    std::uint64_t inode = 0;
  };
  using Images = std::map<std::string, Displaced>;
  [[nodiscard]] WritingFacts writing_facts(const std::string& path) const;
  [[nodiscard]] const OpenFile* writer_of(std::uint64_t inode) const;
  [[nodiscard]] SimulatedFile* find_inode(std::uint64_t inode);
  void touched(const std::string& path);
  // Why its content is not exchanged now, or nothing.
  [[nodiscard]] std::optional<ChangeOutcome> held_up_by_writer(const EngineSpec& spec, const Change& change) const;
  // Nothing: it went into the vault and may go. Else why it stays.
  [[nodiscard]] std::optional<std::string> keep_image(const std::string& name, const Displaced& image);
  [[nodiscard]] TargetFacts facts(const EngineSpec& spec, const std::string& path) const;
  [[nodiscard]] std::vector<TargetFacts> matching(const EngineSpec& spec, const std::vector<std::string>& globs) const;
  Result<void> observe_outputs(const EngineSpec& spec, const ObserveRequest& request, Observation& seen);
  void observe_releases(const EngineSpec& spec, const ObserveRequest& request, Observation& seen) const;
  Result<void> observe_states(const ObserveRequest& request, Observation& seen);
  ChangeOutcome apply_one(const EngineSpec& spec, const Change& change, const EffectMark& mark);
  UndoOutcome restore_one(const EngineSpec& spec, const Change& change, const ChangeOutcome* outcome,
                          const EffectMark& mark);
  UndoOutcome restore_output(const EngineSpec& spec, const Change& change, const ChangeOutcome& outcome);
  [[nodiscard]] RunOutcome order_unit(const ProgramRun& run);
  [[nodiscard]] std::string judge(const EngineSpec& spec, const Probe& probe, const EffectMark& mark,
                                  ProbeResult& result);

  engine::BlobStore& blobs_;
  mutable std::mutex mutex_;
  std::map<std::string, SimulatedFile> files_;
  Images displaced_;  // "<mark> <path>" -> what a change swapped out
  std::map<Descriptor, OpenFile> open_;
  std::map<std::uint64_t, Duration> inode_changed_;  // the latest of content and attributes
  std::map<std::string, Duration> went_away_;        // of paths
  Descriptor next_descriptor_ = 1;
  std::map<std::string, Program> programs_;
  std::set<std::string> reachable_;
  std::map<std::string, PortFinding> holders_;  // by place
  std::vector<std::string> log_;
  std::uint64_t next_inode_ = 1;
  std::int64_t next_time_ = 1;
};

}  // namespace autoheal::workflows::testing
