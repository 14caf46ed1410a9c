// The start of every command: the common options, the console, the configuration, and how it opens ledger and vault.
#pragma once

#include <memory>
#include <optional>

#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "tools/autoheal/configuration/loaded_configuration.hpp"
#include "tools/autoheal/output/console.hpp"
#include "tools/autoheal/output/exit_code.hpp"

namespace autoheal::cli {

struct Session {
  const Options& options;
  Console& console;
  const LoadedConfiguration& configuration;
  std::optional<workflows::Principal> on_behalf_of = {};  // who asked the daemon; else the caller of this process

  [[nodiscard]] const workflows::Principal& principal() const {
    return on_behalf_of ? *on_behalf_of : configuration.principal;
  }
  // Prints and returns the exit code that belongs to it.
  [[nodiscard]] int fail(const Error& error) const;
  // exit_done where the caller's role allows it. Else says so, has `access.denied` recorded if the daemon or this
  // process can do that, and returns 4; 78 where nobody's role is known, since the configuration is invalid.
  [[nodiscard]] int require(workflows::Permission permission, const std::string& what) const;
  [[nodiscard]] workflows::By by() const;
};

// The past as reading commands see it.
struct Past {
  std::unique_ptr<store::LedgerReader> ledger;
  std::unique_ptr<store::Vault> vault;
};
[[nodiscard]] Result<Past> open_past(const LoadedConfiguration& configuration);

// not_found where the configuration has no engine of this name.
[[nodiscard]] Result<const workflows::EngineSpec*> named_engine(const Session& session, const std::string& name);

// The full id of the heal that `written` is the beginning of ("last": the newest). not_found, or invalid where it is
// not clear which one is meant.
[[nodiscard]] Result<std::string> find_heal(const store::LedgerReader& ledger, const std::string& written);

}  // namespace autoheal::cli
