#include "tools/autoheal/access/token_entries.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "autoheal/workflows/heal/by_codec.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* created = "token.created";
constexpr const char* revoked = "token.revoked";
constexpr const char* rollback_accepted = "ledger.rollback_accepted";

Timestamp moment_in(const EntryJson& in, std::string_view key) {
  const auto moment = parse_timestamp(in.at(key).text());
  if (!moment) throw std::invalid_argument("a time cannot be read");
  return *moment;
}

engine::NewEntry about_token(std::string_view type, const TokenRecord& token, const workflows::By& by, Timestamp now) {
  JsonWriter data;
  data.begin_object();
  write_token(data, token);
  return workflows::entry_by(by, type, {}, now, data);
}

}  // namespace

void write_token(JsonWriter& out, const TokenRecord& token) {
  out.field("token", token.id).field("principal", token.principal).field("role", workflows::name_of(token.role));
  out.field("creator", token.creator).field("created", format_timestamp(token.created));
  out.field("expires", format_timestamp(token.expires));
  if (token.engines.empty()) return;
  out.key("engines").begin_array();
  for (const std::string& one : token.engines) out.value(one);
  out.end_array();
}

TokenRecord token_in(const EntryJson& in) {
  TokenRecord one;
  one.id = in.at("token").get<std::string>();
  one.principal = in.at("principal").get<std::string>();
  const auto role = workflows::parse_role(in.at("role").text());
  if (!role) throw std::invalid_argument("a role is unknown");
  one.role = *role;
  one.creator = in.at("creator").get<std::string>();
  one.created = moment_in(in, "created");
  one.expires = moment_in(in, "expires");
  one.engines = in.value("engines", std::vector<std::string>());
  return one;
}

engine::NewEntry token_created(const TokenRecord& token, const workflows::By& by, Timestamp now) {
  return about_token(created, token, by, now);
}

engine::NewEntry token_revoked(const TokenRecord& token, const workflows::By& by, Timestamp now) {
  return about_token(revoked, token, by, now);
}

Result<std::vector<TokenRecord>> tokens_in(const engine::LedgerView& ledger) {
  const auto entries = ledger.read_types("ledger", {created, revoked, rollback_accepted});
  AUTOHEAL_TRY(entries);
  std::map<std::string, TokenRecord> alive;
  try {
    for (const engine::Entry& entry : *entries) {
      if (entry.type == rollback_accepted) {
        alive.clear();
        continue;
      }
      const EntryJsonDocument document(entry.data);
      TokenRecord one = token_in(document.root());
      if (entry.type == revoked) alive.erase(one.id);
      if (entry.type == created) alive.insert_or_assign(one.id, std::move(one));
    }
  } catch (const std::invalid_argument& problem) {
    return failure(ErrorKind::corrupt, std::string("an entry about a token cannot be read: ") + problem.what(),
                   "autoheal ledger verify");
  }
  std::vector<TokenRecord> all;
  for (auto& [id, token] : alive) all.push_back(std::move(token));
  return all;
}

std::vector<TokenRecord> agreed(std::vector<TokenRecord> in_file, const std::vector<TokenRecord>& in_ledger) {
  std::erase_if(in_file, [&](TokenRecord one) {
    one.digest.clear();
    return std::ranges::find(in_ledger, one) == in_ledger.end();
  });
  return in_file;
}

}  // namespace autoheal::cli
