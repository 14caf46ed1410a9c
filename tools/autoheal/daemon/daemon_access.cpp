// Where the daemon listens: the Unix socket, TCP with its certificates, and the tokens that are valid there.
#include <fmt/core.h>
#include <unistd.h>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "autoheal/store/file/posix_file.hpp"
#include "tools/autoheal/access/token_file.hpp"
#include "tools/autoheal/daemon/daemon.hpp"
#include "tools/autoheal/daemon/daemon_api.hpp"
#include "tools/autoheal/daemon/passed_doors.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/host/process/open_file_limit.hpp"
#include "tools/http/tcp_listener.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;
using namespace workflows;

namespace {

constexpr std::size_t most_pem_bytes = 1U << 20U;
constexpr std::uint64_t open_files_wanted = 16'384;
constexpr std::size_t places_to_serve_at = 2;  // the Unix socket and TCP

Result<store::SmallFile> pem_file(const std::string& key, const std::string& path) {
  const auto found = store::read_small_file(path, most_pem_bytes);
  AUTOHEAL_TRY(found);
  if (!*found) return failure(ErrorKind::not_found, fmt::format("api.tls.{}: there is no {}", key, path));
  return **found;
}

// A reader of the key can pass for the daemon.
Result<std::string> private_key(const std::string& path) {
  auto file = pem_file("key", path);
  AUTOHEAL_TRY(file);
  if ((file->mode & 077) != 0) {
    return failure(ErrorKind::refused,
                   fmt::format("api.tls.key: {} has mode {:04o}: others can read or write it", path, file->mode),
                   "chmod 0600 " + path);
  }
  if (file->owner != ::geteuid() && file->owner != 0) {
    return failure(ErrorKind::refused,
                   fmt::format("api.tls.key: {} belongs to {}, who is another user than the daemon's", path,
                               os_user_name(file->owner)));
  }
  return std::move(file->content);
}

std::vector<http::TcpAddress> addresses_of(const config::ApiSpec& api) {
  std::vector<http::TcpAddress> addresses;
  for (const config::ListenAddress& one : api.listen) addresses.push_back({one.host, one.port});
  return addresses;
}

// Null where none is configured.
Result<http::TlsPtr> tls_of_files(const config::ApiSpec& api) {
  if (api.certificate.empty()) return http::TlsPtr();
  http::TlsMaterial material;
  auto certificate = pem_file("certificate", api.certificate);
  AUTOHEAL_TRY(certificate);
  material.certificate = std::move(certificate->content);
  auto key = private_key(api.key);
  AUTOHEAL_TRY(key);
  material.key = std::move(*key);
  if (!api.client_ca.empty()) {
    auto authority = pem_file("client_ca", api.client_ca);
    AUTOHEAL_TRY(authority);
    material.client_ca = std::move(authority->content);
  }
  return http::tls_of(material);
}

}  // namespace

void Daemon::create_authentication() {
  authentication_ =
      std::make_unique<Authentication>(healer_.parts.requests.get_executor(), healer_.in_force, healer_.parts.clock,
                                       [this](const FailedSummary& summary) { report_failed(summary); });
}

Result<void> Daemon::listen() {
  const config::Configuration& settings = healer_.in_force.configuration()->settings;
  const std::string path = socket_of(settings.ledger);
  auto doors = doors_of(std::exchange(passed_, {}), addresses_of(settings.api));
  AUTOHEAL_TRY(doors);
  auto listening =
      doors->unix_socket ? http::adopt_listening(std::move(doors->unix_socket), path) : http::listen_at(path);
  AUTOHEAL_TRY(listening);
  const auto limits = http::limits_within(host::raise_open_file_limit(open_files_wanted), places_to_serve_at);
  auto server = http::ThreadedServer::start(
      healer_.parts.requests, std::move(*listening), api_handler(*api_),
      [this](const std::string& what) { tell("a request failed: " + what); }, limits);
  AUTOHEAL_TRY(server);
  server_ = std::move(*server);
  return listen_on_tcp(std::move(doors->tcp));
}

Result<void> Daemon::listen_on_tcp(std::vector<UniqueFd> passed) {
  const config::ApiSpec& api = healer_.in_force.configuration()->settings.api;
  const auto tokens = renew_tokens();
  if (api.listen.empty()) return {};
  AUTOHEAL_TRY(tokens);
  const auto tls = tls_of_files(api);
  AUTOHEAL_TRY(tls);
  std::vector<http::TcpDoor> doors;
  const auto addresses = addresses_of(api);
  for (std::size_t at = 0; at < addresses.size(); ++at) {
    Result<UniqueFd> socket = std::move(passed[at]);
    if (!*socket) socket = http::listen_on_tcp(addresses[at]);
    AUTOHEAL_TRY(socket);
    doors.push_back({std::move(*socket), *tls, api.names});
  }
  return server_->listen_on(std::move(doors));
}

Result<void> Daemon::renew_tokens() {
  const auto tokens =
      valid_tokens(*healer_.parts.ledger, tokens_file_of(healer_.in_force.configuration()->settings.ledger));
  authentication_->set_tokens(std::make_shared<const TokenTable>(tokens.value_or(std::vector<TokenRecord>())));
  if (!tokens) tell("warning: no token is valid: " + tokens.error().message);
  if (!tokens) return std::unexpected(tokens.error());
  return {};
}

// After the configuration was read again.
void Daemon::renew_access(const config::ApiSpec& before) {
  const config::ApiSpec& now = healer_.in_force.configuration()->settings.api;
  (void)renew_tokens();
  if (before.listen != now.listen || before.certificate.empty() != now.certificate.empty())
    tell("warning: `api.listen`, and whether there is `api.tls`, counts from the next start of the daemon on");
  const auto tls = tls_of_files(now);
  if (!tls) tell("warning: the certificates of `api.tls` stay as they were: " + tls.error().message);
  server_->renew(tls.value_or(http::TlsPtr()), now.names);
}

// Called on the server's thread.
void Daemon::report_failed(const FailedSummary& summary) {
  JsonWriter data;
  data.begin_object().field("failed", summary.failed).key("peers").begin_array();
  std::string peers;
  for (const FailedOfPeer& one : summary.peers) {
    const std::string address = one.address.empty() ? "others" : one.address;
    data.begin_object().field("address", address).field("failed", one.failed).end_object();
    peers += (peers.empty() ? "" : ", ") + address;
  }
  engine::NewEntry entry;
  entry.type = "access.unauthenticated";
  entry.time = healer_.parts.clock.now();
  entry.actor = healer_.in_force.configuration()->settings.principals.actor;
  entry.data = data.end_array().end_object().take();
  asio::post(healer_.parts.loop, [this, entry = std::move(entry),
                                  said = fmt::format("{} without valid credentials, from {}",
                                                     plural(summary.failed, "request"), peers)]() mutable {
    if (stopping_) return;
    tell(said);
    spawn(record(std::move(entry)));
  });
}

// Nobody may have taken the socket away: without it no command would find the daemon.
asio::awaitable<void> Daemon::look_at_socket() {
  const bool in_place = co_await server_->in_place();
  looks_at_socket_ = false;
  if (in_place || stopping_) co_return;
  const auto listens = server_->listen_again(socket_of(healer_.in_force.configuration()->settings.ledger));
  if (listens) {
    tell("warning: the daemon's socket was removed, and is made again");
    told_of_socket_ = false;
  } else if (!std::exchange(told_of_socket_, true)) {
    tell("warning: the daemon's socket is not in its place, and no command finds the daemon: " +
         listens.error().message);
  }
}

}  // namespace autoheal::cli
