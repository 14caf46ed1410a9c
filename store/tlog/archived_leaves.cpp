#include "autoheal/store/tlog/archived_leaves.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "autoheal/store/archive/archive_file.hpp"
#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/json_check.hpp"
#include "autoheal/store/format/json_text.hpp"

namespace autoheal::store {

namespace {

struct ArchivedFile {
  std::uint64_t first = 0, last = 0;
  std::string path;
};

Result<ArchivedFile> file_in(const engine::Entry& entry) {
  std::vector<JsonMember> members;
  const auto problem = json_problem(entry.data, &members);
  const auto first = number_from_decimal(member_of(members, "first"));
  const auto last = number_from_decimal(member_of(members, "last"));
  std::string path = json_text(member_of(members, "file"));
  if (problem || !first || !last || path.empty())
    return failure(ErrorKind::corrupt, fmt::format("entry {} (ledger.archived) cannot be read", entry.position.value),
                   "autoheal ledger verify");
  return ArchivedFile{*first, *last, std::move(path)};
}

// The file's path stays out of it: readers of a public log need not know the host's folders.
Error gone(const ArchivedFile& file) {
  return {
      ErrorKind::not_found,
      fmt::format("entries {} to {} were archived, and their file is not where it was written", file.first, file.last),
      "`autoheal ledger stats` on the host names it; put back there, it is read again"};
}

}  // namespace

Result<void> archived_leaves(const LedgerReader& reader, std::uint64_t first, std::uint64_t last,
                             const std::function<Result<void>(std::uint64_t seq, std::string_view leaf)>& line) {
  const auto entries = reader.read_types("ledger", {"ledger.archived"});
  AUTOHEAL_TRY(entries);
  for (const engine::Entry& entry : *entries) {
    const auto file = file_in(entry);
    AUTOHEAL_TRY(file);
    if (file->last < first || file->first > last) continue;
    if (file->first > first) break;
    const std::uint64_t until = std::min(last, file->last);
    const auto read = read_archived_entries(file->path, reader, {first, until}, line);
    const bool is_another =
        !read && (read.error().kind == ErrorKind::not_found || read.error().kind == ErrorKind::invalid);
    if (is_another) return std::unexpected(gone(*file));
    AUTOHEAL_TRY(read);
    if (until == last) return {};
    first = until + 1;
  }
  return failure(ErrorKind::not_found,
                 fmt::format("entry {} is not there, and no entry says that it was archived", first),
                 "autoheal ledger verify");
}

}  // namespace autoheal::store
