// The findings of init on this machine: nginx and its settings, systemd and its units. Looks only.
#pragma once

#include <optional>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "tools/autoheal/init/nginx_settings.hpp"

namespace autoheal::cli {

struct FoundNginx {
  std::string program;  // absolute
  std::string folder;   // of its configuration, absolute: "/etc/nginx"
  std::string pidfile;  // absolute
  NginxListen listen;
  bool has_systemd = false;
};

// A machine whose files lie below `prefix`: "" is this one, tests bring their own.
class HostLook {
 public:
  explicit HostLook(std::string prefix = {}) : prefix_(std::move(prefix)) {}

  // not_found: nginx is not installed, or has no configuration in /etc/nginx. Files that it includes
  // from conf.d/ and sites-enabled/ are read, too: at most 256 files of 1 MiB each.
  [[nodiscard]] Result<FoundNginx> nginx() const;

  // True where systemd is what runs the services.
  [[nodiscard]] bool has_systemd() const;

  // Whether systemd knows the unit. Blocks for at most ten seconds. invalid: no name of a unit; unavailable: systemd
  // does not run here, or does not answer; not_found: it knows no such unit.
  [[nodiscard]] Result<void> unit(const std::string& name) const;

 private:
  // Where a program lies on the fixed search path, without the prefix.
  [[nodiscard]] std::optional<std::string> program(const std::string& name) const;

  std::string prefix_;
};

// True for what systemd takes as a unit's name and no program takes as an option.
[[nodiscard]] bool is_unit_name(const std::string& name);

}  // namespace autoheal::cli
