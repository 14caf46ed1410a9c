// The process that a pidfile means. A number is no identity: after a crash or a reboot it may be another program's.
#pragma once

#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/workflows/service/service_state.hpp"
#include "tools/host/system/own_files.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

struct NamedProcess {
  pid_t pid = 0;
  unsigned long long started = 0;  // clock ticks after boot: with the number it is an identity within one boot
  Duration lives{0};               // since then
};

// not_found: there is no such file, or its process does not run; invalid: it
// names what cannot be a service: a number that is another process's by now, since that began after the file was
// written, a thread, or a kernel thread. Thread-safe.
[[nodiscard]] Result<NamedProcess> named_process(const RootFolder& root, const std::string& pidfile,
                                                 const OwnFiles& own);
// How long it has lived; 0 if it does not run.
[[nodiscard]] Duration age_of_process(pid_t pid);

// Tells this run of a service from the next.
[[nodiscard]] std::string run_of(pid_t pid, unsigned long long started);

// The state of the service of such a file.
[[nodiscard]] workflows::ServiceStatus status_by_pidfile(const RootFolder& root, const std::string& pidfile,
                                                         const OwnFiles& own);

}  // namespace autoheal::host
