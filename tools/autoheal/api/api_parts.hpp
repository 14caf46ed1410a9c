// The parts that answers of the API are made from. All of them are used on the server's thread; what belongs to the
// loop is asked there.
#pragma once

#include <memory>

#include "tools/autoheal/api/kept_answers.hpp"
#include "tools/autoheal/api/standing.hpp"
#include "tools/autoheal/events/bus_followers.hpp"
#include "tools/autoheal/healer/operations.hpp"
#include "tools/autoheal/jobs/job_runner.hpp"
#include "tools/autoheal/steward/ledger_steward.hpp"
#include "tools/autoheal/threads/reader_threads.hpp"
#include "tools/http/message.hpp"

namespace autoheal::cli {

class Authentication;

struct ApiParts {
  Operations& operations;  // on the loop
  HealerServices& healer;  // on the loop, but for what its parts call thread-safe
  StandingReader& standing;
  ReaderThreads& readers;
  std::shared_ptr<BusFollowers> bus;
  std::shared_ptr<LedgerSteward> steward;
  JobRunner& jobs;
  Authentication& authentication;
  std::shared_ptr<KeptAnswers> kept_answers = std::make_shared<KeptAnswers>();
};

// Who asks on the Unix socket, as the kernel says. Any thread.
[[nodiscard]] Requester requester_of(const http::Peer& peer, const LoadedConfiguration& configuration);

// Has the operation performed on the loop; back on the server's thread.
[[nodiscard]] boost::asio::awaitable<Result<std::string>> perform_on_loop(ApiParts& parts, std::string operation,
                                                                          std::string body, Requester who);

// The error as what its HTTP status says, before it has a form.
[[nodiscard]] http::Problem problem_of(const Error& error);
[[nodiscard]] http::Response refusal(const Error& error);

// unavailable: what lies where the ledger is expected is not the ledger that is served, or the daemon did not answer.
[[nodiscard]] boost::asio::awaitable<Result<StandingPtr>> standing_with_ledger(ApiParts& parts);

}  // namespace autoheal::cli
