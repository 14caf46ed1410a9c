#include "tools/autoheal/healer/archived_rows.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tools/autoheal/session/archived_ranges.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

constexpr std::size_t rows_per_commit = 1'000;  // about 20 ms of the loop

}  // namespace

asio::awaitable<Result<void>> drop_archived_rows(ArchivedRows at) {
  const auto ranges = archived_ranges(at.ledger);
  AUTOHEAL_CO_TRY(ranges);
  const engine::Position last{ranges->empty() ? 0 : ranges->back().last};
  while (true) {
    const auto archived = at.ledger.archived();
    AUTOHEAL_CO_TRY(archived);
    if (*archived >= last) co_return Result<void>();
    const auto page = at.ledger.read_all(*archived, rows_per_commit);
    AUTOHEAL_CO_TRY(page);
    const bool all = page->entries.empty() || page->entries.back().position >= last;
    const engine::Position until = all ? last : page->entries.back().position;
    std::vector<engine::Position> keep;
    for (const engine::Entry& entry : page->entries) {
      if (entry.position <= until && still_counts(entry)) keep.push_back(entry.position);
    }
    AUTOHEAL_CO_TRY(at.ledger.drop_entries(until, keep));
    at.step_done("rows");
    co_await asio::post(at.loop, asio::use_awaitable);  // heals come first
  }
}

}  // namespace autoheal::cli
