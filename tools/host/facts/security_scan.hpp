// Finds violations of an engine's security policy on the disk: modes, owners, setuid, links that lead away, forbidden
// content.
#pragma once

#include "autoheal/workflows/effects/host.hpp"
#include "tools/host/facts/target_facts.hpp"

namespace autoheal::host {

// Everything below the policy's and the restored paths, and the touched paths themselves, each once. Reads contents
// only where `forbid` says something, in pieces of 16 MiB that overlap; a message never quotes them. not_found: a path
// of the policy is missing; the others may be. Never follows a link, never looks into `.autoheal/` or Autoheal's own
// files. A link that holds what `spec` declares may lead wherever that is.
[[nodiscard]] Result<std::vector<workflows::SecurityFinding>> scan_security(
    const RootFolder& root, const workflows::EngineSpec& spec, const workflows::SecuritySpec& policy,
    const std::vector<std::string>& touched, const std::vector<std::string>& restored, const OwnFiles& own);

}  // namespace autoheal::host
