#include "autoheal/store/verify/index_checksum.hpp"

#include <fmt/core.h>
#include <openssl/rand.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/store/format/index_text.hpp"
#include "autoheal/store/ledger/ledger_tables.hpp"

namespace autoheal::store {

namespace {

__extension__ using Product = unsigned __int128;

struct TextColumn {
  std::string_view name;
  std::string_view EntryRow::* member;
};
// Those that partial indexes may depend on come first.
constexpr std::array text_columns = {TextColumn{"type", &EntryRow::type}, TextColumn{"actor", &EntryRow::actor},
                                     TextColumn{"engine", &EntryRow::engine}};

bool is_null(const EntryRow& row, std::string_view EntryRow::* member) { return (row.*member).data() == nullptr; }

template <std::string_view EntryRow::* member>
void mix_text(KeyedHash& mix, const EntryRow& row) {
  is_null(row, member) ? mix.null() : mix.text(row.*member);
}

void mix_stream(KeyedHash& mix, const EntryRow& row) { row.stream_is_id ? mix.blob(row.stream) : mix.text(row.stream); }

void mix_version(KeyedHash& mix, const EntryRow& row) { mix.integer(row.version); }

// sql_name_of_heal: the first 16 bytes in hex, as a UUID is written. A shorter name is taken whole.
void mix_name_of_heal(KeyedHash& mix, const EntryRow& row) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name;
  for (std::size_t at = 0; at < sizeof(Uuid::bytes); ++at) {
    if (at == 4 || at == 6 || at == 8 || at == 10) name += '-';
    if (at >= row.stream.size()) continue;
    const auto byte = static_cast<std::uint8_t>(row.stream[at]);
    name += digits[byte >> 4U];
    name += digits[byte & 15U];
  }
  mix.text(name);
}

// sql_start_of_heal: seconds and what is left of them, both rounded towards 1970.
void mix_start_of_heal(KeyedHash& mix, const EntryRow& row) {
  constexpr std::int64_t second = 1'000'000;
  std::string time;
  append_timestamp(time, Timestamp(Duration(row.time >= 0 ? row.time : row.time / second * second)));
  if (row.time < 0 && row.time % second != 0) {
    const std::string digits = std::to_string(-(row.time % second));
    time.replace(time.find('.') + 1, 6, "-" + std::string(5 - std::min<std::size_t>(digits.size(), 5), '0') + digits);
  }
  mix.text(time);
}

struct IndexColumn {
  std::string_view text;  // as it stands in CREATE INDEX
  void (*mix)(KeyedHash&, const EntryRow&);
};
constexpr std::array index_columns = {IndexColumn{"stream", mix_stream},
                                      IndexColumn{"version", mix_version},
                                      IndexColumn{"type", mix_text<&EntryRow::type>},
                                      IndexColumn{"actor", mix_text<&EntryRow::actor>},
                                      IndexColumn{"engine", mix_text<&EntryRow::engine>},
                                      IndexColumn{sql_name_of_heal, mix_name_of_heal},
                                      IndexColumn{sql_start_of_heal, mix_start_of_heal}};

}  // namespace

SumKey SumKey::drawn() {
  SumKey key;
  AUTOHEAL_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(key.words.data()), sizeof key.words) == 1);
  return key;
}

void KeyedHash::mix(std::uint64_t left, std::uint64_t right) {
  const Product product = Product{left ^ key_.words[0] ^ state_} * (right ^ key_.words[1]);
  state_ = (static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U)) + key_.words[2];
}

void KeyedHash::bytes(std::string_view value, std::uint64_t kind) {
  mix(value.size(), kind);
  while (!value.empty()) {
    std::array<std::uint64_t, 2> words{};
    const std::size_t count = std::min(value.size(), sizeof words);
    std::memcpy(words.data(), value.data(), count);
    mix(words[0], words[1]);
    value.remove_prefix(count);
  }
}

std::uint64_t IndexChecksums::Conditions::holding(const EntryRow& row) {
  asked_.clear();
  for (const auto member : columns_) {
    asked_ += is_null(row, member) ? '\0' : '\1';
    asked_ += row.*member;
  }
  if (asked_ == last_asked_) return last_;
  std::swap(asked_, last_asked_);
  if (const auto found = known_.find(last_asked_); found != known_.end()) return last_ = found->second;
  constexpr std::size_t most_known = 100'000;
  if (known_.size() >= most_known) known_.clear();
  return last_ = known_[last_asked_] = ask(row);
}

std::uint64_t IndexChecksums::Conditions::ask(const EntryRow& row) {
  std::uint64_t holding = 0;
  for (const auto& [index, query] : queries_) {
    query->begin();
    int parameter = 0;
    for (const auto member : columns_) {
      ++parameter;
      if (is_null(row, member)) {
        query->bind_null(parameter);
      } else {
        query->bind_text(parameter, row.*member);
      }
    }
    AUTOHEAL_CHECK(query->step());  // it asks for one row
    if (query->number(0) != 0) holding |= std::uint64_t{1} << index;
    query->end();
  }
  return holding;
}

IndexChecksums::IndexChecksums(const SQLite::Database& database, const std::vector<EntryIndex>& indexes,
                               const SumKey& key)
    : indexes_(indexes), key_(key), sums_(indexes.size()) {
  AUTOHEAL_CHECK(indexes.size() <= 64);
  for (std::size_t at = 0; at < indexes.size(); ++at) {
    if (indexes[at].where.empty()) {
      unconditional_ |= std::uint64_t{1} << at;
    } else {
      add_condition(database, at);
    }
  }
}

// The fewest columns that a condition can be asked with are those that it depends on.
void IndexChecksums::add_condition(const SQLite::Database& database, std::size_t index) {
  const std::string& where = indexes_[index].where;
  for (std::size_t subset = 1; subset < (1U << text_columns.size()); ++subset) {
    std::string given;
    std::vector<std::string_view EntryRow::*> columns;
    for (std::size_t at = 0; at < text_columns.size(); ++at) {
      if ((subset >> at & 1U) == 0) continue;
      columns.push_back(text_columns[at].member);
      given += fmt::format("{}{} AS {}", given.empty() ? "?" : ", ?", columns.size(), text_columns[at].name);
    }
    try {
      auto query = std::make_unique<RowQuery>(database, "SELECT " + where + " FROM (SELECT " + given + ")");
      auto same = std::ranges::find(conditions_, columns, &Conditions::columns);
      if (same == conditions_.end()) same = conditions_.emplace(same, std::move(columns));
      same->add(index, std::move(query));
      return;
    } catch (const SQLite::Exception&) {
      // it names a column that is not given
    }
  }
  throw SQLite::Exception(fmt::format("the index condition \"{}\" depends on more than type, actor and engine", where),
                          SQLITE_ERROR);
}

void IndexChecksums::add(const EntryRow& row) {
  std::uint64_t holding = unconditional_;
  for (Conditions& conditions : conditions_) holding |= conditions.holding(row);
  for (; holding != 0; holding &= holding - 1) {
    const auto at = static_cast<std::size_t>(std::countr_zero(holding));
    KeyedHash mix(key_);
    for (const auto mix_column : indexes_[at].mixed) mix_column(mix, row);
    mix.integer(row.seq);
    ++sums_[at].count;
    sums_[at].sum += mix.result();
  }
}

std::vector<IndexSum> IndexChecksums::take() {
  std::vector<IndexSum> taken(indexes_.size());
  std::swap(taken, sums_);
  return taken;
}

std::vector<EntryIndex> entry_indexes(const SQLite::Database& database) {
  std::vector<EntryIndex> indexes;
  RowQuery rows(database,
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'entries' "
                "AND sql IS NOT NULL ORDER BY name");
  while (rows.step()) {
    const auto text = parse_index(rows.bytes(1));
    if (!text) continue;
    EntryIndex index{std::string(rows.bytes(0)), text->columns, text->where, {}, false};
    index.by_stream_and_version = index.columns == std::vector<std::string>{"stream", "version"};
    for (const std::string& column : index.columns) {
      const auto known = std::ranges::find(index_columns, column, &IndexColumn::text);
      AUTOHEAL_CHECK(known != index_columns.end());
      index.mixed.push_back(known->mix);
    }
    indexes.push_back(std::move(index));
  }
  return indexes;
}

}  // namespace autoheal::store
