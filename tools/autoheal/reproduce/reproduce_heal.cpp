#include "tools/autoheal/reproduce/reproduce_heal.hpp"

#include <algorithm>
#include <thread>

#include "autoheal/engine/runner.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/vault/overlaid_blobs.hpp"
#include "autoheal/workflows/effects/heal_effects.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/secrets/secret_literals.hpp"
#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "tools/autoheal/configuration/known_secrets.hpp"
#include "tools/autoheal/output/version.hpp"
#include "tools/autoheal/reproduce/rebuild.hpp"
#include "tools/autoheal/reproduce/rebuilt_place.hpp"
#include "tools/autoheal/reproduce/recorded_names.hpp"
#include "tools/autoheal/reproduce/reproduced_host.hpp"
#include "tools/host/real_host.hpp"

namespace autoheal::cli {

namespace {

using workflows::Heal;

// Tells the host which effect its next calls belong to; one effect is under way at any time.
class Performer final : public engine::EffectPerformer<Heal> {
 public:
  Performer(ReproducedHost& host, workflows::HealEffects& effects) : host_(host), effects_(effects) {}
  void perform(const std::string& stream, const workflows::HealEffect& effect, Done done) override {
    host_.begin(effect);
    effects_.perform(stream, effect, std::move(done));
  }

 private:
  ReproducedHost& host_;
  workflows::HealEffects& effects_;
};

std::string role_in(const replay::Course& course) {
  for (const auto& [number, attempt] : course.attempts) {
    for (const auto& [change, outcome] : attempt.outcomes) {
      if (!outcome.role.empty()) return outcome.role;
    }
  }
  return std::string(name_of(workflows::Role::admiral));
}

Result<std::optional<workflows::Adopted>> adopted_then(const ReplayableHeal& heal, const replay::Course& course) {
  for (const auto& [number, attempt] : course.attempts) {
    if (attempt.adopted_baseline.empty()) continue;
    auto adopted = heal.world->adoptions().of_digest(course.begun.engine, attempt.adopted_baseline);
    if (adopted) return adopted;
    return failure(ErrorKind::invalid,
                   "the baseline that was adopted then is not here: the entry that adopted it "
                   "stands in the ledger, outside of the heal",
                   "reproduce it where the ledger is");
  }
  return std::optional<workflows::Adopted>();
}

// On the only thread; the record says what came of waiting.
class AtOnce final : public workflows::HealScheduling {
 public:
  void run(std::function<void()> job) override { job(); }
  bool wait(Duration) override { return false; }
};

// One heal, turned by hand until it ends.
class Again {
 public:
  Again(const ReplayableHeal& heal, const replay::Course& course, const RebuiltPlace& place,
        std::optional<workflows::Adopted> adopted, const std::string& program, bool runs_programs)
      : course_(course),
        place_(place),
        blobs_(heal.world->blobs()),
        secrets_(place.spec.secrets),
        real_({.blobs = blobs_, .own_files = {}, .at_step = {}, .program = program}),
        host_({real_, course, place, blobs_, runs_programs}),
        effects_(surroundings()),
        performer_(host_, effects_),
        runner_({ledger_, blobs_, clock_, ids_}) {
    policy_.role = role_in(course);
    policy_.baseline = std::move(adopted);
    for (const std::string& secret : secret_literals(place.spec, workflows::SecretMask(place.spec.secrets)))
      secrets_.learn(secret);
  }

  Result<replay::Course> run() {
    auto configuration = blobs_.put(workflows::encode_engine_spec(place_.spec), engine::BlobNaming::plain);
    AUTOHEAL_TRY(configuration);
    workflows::Triggered begun = course_.begun;
    begun.version = Heal::version;
    begun.configuration = std::move(*configuration);
    begun.retry_delay = Duration{0};  // what it waited for then needs no waiting now
    begun.waits = false;              // what it needed is as it was then: healed, if the heal went on at all
    runner_.register_workflow<Heal>(performer_);
    Result<std::string> stream = failure(ErrorKind::fatal, "it never began");
    runner_.start<Heal>(workflows::Begin{begun}, {}, [&stream](Result<std::string> started) { stream = started; });
    turn_until_it_ends();
    AUTOHEAL_TRY(stream);
    if (runner_.failure()) return std::unexpected(*runner_.failure());
    auto entries = ledger_.read_stream(*stream, 1);
    AUTOHEAL_TRY(entries);
    replay::RecordedHeal again(std::move(*entries), blobs_);
    return replay::course_of(again);
  }

  [[nodiscard]] const ReproducedHost& host() const { return host_; }

 private:
  void turn_until_it_ends() {
    while (!runner_.failure()) {
      if (runner_.turn()) continue;
      const auto wake = runner_.next_wake();
      if (!wake) return;
      std::this_thread::sleep_for(std::max(*wake - clock_.since_boot(), Duration{0}));
    }
  }

  workflows::HealSurroundings surroundings() {
    return {.host = host_,
            .blobs = blobs_,
            .clock = clock_,
            .policy = policy_,
            .secrets = secrets_,
            .scheduling = at_once_,
            .ledger_id = ledger_.id(),
            .program_version = version,
            .program_sha256 = sha256_of_this_program()};
  }

  const replay::Course& course_;
  const RebuiltPlace& place_;
  workflows::FixedPolicy policy_;
  AtOnce at_once_;
  engine::SystemClock clock_;
  engine::SystemRandomness randomness_;
  engine::UuidV7Source ids_{clock_, randomness_};
  store::OverlaidBlobs blobs_;
  store::MemoryLedger ledger_{to_string(ids_.next())};
  KnownSecrets secrets_;
  host::RealHost real_;
  ReproducedHost host_;
  workflows::HealEffects effects_;
  Performer performer_;
  engine::Runner runner_;
};

}  // namespace

bool Reproduction::tells() const { return missing.empty() && (stand_ins.empty() || !ran_programs); }

bool Reproduction::same() const { return std::ranges::all_of(rows, &replay::Compared::same); }

Result<Reproduction> reproduce(const ReplayableHeal& heal, const std::filesystem::path& folder,
                               const std::string& program, bool runs_programs) {
  const auto course = replay::course_of(*heal.recorded);
  AUTOHEAL_TRY(course);
  const auto spec = heal.world->specification(course->begun.configuration);
  AUTOHEAL_TRY(spec);
  auto adopted = adopted_then(heal, *course);
  AUTOHEAL_TRY(adopted);
  const auto place = rebuild(*course, **spec, heal.world->blobs(), folder);
  AUTOHEAL_TRY(place);
  (void)sha256_of_this_program();  // asked now, while all can be read
  Reproduction reproduction;
  reproduction.missing = place->missing;
  reproduction.stand_ins = place->stand_ins;
  reproduction.owners = place->owners;
  reproduction.closed_off = host::close_off(folder.string());
  Again again(heal, *course, *place, std::move(*adopted), program, runs_programs);
  const auto here = again.run();
  AUTOHEAL_TRY(here);
  reproduction.rows = replay::compare(*course, as_called_then(*here, *place),
                                      place->owners ? replay::without_place : replay::without_place_and_owners);
  for (const std::string& lacking : again.host().lacking()) reproduction.missing.push_back(lacking);
  reproduction.rows_of_record = again.host().rows_of_record();
  reproduction.ran_programs = again.host().ran_programs();
  reproduction.for_real.assign(again.host().for_real().begin(), again.host().for_real().end());
  reproduction.from_record.assign(again.host().from_record().begin(), again.host().from_record().end());
  return reproduction;
}

}  // namespace autoheal::cli
