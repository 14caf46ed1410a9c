// The renewal, cut after each of its commits and begun again: its end is the same. Entries of version 1 are read, those
// of a later version are not. No clock, disk or network.
#include <iostream>
#include <map>
#include <set>

#include "autoheal/engine/runner.hpp"
#include "autoheal/engine/testing/crash_at_every_append.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"
#include "certificate_renewal.hpp"

namespace example {

namespace engine = autoheal::engine;

// An authority that is busy at first, and what is installed. It outlives the process.
struct World final : engine::EffectPerformer<CertificateRenewal> {
  autoheal::store::MemoryLedger ledger{"01890000-0000-7000-8000-000000000001"};
  autoheal::store::MemoryBlobs vault;
  engine::testing::FakeClock clock;
  engine::testing::CountingIds ids;
  unsigned asked = 0;
  std::set<std::string> issued;  // keys of orders
  std::string installed;

  void perform(const std::string& stream, const CertificateRenewal::Effect& effect, Done done) override {
    if (const auto* act = std::get_if<Install>(&effect)) {
      installed = *vault.get(act->certificate);
      return done(InstallDone{});
    }
    if (++asked <= 2) return done(Refused{"busy"});
    issued.insert(stream);
    done(Received{"certificate " + std::to_string(issued.size())});
  }
};

void run(World& world, engine::Ledger& ledger, bool recovering) {
  engine::Runner runner({ledger, world.vault, world.clock, world.ids});
  runner.register_workflow<CertificateRenewal>(world);
  if (recovering && !runner.recover()) return;
  if (!recovering) runner.start<CertificateRenewal>(Want{"a.example", std::chrono::hours(24)}, "a.example", {});
  for (;;) {
    while (runner.turn()) {
    }
    const auto wake = runner.next_wake();
    if (runner.failure() || !wake) return;
    world.clock.advance(*wake - world.clock.since_boot());
  }
}

bool reads_old_entries_and_no_later_ones() {
  const auto old = CertificateRenewal::decode("certificate.wanted", 1, R"({"domain":"a.example"})");
  const auto later = CertificateRenewal::decode("certificate.wanted", 3, R"({"domain":"a.example"})");
  return old && std::get<Wanted>(*old).domain == "a.example" && !later;
}

}  // namespace example

int main() {
  using example::World;
  autoheal::engine::testing::CrashScript script;
  script.make_world = [] { return std::make_shared<World>(); };
  script.run = [](void* world, autoheal::engine::Ledger& ledger, bool recovering) {
    example::run(*static_cast<World*>(world), ledger, recovering);
  };
  script.ledger_of = [](void* world) -> autoheal::engine::Ledger& { return static_cast<World*>(world)->ledger; };
  script.outcome = [](void* world) {
    const World& end = *static_cast<World*>(world);
    return "installed " + end.installed + ", issued " + std::to_string(end.issued.size());
  };
  std::size_t commits = 0;
  const auto differences = autoheal::engine::testing::crash_at_every_append(script, commits);
  for (const auto& one : differences) {
    std::cout << "cut after commit " << one.cut_after << ": " << one.actual << ", not " << one.expected << "\n";
  }
  std::cout << commits << " commits, cut after each, " << differences.size() << " differences\n";
  return commits == 8 && differences.empty() && example::reads_old_entries_and_no_later_ones() ? 0 : 1;
}
