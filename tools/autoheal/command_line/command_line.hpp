// The program's arguments. Each command declares its name, its options and its help; parsing prints help and usage
// errors, and chooses the command to run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "tools/autoheal/command_line/options.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace autoheal::cli {

struct Session;

// The knowledge that a command requires before it runs.
enum class Needs {
  nothing,            // neither configuration nor ledger
  own_configuration,  // a valid configuration, which it loads itself, since another one may replace it
  configuration,      // a valid configuration
  // It only reads, for those whose role lets them read the ledger: while the configuration is invalid, the ledger and a
  // running daemon are enough.
  record,
  record_for_anyone,         // as `record`, but the command itself decides who may see what
  record_and_configuration,  // as `record`, but under a valid configuration
  daemon,  // it changes something: while the configuration is invalid, a running daemon may still do it
};

// An option that was declared, for what is rarely said of one.
class DeclaredOption {
 public:
  explicit DeclaredOption(CLI::Option& option) : option_(option) {}
  DeclaredOption& required();
  DeclaredOption& excludes(const DeclaredOption& other);
  DeclaredOption& goes_with(const DeclaredOption& other);  // it means nothing without that one
  DeclaredOption& one_of(const std::vector<std::string>& words);
  DeclaredOption& within(std::uint64_t least, std::uint64_t most);
  DeclaredOption& not_negative();
  DeclaredOption& shows_default();
  DeclaredOption& takes_several();  // values at once: --engine A B

 private:
  CLI::Option& option_;
};

// A command that was declared. `type` is the word for the value in the help; an option that fills a list may be
// repeated.
class DeclaredCommand {
 public:
  explicit DeclaredCommand(CLI::App& app) : app_(app) {}
  DeclaredOption argument(const std::string& name, std::string& value, const std::string& type,
                          const std::string& help) const;
  DeclaredOption option(const std::string& name, std::string& value, const std::string& type,
                        const std::string& help) const;
  DeclaredOption option(const std::string& name, std::optional<std::string>& value, const std::string& type,
                        const std::string& help) const;
  DeclaredOption option(const std::string& name, std::uint64_t& value, const std::string& type,
                        const std::string& help) const;
  DeclaredOption option(const std::string& name, std::optional<std::uint64_t>& value, const std::string& type,
                        const std::string& help) const;
  DeclaredOption option(const std::string& name, std::vector<std::string>& value, const std::string& type,
                        const std::string& help) const;
  DeclaredOption flag(const std::string& name, bool& value, const std::string& help) const;
  // Sets `value` to `meaning`.
  DeclaredOption flag(const std::string& name, std::optional<bool>& value, bool meaning, const std::string& help) const;
  void footer(const std::string& text) const;  // after the options; a leading line end is left out

 private:
  CLI::App& app_;
};

struct Parsed {
  Options options;
  Needs needs = Needs::nothing;
  std::function<int(const Session&)> run;
  std::optional<int> exit_code;  // set: help, version or a usage error was printed; do nothing more
};

class CommandLine {
 public:
  CommandLine();
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // Declares what the commands "NAME ..." have in common. The name may begin with that of a group around it.
  void group(const std::string& name, const std::string& help);

  template <class Own>
  struct Declared {
    DeclaredCommand command;
    Own& options;
  };
  // Declares the command `name`, which may be "GROUP NAME" and deeper, with options of its own.
  template <class Own>
  Declared<Own> add(const std::string& name, const std::string& help, Needs needs,
                    int (*run)(const Session&, const Own&)) {
    return add(name, help, needs, run, std::make_shared<Own>());
  }
  // The same with options that it may share with other commands: one of `audit` may stand before `coverage`.
  template <class Own>
  Declared<Own> add(const std::string& name, const std::string& help, Needs needs,
                    int (*run)(const Session&, const Own&), std::shared_ptr<Own> options) {
    return add(name, help, std::function([needs](const Own&) { return needs; }), run, std::move(options));
  }
  // The same where its options decide what it needs.
  template <class Own>
  Declared<Own> add(const std::string& name, const std::string& help, std::function<Needs(const Own&)> needs,
                    int (*run)(const Session&, const Own&), std::shared_ptr<Own> options = std::make_shared<Own>()) {
    return {declare(name, help,
                    {[options, needs = std::move(needs)] { return needs(*options); },
                     [options, run](const Session& session) { return run(session, *options); }}),
            *options};
  }
  DeclaredCommand add(const std::string& name, const std::string& help, Needs needs, int (*run)(const Session&));

  // Prints help to stdout and usage errors to stderr. To be called once, or parse_words() instead.
  [[nodiscard]] Parsed parse(int argc, char** argv);
  // Prints nothing. `words` are what follows the program's name. invalid: a usage error, or a wish for help.
  [[nodiscard]] Result<Parsed> parse_words(std::vector<std::string> words);

 private:
  struct Command {
    std::function<Needs()> needs;
    std::function<int(const Session&)> run;
  };
  [[nodiscard]] Result<Parsed> chosen();
  CLI::App& declare_word(const std::string& name, const std::string& help);
  DeclaredCommand declare(const std::string& name, const std::string& help, Command command);
  void declare_common_options();

  std::unique_ptr<CLI::App> app_;
  Options common_;
  std::optional<Command> chosen_;
};

}  // namespace autoheal::cli
