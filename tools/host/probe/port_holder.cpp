#include "tools/host/probe/port_holder.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "autoheal/engine/base/numbers.hpp"
#include "tools/host/probe/listening_sockets.hpp"
#include "tools/host/probe/url.hpp"
#include "tools/host/service/service_family.hpp"

namespace autoheal::host {

namespace {

using workflows::PortFinding;
using workflows::PortHolder;
using Inodes = std::set<std::uint64_t>;

// Their work is to take connections for others, who may have no socket that can be seen from here.
constexpr std::array<std::string_view, 24> forwarders = {
    "docker-proxy", "rootlessport", "rootlesskit", "slirp4netns", "pasta",    "passt",
    "gvproxy",      "conmon",       "kube-proxy",  "haproxy",     "envoy",    "traefik",
    "varnishd",     "hitch",        "pound",       "stunnel",     "stunnel4", "socat",
    "systemd",      "ssh",          "sshd",        "xinetd",      "inetd",    "systemd-socket-proxyd"};

struct AskedPlace {
  std::string host;
  std::uint16_t port = 0;
  [[nodiscard]] std::string text() const {
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
  }
};

std::optional<AskedPlace> asked_place(const workflows::Probe& probe) {
  if (const auto* tcp = std::get_if<workflows::TcpProbe>(&probe.what)) return AskedPlace{tcp->host, tcp->port};
  const auto* http = std::get_if<workflows::HttpProbe>(&probe.what);
  const auto url = http != nullptr ? read_url(http->url) : failure(ErrorKind::invalid, "");
  return url ? std::optional(AskedPlace{url->host, url->port}) : std::nullopt;
}

// A name is not looked up: that may take its time, and what it says to us may not be what the probe was told.
std::vector<in6_addr> addresses_of(const std::string& host) {
  if (host == "localhost" || host.ends_with(".localhost"))
    return {*numeric_address("127.0.0.1"), *numeric_address("::1")};
  const auto address = numeric_address(host);
  return address ? std::vector{*address} : std::vector<in6_addr>();
}

struct CloseDescriptors {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// The sockets that a process has open; one that has ended has none. False: we have no right to look.
bool add_sockets_of(pid_t process, Inodes& inodes) {
  const std::string path = "/proc/" + std::to_string(process) + "/fd";
  const std::unique_ptr<DIR, CloseDescriptors> folder(::opendir(path.c_str()));
  if (!folder) return errno == ENOENT || errno == ESRCH;
  while (const dirent* entry = ::readdir(folder.get())) {
    std::array<char, 64> target{};
    const ssize_t size = ::readlinkat(::dirfd(folder.get()), entry->d_name, target.data(), target.size());
    constexpr std::string_view socket = "socket:[";
    const std::string_view link(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    if (!link.starts_with(socket)) continue;
    inodes.insert(leading_number<std::uint64_t>(link.substr(socket.size())).value_or(0));
  }
  return true;
}

// False also if that cannot be looked at.
bool is_in_another_network(pid_t process) {
  struct stat own{}, other{};
  const std::string path = "/proc/" + std::to_string(process) + "/ns/net";
  if (::stat("/proc/self/ns/net", &own) != 0 || ::stat(path.c_str(), &other) != 0) return false;
  return own.st_ino != other.st_ino || own.st_dev != other.st_dev;
}

class Search {
 public:
  Search(pid_t main_process, PortFinding& finding) : family_(main_process), main_(main_process), finding_(finding) {}

  void run(const std::vector<ListeningSocket>& sockets, const Inodes& asked, std::uint16_t port) {
    asked_ = asked;
    if (!family_.lives()) return doubt("the service's process has ended meanwhile");
    if (is_in_another_network(main_)) return doubt("the service is in another network namespace");
    if (asked_.empty()) return doubt("no process of this network namespace listens there");
    const pid_t closed = add_own_sockets();
    const Inodes strange = not_own();
    if (strange.empty()) return tell(PortHolder::service, holder_among(family_.members(), asked_), {});
    if (closed != 0) return doubt("we have no right to look into process " + std::to_string(closed));
    if (strange.size() < asked_.size()) return doubt("the service shares the port with others");
    const pid_t holder = find_stranger(strange);
    if (holder == 0) return doubt("the process that listens there cannot be seen");
    if (std::string why = excuse(); !why.empty()) return tell(PortHolder::unknown, holder, std::move(why));
    if (listens_elsewhere(sockets, port))
      return tell(PortHolder::unknown, holder, "the service listens elsewhere, and may be asked through it");
    tell(PortHolder::stranger, holder, "which is none of those of process " + std::to_string(main_));
  }

 private:
  // A process that we may not look into, or 0.
  pid_t add_own_sockets() {
    pid_t closed = 0;
    for (const pid_t member : family_.members()) {
      if (!add_sockets_of(member, own_)) closed = member;
    }
    return closed;
  }

  [[nodiscard]] Inodes not_own() const {
    Inodes strange;
    std::ranges::set_difference(asked_, own_, std::inserter(strange, strange.end()));
    return strange;
  }

  template <class Processes>
  [[nodiscard]] static pid_t holder_among(const Processes& processes, const Inodes& wanted) {
    for (const pid_t process : processes) {
      Inodes open;
      (void)add_sockets_of(process, open);
      if (std::ranges::any_of(wanted, [&](std::uint64_t inode) { return open.contains(inode); })) return process;
    }
    return 0;
  }

  // The first of all that hold one of these; 0: none that we can see.
  pid_t find_stranger(const Inodes& strange) {
    Inodes found;
    for (const auto& [pid, process] : family_.processes()) {
      Inodes open;
      if (family_.has(pid) || !add_sockets_of(pid, open)) continue;
      Inodes held;
      std::ranges::set_intersection(strange, open, std::inserter(held, held.end()));
      if (held.empty()) continue;
      found.merge(held);
      holders_.push_back(pid);
    }
    return found.size() == strange.size() && !holders_.empty() ? holders_.front() : 0;
  }

  [[nodiscard]] std::string excuse() const {
    for (const pid_t holder : holders_) {
      const std::string program = program_name_of(holder);
      if (std::ranges::find(forwarders, program) != forwarders.end()) return program + " may lead to the service";
      if (is_in_another_network(holder)) return "the process that holds it is in another network namespace";
      if (std::string doubt = family_.doubt_about(holder); !doubt.empty()) return doubt;
    }
    return {};
  }

  // At another port or a Unix socket: who holds the asked one may be a proxy before it. At the same port of another
  // address it is the service that came too late.
  [[nodiscard]] bool listens_elsewhere(const std::vector<ListeningSocket>& sockets, std::uint16_t port) const {
    const bool by_tcp = std::ranges::any_of(
        sockets, [&](const ListeningSocket& one) { return one.at.port != port && own_.contains(one.inode); });
    const Inodes unix_sockets = by_tcp ? Inodes() : listening_unix_sockets();
    return by_tcp || std::ranges::any_of(own_, [&](std::uint64_t inode) { return unix_sockets.contains(inode); });
  }

  void doubt(std::string why) { tell(PortHolder::unknown, 0, std::move(why)); }
  void tell(PortHolder holder, pid_t process, std::string why) {
    finding_.holder = holder;
    finding_.process = process;
    if (process != 0) finding_.program = program_name_of(process);
    finding_.why = std::move(why);
  }

  ServiceFamily family_;
  pid_t main_;
  PortFinding& finding_;
  Inodes asked_, own_;
  std::vector<pid_t> holders_;
};

// The inodes of all sockets that may answer at one of these addresses.
Inodes asked_sockets(const std::vector<ListeningSocket>& sockets, const std::vector<in6_addr>& addresses,
                     std::uint16_t port) {
  Inodes asked;
  for (const in6_addr& address : addresses) {
    for (const ListeningSocket& one : answering_at(sockets, {address, port})) asked.insert(one.inode);
  }
  return asked;
}

// The usual case, for which no other process has to be looked at.
bool holds_all(pid_t process, const Inodes& asked) {
  Inodes open;
  (void)add_sockets_of(process, open);
  return !asked.empty() && std::ranges::includes(open, asked);
}

}  // namespace

PortFinding find_port_holder(const workflows::Probe& probe, long main_process) {
  PortFinding finding{probe.name, {}, PortHolder::unknown, 0, {}, {}};
  const auto place = asked_place(probe);
  if (!place) {
    finding.why = "it asks at no place of a network";
    return finding;
  }
  finding.place = place->text();
  const auto addresses = addresses_of(place->host);
  if (addresses.empty()) {
    finding.why = "names are not looked up for this";
  } else if (!is_of_this_machine(addresses.front())) {
    finding.why = "it is no address of this machine";
  } else if (main_process <= 0) {
    finding.why = "the service's process is not known";
  } else {
    const auto service = static_cast<pid_t>(main_process);
    const auto sockets = listening_sockets();
    const Inodes asked = asked_sockets(sockets, addresses, place->port);
    if (!holds_all(service, asked)) {
      Search(service, finding).run(sockets, asked, place->port);
      return finding;
    }
    finding.holder = PortHolder::service;
    finding.process = main_process;
    finding.program = program_name_of(service);
  }
  return finding;
}

}  // namespace autoheal::host
