// The operation that keeps the ledger small: entries that are old enough go to a file.
#include "tools/autoheal/healer/operations.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"

namespace autoheal::cli {

Operations::Answer Operations::archive(OperationBody body, Requester who) {
  if (!body.before_us)
    co_return failure(ErrorKind::invalid, "it is not said which entries are old enough",
                      "autoheal ledger archive --before 365d");
  if (!body.file.empty() && !body.file.starts_with('/'))
    co_return failure(ErrorKind::invalid, "the archive's name has to be an absolute path");
  ArchiveRequest request{Timestamp(Duration(*body.before_us)), body.file};
  const auto archived = co_await healer_.archiving->archive(std::move(request), std::move(who.by));
  AUTOHEAL_CO_TRY(archived);
  Table table{{archived_columns.begin(), archived_columns.end()}, {}};
  if (const auto& range = archived->range) {
    table.rows.push_back({std::to_string(range->first), std::to_string(range->last),
                          std::to_string(range->last - range->first + 1), std::to_string(range->blobs),
                          std::to_string(archived->secrets), std::to_string(range->bytes),
                          archived->held_by.empty() ? "" : archived->held_by.back(), range->file});
  }
  co_return table_answer(table);
}

}  // namespace autoheal::cli
