// The program's hidden life as a worker: all SQLite work on databases of others happens in a process of its own, since
// closing any descriptor of a database drops all locks that the process holds on it, and a damaged database must not be
// able to take the engine along.
#pragma once

#include <string_view>

namespace autoheal::database {

// The arguments of the worker process: "autoheal database-worker <request>".
inline constexpr std::string_view worker_argument = "database-worker";

// One act on one database; see host::DatabaseClient. Writes one line of JSON, then, for a look that asked for it, the
// bytes of the copy. 0: an answer was written. Never throws; says nothing about contents.
int run_database_worker(std::string_view request_json, int output_descriptor);

}  // namespace autoheal::database
