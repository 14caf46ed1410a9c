#include "tools/autoheal/api/caught_command.hpp"

#include <fmt/core.h>

#include "tools/autoheal/commands/command_table.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

Result<std::string> caught_output(const LoadedConfiguration& configuration, const workflows::Principal& principal,
                                  std::vector<std::string> words) {
  CommandLine line;
  add_commands(line);
  auto parsed = line.parse_words(std::move(words));
  AUTOHEAL_TRY(parsed);
  CaughtOutput caught;
  Console console(parsed->options.output, caught);
  const Session session{parsed->options, console, configuration, principal};
  const int code = parsed->run(session);
  if (caught.error) return std::unexpected(std::move(*caught.error));
  if (caught.is_cut)
    return failure(ErrorKind::failed, "the answer is longer than 16 MiB", "ask for less of it, such as a shorter time");
  if (code != exit_done && caught.data.empty())
    return failure(ErrorKind::failed, fmt::format("the command ended with {}", code));
  return std::move(caught.data);
}

std::vector<std::string> words_of(const ApiRequest& request, const std::string& after) {
  const ApiOperation& operation = *request.operation;
  std::vector<std::string> words;
  for (const std::string_view word : operation.words) words.emplace_back(word);
  words.insert(words.end(), {"--output", "json"});
  std::vector<std::string> arguments;
  const auto take = [&](const ApiParameter& declared) {
    const auto given = request.parameters.find(declared.name);
    if (given == request.parameters.end()) return;
    for (const std::string& value : given->second) {
      if (declared.option.empty()) {
        arguments.push_back(value);
      } else {
        words.push_back(fmt::format("{}={}", declared.option, value));
      }
    }
  };
  for (const ApiParameter& one : operation.in_path) take(one);
  for (const ApiParameter& one : operation.in_query) take(one);
  if (request.limit) words.push_back(fmt::format("--limit={}", *request.limit + 1));  // one more tells of a next page
  if (!after.empty()) words.push_back(fmt::format("{}={}", operation.paging.option, after));
  if (!arguments.empty()) words.emplace_back("--");  // behind it nothing is an option
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace autoheal::cli
