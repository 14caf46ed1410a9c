#include "tools/autoheal/access/token_file.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <set>
#include <stdexcept>

#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/store/file/posix_file.hpp"
#include "tools/autoheal/access/token_entries.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t most_file_bytes = 4U << 20U;
constexpr std::uint64_t file_version = 1;
constexpr std::size_t digest_digits = 64;
constexpr mode_t of_its_owner = 0600;

TokenRecord record_in(const EntryJson& in) {
  TokenRecord one = token_in(in);
  one.digest = in.at("sha256").get<std::string>();
  if (!is_token_id(one.id) || one.digest.size() != digest_digits) throw std::invalid_argument("it holds no digest");
  return one;
}

std::vector<TokenRecord> records_in(const std::string& text) {
  const EntryJsonDocument document(text);
  if (document.root().at("version").get<std::uint64_t>() != file_version)
    throw std::invalid_argument("it is of another version");
  std::vector<TokenRecord> all;
  std::set<std::string> ids;
  const auto list = document.root().find("tokens");
  if (!list) return all;
  for (const EntryJson one : *list) {
    all.push_back(record_in(one));
    if (!ids.insert(all.back().id).second) throw std::invalid_argument("a token stands in it twice");
    if (all.size() > most_tokens) throw std::invalid_argument("it holds more than 1,000 tokens");
  }
  return all;
}

Error not_private(const std::string& file, const std::string& why) {
  return {ErrorKind::refused, fmt::format("the tokens in {} are not used: it {}", file, why),
          "chmod 0600, and give it to the user that owns the ledger"};
}

}  // namespace

std::string tokens_file_of(const std::string& ledger) { return ledger + ".tokens"; }

Result<std::vector<TokenRecord>> read_tokens(const std::string& file) {
  const auto found = store::read_small_file(file, most_file_bytes);
  AUTOHEAL_TRY(found);
  if (!*found) return std::vector<TokenRecord>();
  if (((*found)->mode & 077) != 0) return std::unexpected(not_private(file, "can be read or written by others"));
  if ((*found)->owner != ::geteuid()) return std::unexpected(not_private(file, "belongs to another user"));
  try {
    return records_in((*found)->content);
  } catch (const std::invalid_argument& problem) {
    return failure(ErrorKind::corrupt, fmt::format("{} holds no tokens: {}", file, problem.what()),
                   "restore it from a backup, or move it away: then no token is valid");
  }
}

Result<void> write_tokens(const std::string& file, const std::vector<TokenRecord>& tokens) {
  if (tokens.size() > most_tokens)
    return failure(ErrorKind::invalid, "there are 1,000 tokens already", "`autoheal token revoke` ends one");
  JsonWriter out;
  out.begin_object().field("version", file_version);
  if (!tokens.empty()) {
    out.key("tokens").begin_array();
    for (const TokenRecord& one : tokens) {
      out.begin_object();
      write_token(out, one);
      out.field("sha256", one.digest).end_object();
    }
    out.end_array();
  }
  return store::replace_file(file, out.end_object().take() + "\n", of_its_owner);
}

Result<std::vector<TokenRecord>> valid_tokens(const engine::LedgerView& ledger, const std::string& file) {
  auto in_file = read_tokens(file);
  AUTOHEAL_TRY(in_file);
  const auto in_ledger = tokens_in(ledger);
  AUTOHEAL_TRY(in_ledger);
  return agreed(std::move(*in_file), *in_ledger);
}

}  // namespace autoheal::cli
