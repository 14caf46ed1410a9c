#include "tools/host/probe/name_lookup.hpp"

#include <fmt/core.h>
#include <netdb.h>

#include <algorithm>
#include <cerrno>

#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

std::unexpected<Error> not_looked_up(const std::string& host, const std::string& why) {
  return failure(ErrorKind::failed, fmt::format("the address of {} is not known here: {}", host, why));
}

Result<Endpoints> look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  Endpoints endpoints;
  if (const int problem = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); problem != 0)
    return not_looked_up(host, problem == EAI_SYSTEM ? reason_of(errno) : ::gai_strerror(problem));
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    boost::asio::ip::tcp::endpoint endpoint;
    if (one->ai_addrlen > endpoint.capacity()) continue;
    std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen, reinterpret_cast<char*>(endpoint.data()));
    endpoint.resize(one->ai_addrlen);
    endpoint.port(port);
    endpoints.push_back(endpoint);
  }
  ::freeaddrinfo(list);
  return endpoints;
}

}  // namespace autoheal::host
