#include "tools/autoheal/api/ledger_lines.hpp"

#include "autoheal/store/ledger/export.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

constexpr std::size_t piece_at_least_bytes = 64U << 10U;

struct Piece {
  std::string lines;
  engine::Position place;  // of its last line
};

Result<engine::Position> last_entry(const std::string& ledger, std::uint64_t first) {
  const auto reader = store::LedgerReader::open(ledger);
  AUTOHEAL_TRY(reader);
  if (auto archived = archived_entry(**reader, std::max<std::uint64_t>(first, 1)))
    return std::unexpected(std::move(*archived));
  return (*reader)->head();
}

Result<Piece> piece_after(const std::string& ledger, engine::Position after, engine::Position last) {
  const auto reader = store::LedgerReader::open(ledger);
  AUTOHEAL_TRY(reader);
  Piece piece{{}, last};
  const auto done =
      store::export_lines(**reader, {after, last}, [&](std::string_view line, const engine::Entry& entry) {
        piece.lines += line;
        piece.lines += '\n';
        piece.place = entry.position;
        return piece.lines.size() < piece_at_least_bytes;
      });
  AUTOHEAL_TRY(done);
  return piece;
}

}  // namespace

asio::awaitable<Result<http::BodySource>> ledger_lines(ReaderThreads& readers, std::string ledger,
                                                       std::uint64_t first) {
  auto find_last = [ledger, first] { return last_entry(ledger, first); };
  const auto last = co_await readers.run(std::move(find_last));
  AUTOHEAL_CO_TRY(last);
  co_return [&readers, ledger, last = *last,
             place = engine::Position{first > 0 ? first - 1
                                                : 0}]() mutable -> asio::awaitable<Result<std::optional<std::string>>> {
    if (!(place < last)) co_return std::optional<std::string>();
    auto read = [ledger, place, last] { return piece_after(ledger, place, last); };
    auto piece = co_await readers.run(std::move(read));
    AUTOHEAL_CO_TRY(piece);
    place = piece->place;
    if (piece->lines.empty()) co_return std::optional<std::string>();
    co_return std::optional(std::move(piece->lines));
  };
}

}  // namespace autoheal::cli
