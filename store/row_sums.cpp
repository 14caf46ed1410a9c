#include "store/row_sums.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "engine/check.hpp"
#include "store/index_text.hpp"

namespace autoheal::store {

namespace {

__extension__ using Product = unsigned __int128;

struct TextColumn {
  std::string_view name;
  std::string_view EntryRow::*member;
};
// Those that partial indexes may depend on come first.
constexpr std::array text_columns = {TextColumn{"type", &EntryRow::type}, TextColumn{"actor", &EntryRow::actor},
                                     TextColumn{"engine", &EntryRow::engine}};

std::string_view EntryRow::*text_column(std::string_view name) {
  for (const TextColumn& column : text_columns) {
    if (column.name == name) return column.member;
  }
  return nullptr;
}

bool is_null(const EntryRow& row, std::string_view EntryRow::*member) { return (row.*member).data() == nullptr; }

}  // namespace

SumKey SumKey::drawn() {
  SumKey key;
  AUTOHEAL_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(key.words.data()), sizeof key.words) == 1);
  return key;
}

void ValueMix::mix(std::uint64_t left, std::uint64_t right) {
  const Product product = Product{left ^ key_.words[0] ^ state_} * (right ^ key_.words[1]);
  state_ = (static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U)) + key_.words[2];
}

void ValueMix::bytes(std::string_view value, std::uint64_t kind) {
  mix(value.size(), kind);
  while (!value.empty()) {
    std::array<std::uint64_t, 2> words{};
    const std::size_t count = std::min(value.size(), sizeof words);
    std::memcpy(words.data(), value.data(), count);
    mix(words[0], words[1]);
    value.remove_prefix(count);
  }
}

RowSums::Predicate::Predicate(const SQLite::Database& database, const std::string& where) {
  // The fewest columns that it can be asked with are those that it depends on.
  for (std::size_t subset = 1; subset < (1U << text_columns.size()); ++subset) {
    std::string given;
    columns_.clear();
    for (std::size_t at = 0; at < text_columns.size(); ++at) {
      if ((subset >> at & 1U) == 0) continue;
      columns_.push_back(text_columns[at].member);
      given +=
          (given.empty() ? "?" : ", ?") + std::to_string(columns_.size()) + " AS " + std::string(text_columns[at].name);
    }
    try {
      query_ = std::make_unique<RowQuery>(database, "SELECT " + where + " FROM (SELECT " + given + ")");
      return;
    } catch (const SQLite::Exception&) {
      // it names a column that is not given
    }
  }
  throw SQLite::Exception("the index condition \"" + where + "\" depends on more than type, actor and engine",
                          SQLITE_ERROR);
}

bool RowSums::Predicate::holds(const EntryRow& row) {
  std::string& key = asked_;
  key.clear();
  for (const auto member : columns_) {
    key += is_null(row, member) ? '\0' : '\1';
    key += row.*member;
  }
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  constexpr std::size_t most_known = 100'000;
  if (known_.size() >= most_known) known_.clear();
  return known_[key] = ask(row);
}

bool RowSums::Predicate::ask(const EntryRow& row) {
  query_->begin();
  int index = 0;
  for (const auto member : columns_) {
    ++index;
    if (is_null(row, member)) {
      query_->bind_null(index);
    } else {
      query_->bind_text(index, row.*member);
    }
  }
  const bool holds = query_->step() && query_->number(0) != 0;
  query_->end();
  return holds;
}

RowSums::RowSums(const SQLite::Database& database, const std::vector<EntryIndex>& indexes, const SumKey& key)
    : indexes_(indexes), key_(key), sums_(indexes.size()) {
  for (const EntryIndex& index : indexes) {
    predicates_.emplace_back();
    if (!index.where.empty()) predicates_.back().emplace(database, index.where);
  }
}

void RowSums::add(const EntryRow& row) {
  for (std::size_t at = 0; at < indexes_.size(); ++at) {
    if (predicates_[at] && !predicates_[at]->holds(row)) continue;
    const EntryIndex& index = indexes_[at];
    ValueMix mix(key_);
    if (index.by_stream_and_version) {
      row.stream_is_id ? mix.blob(row.stream) : mix.text(row.stream);
      mix.integer(row.version);
    }
    for (const auto member : index.texts) {
      if (is_null(row, member)) {
        mix.null();
      } else {
        mix.text(row.*member);
      }
    }
    mix.integer(row.seq);
    ++sums_[at].count;
    sums_[at].sum += mix.result();
  }
}

std::vector<IndexSum> RowSums::take() {
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
      if (const auto member = text_column(column)) index.texts.push_back(member);
    }
    if (index.texts.size() != index.columns.size()) index.texts.clear();
    indexes.push_back(std::move(index));
  }
  return indexes;
}

}  // namespace autoheal::store
