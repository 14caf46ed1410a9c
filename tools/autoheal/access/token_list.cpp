#include "tools/autoheal/access/token_list.hpp"

#include "tools/autoheal/access/token_entries.hpp"
#include "tools/autoheal/access/token_file.hpp"

namespace autoheal::cli {

Result<std::string> token_list(const engine::LedgerView& ledger, const std::string& path) {
  const auto tokens = valid_tokens(ledger, tokens_file_of(path));
  AUTOHEAL_TRY(tokens);
  JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (const TokenRecord& one : *tokens) {
    out.begin_object();
    write_token(out, one);
    out.end_object();
  }
  return out.end_array().end_object().take();
}

}  // namespace autoheal::cli
