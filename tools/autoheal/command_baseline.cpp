// baseline adopt, show, diff: the digests that certification holds an engine to.
#include <boost/asio/awaitable.hpp>

#include "store/memory_blobs.hpp"
#include "tools/autoheal/commands.hpp"
#include "tools/autoheal/healer.hpp"
#include "tools/autoheal/table.hpp"
#include "workflows/adopted_baseline.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;

Result<const EngineSpec*> engine_of(const Session& session) {
  const EngineSpec* spec = session.configuration.find(session.options.engine);
  if (spec != nullptr) return spec;
  return failure(ErrorKind::not_found, "there is no engine \"" + session.options.engine + "\"",
                 "`autoheal engines` lists them");
}

// What an engine's files and baselines are right now.
Result<AdoptedBaseline> as_it_is(Host& host, const EngineSpec& spec) {
  const auto hashes = host.hash(spec, {spec.certify.hashes, {}});
  if (!hashes) return std::unexpected(hashes.error());
  AdoptedBaseline now;
  for (const HashFinding& found : *hashes) {
    if (!found.digest.empty()) now.files[found.path] = found.digest;
  }
  for (const FileRepair& file : spec.repair.files) now.baselines[file.baseline_path] = file.baseline;
  for (const Probe& probe : spec.self_test) {
    const auto* file = std::get_if<FileProbe>(&probe.what);
    if (file != nullptr && !file->baseline.empty()) now.baselines[file->baseline_path] = file->baseline;
  }
  return now;
}

Table table_of(const AdoptedBaseline& baseline) {
  Table table{{"kind", "path", "digest"}, {}};
  for (const auto& [path, digest] : baseline.files) table.rows.push_back({"file", path, digest});
  for (const auto& [path, digest] : baseline.baselines) table.rows.push_back({"baseline", path, digest});
  return table;
}

void compare(const std::string& kind, const std::map<std::string, std::string>& adopted,
             const std::map<std::string, std::string>& now, Table& table) {
  for (const auto& [path, digest] : adopted) {
    const auto found = now.find(path);
    if (found == now.end()) {
      table.rows.push_back({kind, path, "missing"});
    } else if (found->second != digest) {
      table.rows.push_back({kind, path, "differs"});
    }
  }
  for (const auto& [path, digest] : now) {
    if (!adopted.contains(path)) table.rows.push_back({kind, path, "not adopted"});
  }
}

Result<Adopted> adopted_of(const Session& session, const EngineSpec& spec) {
  const auto past = open_past(session.configuration);
  if (!past) return std::unexpected(past.error());
  const auto all = adopted_baselines(*past->ledger, *past->vault);
  if (!all) return std::unexpected(all.error());
  if (const auto found = all->find(spec.name); found != all->end()) return found->second;
  return failure(ErrorKind::not_found, "nothing was adopted for " + spec.name,
                 "`autoheal baseline adopt " + spec.name + "` records what is there now as right");
}

}  // namespace

int command_baseline_adopt(const Session& session) {
  if (const int refused = session.require(Permission::administer, "adopt baselines"); refused != exit_done)
    return refused;
  const auto spec = engine_of(session);
  if (!spec) return session.fail(spec.error());
  auto healer = Healer::open(session.configuration, session.console);
  if (!healer) return session.fail(healer.error());
  const auto now = as_it_is((*healer)->surroundings().host, **spec);
  if (!now) return session.fail(now.error());
  return (*healer)->run([&]() -> boost::asio::awaitable<int> {
    auto entry = baseline_adopted((*spec)->name, *now, session.by(), (*healer)->clock().now());
    auto data = engine::shorten((*healer)->vault(), std::move(entry.data));
    if (!data) co_return session.fail(data.error());
    entry.data = std::move(*data);
    const auto status = co_await (*healer)->runtime().append("ledger", std::move(entry));
    if (status != engine::AppendStatus::ok)
      co_return session.fail({ErrorKind::unavailable, "the ledger could not be written", {}});
    session.console.note("adopted for " + (*spec)->name + ": " + std::to_string(now->files.size()) + " files, " +
                         std::to_string(now->baselines.size()) + " baselines");
    print(session.console, table_of(*now), session.options.output);
    co_return exit_done;
  });
}

int command_baseline_show(const Session& session) {
  if (const int refused = session.require(Permission::read, "read the ledger"); refused != exit_done) return refused;
  const auto spec = engine_of(session);
  if (!spec) return session.fail(spec.error());
  const auto adopted = adopted_of(session, **spec);
  if (!adopted) return session.fail(adopted.error());
  print(session.console, table_of(adopted->baseline), session.options.output);
  return exit_done;
}

int command_baseline_diff(const Session& session) {
  if (const int refused = session.require(Permission::read, "read the ledger"); refused != exit_done) return refused;
  const auto spec = engine_of(session);
  if (!spec) return session.fail(spec.error());
  const auto adopted = adopted_of(session, **spec);
  if (!adopted) return session.fail(adopted.error());
  // Keyed digests of env files need the vault's key: read-only is enough.
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  host::RealHost host(
      {.blobs = *past->vault, .own_files = {session.configuration.settings.ledger}, .at_step = {}, .program = {}});
  const auto now = as_it_is(host, **spec);
  if (!now) return session.fail(now.error());
  Table table{{"kind", "path", "difference"}, {}};
  compare("file", adopted->baseline.files, now->files, table);
  compare("baseline", adopted->baseline.baselines, now->baselines, table);
  if (table.rows.empty() && session.options.output == OutputFormat::text) {
    session.console.note((*spec)->name + " is as it was adopted");
    return exit_done;
  }
  print(session.console, table, session.options.output);
  return table.rows.empty() ? exit_done : exit_failed;
}

}  // namespace autoheal::cli
