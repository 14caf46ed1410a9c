#include "tools/autoheal/command_line/command_line.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "tools/autoheal/output/exit_code.hpp"
#include "tools/autoheal/output/version.hpp"
#include "tools/config/problem.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* about =
    R"(Autoheal tests what you manage, repairs what fails, proves that the repair holds,
and leaves evidence that anyone can check. An uncertified change never stays.
)";

constexpr const char* first_session = R"(A first session:
  autoheal init --help                   a first configuration for what you have
  autoheal config check                  is the configuration right?
  autoheal doctor                        is all in place on this host?
  autoheal selftest --no-heal            what fails, without touching anything
  autoheal explain EnvRecon              what is there, what is declared, why it is or is not healed
  autoheal heal EnvRecon --dry-run       what would be repaired, and would it be certified?
  autoheal selftest                      test, heal, certify, report
  autoheal heals                         what was healed
  autoheal show HEAL                     one heal, step by step
  autoheal ledger verify                 did anybody edit the record?

Exit codes: 0 done, 1 failed, 2 usage, 3 skipped, 4 refused, 5 not found, 6 busy or unavailable,
9 self-test run failed, 70 internal, 78 configuration, 130/143 on a signal.
)";

// The command that the words lead to, or the group in which they end.
const CLI::App& last_named(const CLI::App& app) {
  const auto named = app.get_subcommands();
  return named.empty() ? app : last_named(*named.front());
}

std::string full_name(const CLI::App& app) {
  if (app.get_parent() == nullptr) return {};
  const std::string above = full_name(*app.get_parent());
  return above.empty() ? app.get_name() : above + " " + app.get_name();
}

// Says which command was probably meant; empty if the problem is another one.
std::string unknown_command(const CLI::App& app) {
  const CLI::App& group = last_named(app);
  std::vector<std::string> known;
  for (const CLI::App* one : group.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(one->get_name());
  const auto left_over = app.remaining(true);
  if (known.empty() || left_over.empty() || left_over.front().starts_with('-')) return {};
  const std::string above = full_name(group);
  const std::string meant = config::did_you_mean(left_over.front(), known);
  return fmt::format("there is no command \"{}{}\"{}", above.empty() ? "" : above + " ", left_over.front(),
                     meant.empty() ? "" : "\n  " + meant);
}

// "A", "A and B", "A, B and C".
std::string enumerated(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t index = 0; index < names.size(); ++index)
    text += (index == 0 ? "" : index + 1 == names.size() ? " and " : ", ") + names[index];
  return text;
}

// An option of `audit` is parsed, too, where it stands with `audit coverage`, which does not take all of them. Empty:
// the command takes everything that is there.
std::string not_taken(const CLI::App& chosen) {
  const CLI::App* above = chosen.get_parent();
  if (above == nullptr || above->get_parent() == nullptr) return {};
  std::vector<std::string> taken;
  for (const CLI::Option* one : chosen.get_options([](const CLI::Option*) { return true; })) {
    if (one != chosen.get_help_ptr()) taken.push_back(one->get_name());
  }
  const auto is_not_taken = [&taken](const CLI::Option* one) {
    return one->count() > 0 && std::ranges::find(taken, one->get_name()) == taken.end();
  };
  if (std::ranges::none_of(above->get_options([](const CLI::Option*) { return true; }), is_not_taken)) return {};
  return fmt::format("{} takes {}", full_name(chosen), taken.empty() ? "no options" : enumerated(taken) + " alone");
}

void print_usage_error(const std::string& problem) {
  std::cerr << "autoheal: " << problem << "\n  try: autoheal --help\n";
}

}  // namespace

DeclaredOption& DeclaredOption::required() {
  option_.required();
  return *this;
}
DeclaredOption& DeclaredOption::excludes(const DeclaredOption& other) {
  option_.excludes(&other.option_);
  return *this;
}
DeclaredOption& DeclaredOption::goes_with(const DeclaredOption& other) {
  option_.needs(&other.option_);
  return *this;
}
DeclaredOption& DeclaredOption::one_of(const std::vector<std::string>& words) {
  option_.check(CLI::IsMember(words));
  return *this;
}
DeclaredOption& DeclaredOption::within(std::uint64_t least, std::uint64_t most) {
  option_.check(CLI::Range(least, most));
  return *this;
}
DeclaredOption& DeclaredOption::not_negative() {
  option_.check(CLI::NonNegativeNumber);
  return *this;
}
DeclaredOption& DeclaredOption::shows_default() {
  option_.capture_default_str();
  return *this;
}
DeclaredOption& DeclaredOption::takes_several() {
  option_.allow_extra_args(true);
  return *this;
}

DeclaredOption DeclaredCommand::argument(const std::string& name, std::string& value, const std::string& type,
                                         const std::string& help) const {
  return option(name, value, type, help);
}
DeclaredOption DeclaredCommand::option(const std::string& name, std::string& value, const std::string& type,
                                       const std::string& help) const {
  return DeclaredOption(*app_.add_option(name, value, help)->type_name(type));
}
DeclaredOption DeclaredCommand::option(const std::string& name, std::optional<std::string>& value,
                                       const std::string& type, const std::string& help) const {
  return DeclaredOption(*app_.add_option(name, value, help)->type_name(type));
}
DeclaredOption DeclaredCommand::option(const std::string& name, std::uint64_t& value, const std::string& type,
                                       const std::string& help) const {
  return DeclaredOption(*app_.add_option(name, value, help)->type_name(type));
}
DeclaredOption DeclaredCommand::option(const std::string& name, std::optional<std::uint64_t>& value,
                                       const std::string& type, const std::string& help) const {
  return DeclaredOption(*app_.add_option(name, value, help)->type_name(type));
}
DeclaredOption DeclaredCommand::option(const std::string& name, std::vector<std::string>& value,
                                       const std::string& type, const std::string& help) const {
  return DeclaredOption(*app_.add_option(name, value, help)->allow_extra_args(false)->type_name(type));
}
DeclaredOption DeclaredCommand::flag(const std::string& name, bool& value, const std::string& help) const {
  return DeclaredOption(*app_.add_flag(name, value, help));
}
DeclaredOption DeclaredCommand::flag(const std::string& name, std::optional<bool>& value, bool meaning,
                                     const std::string& help) const {
  return DeclaredOption(*app_.add_flag_callback(name, [&value, meaning] { value = meaning; }, help));
}
void DeclaredCommand::footer(const std::string& text) const {
  app_.footer(text.starts_with('\n') ? text.substr(1) : text);
}

CommandLine::CommandLine() : app_(std::make_unique<CLI::App>(about, "autoheal")) {
  app_->set_version_flag("--version", std::string("autoheal ") + version);
  app_->require_subcommand(1);
  declare_common_options();
}

CommandLine::~CommandLine() = default;

void CommandLine::declare_common_options() {
  app_->add_option("-c,--config", common_.config_file,
                   "configuration; else $AUTOHEAL_CONFIG, ./autoheal.yaml, /etc/autoheal/autoheal.yaml")
      ->type_name("FILE");
  const auto take_form = [this](const std::string& word) {
    if (word == "json") common_.output = OutputFormat::json;
    if (word == "jsonl") common_.output = OutputFormat::jsonl;
    if (word == "csv") common_.output = OutputFormat::csv;
  };
  app_->add_option_function<std::string>("-o,--output", take_form, "format of the output (default: text)")
      ->check(CLI::IsMember({"text", "json", "jsonl", "csv"}))
      ->type_name("FORM");
  app_->add_option("--color", common_.color, "auto, always or never; NO_COLOR also switches it off")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  app_->add_option("--reason", common_.reason, "why, in your words; the ledger records it with what you did")
      ->type_name("TEXT");
}

void CommandLine::group(const std::string& name, const std::string& help) {
  declare_word(name, help).require_subcommand(1)->fallthrough();
}

DeclaredCommand CommandLine::add(const std::string& name, const std::string& help, Needs needs,
                                 int (*run)(const Session&)) {
  return declare(name, help, {[needs] { return needs; }, run});
}

// The last word of the name, below the groups that the words before it name.
CLI::App& CommandLine::declare_word(const std::string& name, const std::string& help) {
  CLI::App* parent = app_.get();
  std::size_t word = 0;
  for (auto end = name.find(' '); end != std::string::npos; end = name.find(' ', word)) {
    parent = parent->get_subcommand(name.substr(word, end - word));
    word = end + 1;
  }
  return *parent->add_subcommand(name.substr(word), help);
}

DeclaredCommand CommandLine::declare(const std::string& name, const std::string& help, Command command) {
  CLI::App* app = declare_word(name, help).fallthrough();
  // One of `audit` and `audit coverage` is meant, and the callback of the longer one comes first.
  app->callback([this, command = std::move(command)] {
    if (!chosen_) chosen_ = command;
  });
  return DeclaredCommand(*app);
}

Parsed CommandLine::parse(int argc, char** argv) {
  app_->footer(first_session);  // after the commands: theirs would repeat it
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& help) {
    return {{}, {}, {}, app_->exit(help, std::cout, std::cerr)};
  } catch (const CLI::ParseError& problem) {
    const std::string unknown = unknown_command(*app_);
    print_usage_error(unknown.empty() ? problem.what() : unknown);
    return {{}, {}, {}, exit_usage};
  }
  auto parsed = chosen();
  if (parsed) return std::move(*parsed);
  print_usage_error(parsed.error().message);
  return {{}, {}, {}, exit_usage};
}

Result<Parsed> CommandLine::parse_words(std::vector<std::string> words) {
  std::ranges::reverse(words);  // the library takes them from the end
  try {
    app_->parse(std::move(words));
  } catch (const CLI::Error& problem) {
    return failure(ErrorKind::invalid, problem.what());
  }
  return chosen();
}

// The command that was parsed takes all that stands with it.
Result<Parsed> CommandLine::chosen() {
  if (const std::string problem = not_taken(last_named(*app_)); !problem.empty())
    return failure(ErrorKind::invalid, problem);
  return Parsed{common_, chosen_->needs(), chosen_->run, {}};
}

}  // namespace autoheal::cli
