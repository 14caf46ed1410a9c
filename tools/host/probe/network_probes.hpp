// Probes and hooks that connect: TCP, HTTP and HTTPS. No redirect and no proxy is followed.
#pragma once

#include "autoheal/workflows/effects/host.hpp"
#include "tools/host/probe/local_probes.hpp"

namespace autoheal::host {

// Passes when a connection to any of the host's addresses comes about within `timeout`. Blocks so long at most.
[[nodiscard]] Verdict probe_tcp(const workflows::TcpProbe& probe, Duration timeout);

// Passes when the answer has the status and, where declared, the text in its first 1 MiB. Certificates must be valid
// for the host. Blocks for at most `timeout`. Headers are not repeated in messages: they may hold a token.
[[nodiscard]] Verdict probe_http(const workflows::HttpProbe& probe, Duration timeout);

// One request with an Idempotency-Key. Blocks for at most the call's timeout.
[[nodiscard]] workflows::CallOutcome call_http(const workflows::HttpCall& call, const std::string& key);

}  // namespace autoheal::host
