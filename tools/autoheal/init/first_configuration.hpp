// The text of a first autoheal.yaml from what was found: pure, quoted with care, with a comment for each line that a
// newcomer would ask about.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "tools/autoheal/init/managed_files.hpp"

namespace autoheal::cli {

struct FolderEngine {
  std::string name;
  ManagedFolder folder;
};

struct NginxEngine {
  std::string name;
  ManagedFolder folder;  // of its configuration
  bool systemd = false;  // runs it; else the engine's root is "/", so that the pidfile lies below it
  std::string pidfile;   // absolute
  std::string host;      // what to ask
  std::uint16_t port = 80;
  bool tls = false;       // then the certificate's name is not known: TCP alone
  unsigned status = 200;  // of "/"
};

struct UnitEngine {
  std::string name, unit;
};

struct FirstConfiguration {
  std::string folder;           // of the file to be, absolute
  std::string ledger, reports;  // relative to it
  std::optional<NginxEngine> nginx;
  std::vector<UnitEngine> units;
  std::vector<FolderEngine> folders;
};

// invalid: it would be larger than a configuration may be.
[[nodiscard]] Result<std::string> text_of(const FirstConfiguration& configuration);

// A legal engine name, easy to type, made of `wanted` and not in `taken`, to which it is added.
[[nodiscard]] std::string engine_name(const std::string& wanted, std::set<std::string>& taken);

// A name for the probe of a file, not in `taken`, to which it is added.
[[nodiscard]] std::string probe_name(const std::string& path, std::set<std::string>& taken);

}  // namespace autoheal::cli
