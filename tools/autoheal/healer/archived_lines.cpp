#include "tools/autoheal/healer/archived_lines.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/store/archive/archive_file.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"

namespace autoheal::cli {

namespace {

struct File {
  std::string path;
  store::ArchivedPart part;
};

Result<std::vector<File>> in_order(const store::LedgerReader& ledger, const std::vector<std::string>& paths) {
  std::vector<File> files;
  for (const std::string& path : paths) {
    const auto part = store::peek_archive(path, ledger);
    AUTOHEAL_TRY(part);
    files.push_back({path, *part});
  }
  std::ranges::sort(files, {}, [](const File& file) { return file.part.first; });
  return files;
}

Error not_given(const engine::LedgerView& ledger, std::uint64_t seq) {
  if (auto where = archived_entry(ledger, seq)) return *where;
  return {ErrorKind::not_found, fmt::format("entry {} is in none of the archives", seq), {}};
}

// The envelope has it before anything that others wrote (store/format/leaf.hpp).
std::string_view stream_in(std::string_view line) {
  constexpr std::string_view opening = R"(,"stream":")";
  const std::size_t at = line.find(opening);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + opening.size());
  return line.substr(0, line.find('"'));
}

}  // namespace

Result<engine::Position> export_archives(const store::LedgerReader& ledger, const std::vector<std::string>& paths,
                                         engine::Position after, const ArchivedLine& line) {
  const auto files = in_order(ledger, paths);
  AUTOHEAL_TRY(files);
  const auto archived = ledger.archived();
  AUTOHEAL_TRY(archived);
  for (const File& file : *files) {
    if (file.part.last <= after.value) continue;
    if (file.part.first > after.value + 1) return std::unexpected(not_given(ledger, after.value + 1));
    const auto give = [&](std::uint64_t seq, std::string_view text) -> Result<void> {
      if (seq > after.value) line(text);
      return {};
    };
    if (const auto read = store::read_archive(file.path, ledger, {give, {}}); !read)
      return std::unexpected(read.error());
    after = {file.part.last};
  }
  if (after < *archived) return std::unexpected(not_given(ledger, after.value + 1));
  return after;
}

Result<std::vector<LineOfArchive>> lines_in_archives(
    const store::LedgerReader& ledger, const std::vector<std::string>& paths,
    const std::function<bool(engine::Position seq, std::string_view stream)>& ask) {
  const auto files = in_order(ledger, paths);
  AUTOHEAL_TRY(files);
  std::vector<LineOfArchive> lines;
  const auto take = [&](std::uint64_t seq, std::string_view text) -> Result<void> {
    if (ask({seq}, stream_in(text))) lines.push_back({{seq}, std::string(text)});
    return {};
  };
  for (const File& file : *files) {
    if (const auto read = store::read_archive(file.path, ledger, {take, {}}); !read)
      return std::unexpected(read.error());
  }
  return lines;
}

}  // namespace autoheal::cli
