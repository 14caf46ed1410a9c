#include "tools/autoheal/session/session.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/audit/audit.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"
#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/autoheal/protocol/operation_body.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"
#include "tools/autoheal/session/unread_configuration.hpp"

namespace autoheal::cli {

namespace {

// Best effort: a refusal stands even where it cannot be recorded.
void record_refusal(const Session& session, const std::string& what) {
  OperationBody told;
  told.what = what;
  told.reason = session.options.reason;
  if (ask_daemon(session.configuration, "denied", told)) return;
  engine::SystemClock clock;
  engine::SystemRandomness randomness;
  engine::UuidV7Source ids(clock, randomness);
  auto ledger = store::SqliteLedger::open(session.configuration.settings.ledger, {.ids = ids});
  if (!ledger) return;
  const auto before = (*ledger)->version_of("ledger");
  if (!before) return;
  engine::NewEntry entry;
  entry.type = "access.denied";
  entry.time = clock.now();
  entry.actor = session.configuration.principal.name;
  JsonWriter data;
  data.begin_object().field("wanted", what).field("role", name_of(session.configuration.principal.role));
  data.field("uid", session.configuration.caller.uid).field("via", "cli");
  workflows::By by = session.by();
  by.reason = workflows::SecretMask(session.configuration.settings.secrets)(by.reason);
  write_by(data, by);
  entry.data = data.end_object().take();
  engine::Batch batch;
  batch.streams.push_back({"ledger", *before, {std::move(entry)}, engine::StreamLife::ends, {}});
  (void)(*ledger)->append(batch);
  auto signer = store::CheckpointSigner::open(session.configuration.settings.ledger,
                                              session.configuration.settings.checkpoints.key, **ledger, randomness);
  if (signer) (void)(*signer)->sign_now(**ledger);
}

// Rows of what was archived may still be there: a crash left them, or they are on their way out.
Result<bool> still_there(const engine::LedgerView& ledger, const std::string& heal) {
  const auto archived = archived_ranges(ledger);
  AUTOHEAL_TRY(archived);
  const auto entries = ledger.read_stream(heal, 1);
  AUTOHEAL_TRY(entries);
  return !entries->empty() && (archived->empty() || entries->front().position.value > archived->back().last);
}

}  // namespace

int Session::fail(const Error& error) const {
  const int code = exit_code_of(error.kind);
  console.error(error, code);
  return code;
}

int Session::require(workflows::Permission permission, const std::string& what) const {
  const workflows::Principal& who = principal();
  if (allows(who.role, permission)) return exit_done;
  if (configuration.unread) {
    console.error(roles_unknown(configuration), exit_configuration);
    return exit_configuration;
  }
  record_refusal(*this, what);
  const std::string role =
      who.role == workflows::Role::none ? "has no role here" : "is only " + std::string(name_of(who.role));
  return fail({ErrorKind::refused, fmt::format("{} may not {}: {} {}", who.name, what, who.name, role),
               "roles stand under `principals:` in " + configuration.settings.file});
}

workflows::By Session::by() const { return cli::by(configuration.caller, configuration.principal, options.reason); }

Result<Past> open_past(const LoadedConfiguration& configuration) {
  auto ledger = store::LedgerReader::open(configuration.settings.ledger);
  AUTOHEAL_TRY(ledger);
  auto vault = store::Vault::open(configuration.settings.ledger + ".vault", {}, store::VaultAccess::read_only);
  AUTOHEAL_TRY(vault);
  return Past{std::move(*ledger), std::move(*vault)};
}

Result<const workflows::EngineSpec*> named_engine(const Session& session, const std::string& name) {
  const workflows::EngineSpec* spec = session.configuration.find(name);
  if (spec != nullptr) return spec;
  std::vector<std::string> names;
  for (const auto& engine : session.configuration.settings.engines) names.push_back(engine.name);
  const std::string meant = config::did_you_mean(name, names);
  return failure(ErrorKind::not_found,
                 fmt::format("there is no engine \"{}\" in {}", name, session.configuration.settings.file),
                 meant.empty() ? "`autoheal engines` lists them" : meant);
}

Result<std::string> find_heal(const store::LedgerReader& ledger, const std::string& written) {
  constexpr const char* first_type = "heal.triggered";
  const store::Audit audit(ledger);
  std::vector<std::string> found;
  if (written == "last") {
    auto newest = audit.newest_stream(first_type);
    AUTOHEAL_TRY(newest);
    if (!newest->empty()) found.push_back(std::move(*newest));
  } else if (!written.empty()) {
    auto beginning_so = audit.streams(written, first_type, 2);
    AUTOHEAL_TRY(beginning_so);
    found = std::move(*beginning_so);
  }
  if (found.size() > 1) {
    return failure(ErrorKind::invalid, written + " is the beginning of several heals", "write more of the id");
  }
  const auto there = found.empty() ? Result<bool>(false) : still_there(ledger, found.front());
  AUTOHEAL_TRY(there);
  if (*there) return std::move(found.front());
  if (auto archived = written == "last" ? std::nullopt : archived_heal(ledger, written))
    return std::unexpected(std::move(*archived));
  return failure(ErrorKind::not_found, "there is no heal " + written, "`autoheal heals` lists them");
}

}  // namespace autoheal::cli
