#include "tools/bench/support/simulated_fixture.hpp"

namespace autoheal::bench {

namespace {

std::string path_of(std::size_t caller) { return "etc/" + engine_name(caller) + ".conf"; }

}  // namespace

std::string engine_name(std::size_t caller) { return "engine" + std::to_string(caller); }

workflows::EngineSpec engine_of_one_file(std::size_t caller, const std::string& root, const std::string& path,
                                         const engine::BlobName& baseline) {
  workflows::EngineSpec spec;
  spec.name = engine_name(caller);
  spec.root = root;
  spec.strategy = workflows::Strategy::arie;
  spec.repair.files = {{path, "baseline/app.conf", baseline, {}, {}, {}}};
  workflows::Probe probe;
  probe.name = "config";
  probe.what = workflows::FileProbe{path, "baseline/app.conf", baseline, {}, {}, {}};
  spec.self_test = {probe};
  return spec;
}

Result<SimulatedFixture> SimulatedFixture::open(const std::filesystem::path& folder, std::size_t callers,
                                                bool keep_tree, HealMachineFixture::LetsThrough lets_through) {
  auto simulated = open_empty(folder, callers, keep_tree, std::move(lets_through));
  if (!simulated) return simulated;
  AUTOHEAL_TRY(simulated->add_engines(callers));
  return simulated;
}

Result<SimulatedFixture> SimulatedFixture::open_empty(const std::filesystem::path& folder, std::size_t callers,
                                                      bool keep_tree, HealMachineFixture::LetsThrough lets_through) {
  SimulatedFixture simulated;
  const auto make_host = [&](engine::BlobStore& blobs) {
    auto made = std::make_unique<workflows::testing::SimulatedHost>(blobs);
    simulated.host_ = made.get();
    return made;
  };
  auto fixture =
      HealMachineFixture::open(folder, make_host, static_cast<unsigned>(callers), keep_tree, std::move(lets_through));
  AUTOHEAL_TRY(fixture);
  simulated.fixture_ = std::move(*fixture);
  return simulated;
}

Result<void> SimulatedFixture::add_engines(std::size_t callers) {
  const auto baseline = fixture_->vault().put(right_content, engine::BlobNaming::plain);
  AUTOHEAL_TRY(baseline);
  for (std::size_t caller = 0; caller < callers; ++caller) {
    const auto spec = engine_of_one_file(caller, "/srv", path_of(caller), *baseline);
    if (auto added = fixture_->add_engine(spec); !added) return added;
  }
  return {};
}

void SimulatedFixture::set_file(std::size_t caller, const char* content) { host_->write(path_of(caller), content); }

workflows::testing::SimulatedFile SimulatedFixture::file_of(std::size_t caller) const {
  return host_->file(path_of(caller)).value_or(workflows::testing::SimulatedFile{});
}

void SimulatedFixture::take_over(std::size_t caller, workflows::testing::SimulatedFile file) {
  host_->take_over(path_of(caller), std::move(file));
}

Result<Measured> SimulatedFixture::heal(std::size_t callers, std::size_t count) {
  return fixture_->heal(callers, count, [this](std::size_t caller) {
    host_->write(path_of(caller), wrong_content);
    return engine_name(caller);
  });
}

}  // namespace autoheal::bench
