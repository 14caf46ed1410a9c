// token create, token rotate: a bearer token for the API on TCP, shown once.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct TokenCreateOptions {
  std::string principal, role, expires;
  std::vector<std::string> engines;
};
struct TokenRotateOptions {
  std::string token, expires;
};

constexpr const char* token_create_example = R"(
Example:
  autoheal token create --principal prometheus --role observer --expires 30d
The token is shown once; the ledger and the file beside it know only its digest.
)";

// 0: it is fine, or was not given.
int take_life(const Session& session, const std::string& written, OperationBody& body) {
  if (written.empty()) return exit_done;
  const auto life = parse_age(written);
  if (!life) {
    return session.fail({ErrorKind::invalid, fmt::format("\"{}\" is not how long a token is valid", written),
                         "expected for example 12h, 30d or 90d"});
  }
  body.for_us = life->count();
  return exit_done;
}

int show_token(const Session& session, const std::string& answer) {
  const auto made = nlohmann::json::parse(answer, nullptr, false);
  if (!made.is_object() || !made.contains("token"))
    return session.fail({ErrorKind::corrupt, "the daemon's answer holds no token", {}});
  if (session.options.output == OutputFormat::json) {
    session.console.data(answer);
    return exit_done;
  }
  session.console.data(made["token"].get<std::string>());
  session.console.note(fmt::format("token {} of {}, {}, until {}: it is not shown again", made.value("id", ""),
                                   made.value("principal", ""), made.value("role", ""), made.value("expires", "")));
  return exit_done;
}

int run_token_create(const Session& session, const TokenCreateOptions& options) {
  OperationBody body;
  body.principal = options.principal;
  body.role = options.role;
  body.engines = options.engines;
  if (const int code = take_life(session, options.expires, body); code != exit_done) return code;
  return perform_operation(session, "token_create", std::move(body),
                           [&session](const std::string& answer) { return show_token(session, answer); });
}

int run_token_rotate(const Session& session, const TokenRotateOptions& options) {
  OperationBody body;
  body.token = options.token;
  if (const int code = take_life(session, options.expires, body); code != exit_done) return code;
  return perform_operation(session, "token_rotate", std::move(body),
                           [&session](const std::string& answer) { return show_token(session, answer); });
}

}  // namespace

void add_token_create(CommandLine& line) {
  auto [command, options] =
      line.add("token create", "make a token for the API on TCP, and show it once", Needs::daemon, run_token_create);
  command.footer(token_create_example);
  command.option("--principal", options.principal, "NAME", "whose token it is (default: yours)");
  command.option("--role", options.role, "ROLE", "what it may do at most (default: observer)")
      .one_of({"observer", "captain", "admiral"});
  command.option("--expires", options.expires, "TIME", "how long it is valid: 12h, 30d (default: 90d)");
  command.option("--engine", options.engines, "NAME", "only for this engine; may be repeated");
}

void add_token_rotate(CommandLine& line) {
  auto [command, options] =
      line.add("token rotate", "end a token, and make and show another one that is good for the same", Needs::daemon,
               run_token_rotate);
  command.argument("token", options.token, "ID", "the token's id").required();
  command.option("--expires", options.expires, "TIME", "how long the new one is valid (default: as the old one was)");
}

}  // namespace autoheal::cli
