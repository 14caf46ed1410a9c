// Looks up the addresses of a host for calls out, beside the caller's executor: a name service that is dead or slow
// holds nobody up but who asked.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "autoheal/engine/base/timestamp.hpp"
#include "tools/host/probe/name_lookup.hpp"

namespace autoheal::outward {

using host::Endpoints;

// Outlives those who wait for it.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // Every address of `host`, or why none is known (failed, unavailable), within `limit`. Resumes on the caller's
  // executor, which runs one thing at a time.
  virtual boost::asio::awaitable<Result<Endpoints>> resolve(std::string host, std::uint16_t port, Duration limit) = 0;
};

// The system's: each lookup has a thread of its own that may outlast its caller, because getaddrinfo(3) cannot be
// ended. Asio's resolver is not used: it has one thread for all names, and waits for it when the process ends.
class SystemResolver final : public Resolver {
 public:
  boost::asio::awaitable<Result<Endpoints>> resolve(std::string host, std::uint16_t port, Duration limit) override;
};

}  // namespace autoheal::outward
