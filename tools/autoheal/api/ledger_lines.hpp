// The ledger's export for clients who take it as slowly as they like.
#pragma once

#include "tools/autoheal/configuration/loaded_configuration.hpp"
#include "tools/autoheal/threads/reader_threads.hpp"
#include "tools/http/message.hpp"

namespace autoheal::cli {

// Lines of JSON (the leaves of the ledger's tree) from entry `first` to the newest at the beginning. Each piece is read
// in a transaction of its own, when the client has taken the one before. not_found: `first` is archived. `readers`
// outlives the body.
[[nodiscard]] boost::asio::awaitable<Result<http::BodySource>> ledger_lines(ReaderThreads& readers, std::string ledger,
                                                                            std::uint64_t first);

}  // namespace autoheal::cli
