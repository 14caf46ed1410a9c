// Rows of the ledger that an archive holds go, in small commits, so that heals come first.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <string_view>

#include "autoheal/store/ledger/sqlite_ledger.hpp"

namespace autoheal::cli {

// All outlive the work.
struct ArchivedRows {
  store::SqliteLedger& ledger;
  boost::asio::io_context& loop;
  const std::function<void(std::string_view step)>& step_done;  // "rows" after each commit
};

// On the loop's thread. Also after a crash that left some of them.
boost::asio::awaitable<Result<void>> drop_archived_rows(ArchivedRows at);

}  // namespace autoheal::cli
