#include "tools/bench/heals.hpp"

#include <fstream>

#include "tools/bench/floors/sqlite_floor.hpp"
#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/scratch_folder.hpp"
#include "tools/bench/support/simulated_fixture.hpp"
#include "tools/host/real_host.hpp"

namespace autoheal::bench {

namespace {

namespace fs = std::filesystem;

void figure(std::ostream& out, const std::string& name, double value, const char* unit, double floor) {
  write_figure(out, {name, value, unit, floor, 0});
}

// The entries of the newest heal: the floor writes texts of the same size.
std::vector<std::string> entry_texts(const store::SqliteLedger& ledger) {
  std::vector<std::string> texts;
  const auto page = ledger.read_all({}, 1);
  if (!page || page->entries.empty()) return texts;
  const auto entries = ledger.read_stream(page->entries.front().stream, 1);
  for (const auto& entry : *entries) texts.push_back(entry.data);
  return texts;
}

void tell(std::ostream& out, const std::string& ending, const Measured& measured, double callers, double floor) {
  const double rate = static_cast<double>(measured.latencies_ms.size()) / measured.seconds;
  figure(out, "heals_per_s" + ending, rate, "1/s", floor);
  const double round_ms = 1000.0 * callers / floor;  // one heal of every caller, at the floor
  figure(out, "heal_p50_ms" + ending, percentile(measured.latencies_ms, 0.50), "ms", round_ms);
  figure(out, "heal_p99_ms" + ending, percentile(measured.latencies_ms, 0.99), "ms", round_ms);
}

Result<void> simulated(const HealsOptions& options, const fs::path& folder, std::ostream& out, double& floor) {
  auto fixture = SimulatedFixture::open(folder / "simulated", options.callers);
  AUTOHEAL_TRY(fixture);
  const auto measured = fixture->heal(options.callers, options.count);
  AUTOHEAL_TRY(measured);
  const auto floor_rate =
      sqlite_floor(folder / "floor.db", options.callers, options.count, entry_texts(fixture->machine().ledger()));
  AUTOHEAL_TRY(floor_rate);
  floor = *floor_rate;
  tell(out, "_c" + std::to_string(options.callers), *measured, static_cast<double>(options.callers), floor);
  return {};
}

Result<void> one_real_file(const HealsOptions& options, const fs::path& folder, std::ostream& out, double floor) {
  const auto make_host = [](engine::BlobStore& blobs) {
    return std::make_unique<host::RealHost>(
        host::RealHostOptions{.blobs = blobs, .own_files = {}, .at_step = {}, .program = {}});
  };
  auto fixture = HealMachineFixture::open(folder / "real", make_host, static_cast<unsigned>(options.callers));
  AUTOHEAL_TRY(fixture);
  const auto baseline = (*fixture)->vault().put(right_content, engine::BlobNaming::plain);
  for (std::size_t caller = 0; caller < options.callers; ++caller) {
    const fs::path root = folder / "roots" / engine_name(caller);
    fs::create_directories(root);
    if (auto added = (*fixture)->add_engine(engine_of_one_file(caller, root.string(), "app.conf", *baseline)); !added)
      return added;
  }
  const auto measured = (*fixture)->heal(options.callers, options.count, [&](std::size_t caller) {
    std::ofstream(folder / "roots" / engine_name(caller) / "app.conf") << wrong_content;
    return engine_name(caller);
  });
  AUTOHEAL_TRY(measured);
  tell(out, "_c" + std::to_string(options.callers) + "_one_file", *measured, static_cast<double>(options.callers),
       floor);
  return {};
}

}  // namespace

Result<void> run_heals(const HealsOptions& options, std::ostream& out) {
  const ScratchFolder scratch(options.folder);
  double floor = 1;
  if (auto done = simulated(options, scratch.path, out, floor); !done) return done;
  if (options.simulated_only) return {};
  return one_real_file(options, scratch.path, out, floor);
}

}  // namespace autoheal::bench
