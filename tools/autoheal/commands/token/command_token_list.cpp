// token list, token revoke: which tokens there are, and how one of them ends.
#include <nlohmann/json.hpp>

#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct TokenListOptions {};
struct TokenRevokeOptions {
  std::string token;
};

int show_tokens(const Session& session, const std::string& answer) {
  const auto list = nlohmann::json::parse(answer, nullptr, false);
  if (!list.is_object() || !list.contains("items"))
    return session.fail({ErrorKind::corrupt, "the daemon's answer holds no tokens", {}});
  Table table;
  table.columns = {"token", "principal", "role", "engines", "creator", "created", "expires"};
  for (const auto& one : list["items"]) {
    std::string engines;
    for (const auto& name : one.value("engines", std::vector<std::string>()))
      engines += (engines.empty() ? "" : ",") + name;
    table.rows.push_back({one.value("token", ""), one.value("principal", ""), one.value("role", ""),
                          engines.empty() ? "all" : engines, one.value("creator", ""), one.value("created", ""),
                          one.value("expires", "")});
  }
  print(session.console, table, session.options.output);
  return exit_done;
}

int run_token_list(const Session& session, const TokenListOptions&) {
  return perform_operation(session, "token_list", {},
                           [&session](const std::string& answer) { return show_tokens(session, answer); });
}

int run_token_revoke(const Session& session, const TokenRevokeOptions& options) {
  OperationBody body;
  body.token = options.token;
  return perform_operation(session, "token_revoke", std::move(body),
                           [&session](const std::string& answer) { return print_said(session, answer); });
}

}  // namespace

void add_token_list(CommandLine& line) {
  line.add("token list", "list the valid tokens: whose they are and what they are good for", Needs::daemon,
           run_token_list);
}

void add_token_revoke(CommandLine& line) {
  auto [command, options] = line.add("token revoke", "end a token now", Needs::daemon, run_token_revoke);
  command.argument("token", options.token, "ID", "the token's id").required();
}

}  // namespace autoheal::cli
