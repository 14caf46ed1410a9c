// The steps of a scenario: a table of their first words, and what each does.
#include <sstream>

#include "autoheal/engine/base/durations.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "tests/simulation/scenario/scenario_machine.hpp"
#include "tools/config/problem.hpp"
#include "tools/config/texts/scalars.hpp"

namespace autoheal::simulation {

using autoheal::testing::ended;
using workflows::RunOutcome;
using workflows::RunRequest;
using workflows::testing::SimulatedHost;

struct ScenarioMachine::Verb {
  std::string_view word;
  std::string_view usage;
  std::size_t least_words, most_words;  // behind the first
  enum class When { before_start, with_daemon, any } when;
  Result<void> (ScenarioMachine::*act)(const ScenarioStep& step);
};

namespace {

constexpr std::size_t many = 100;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string words_from(const std::vector<std::string>& words, std::size_t first) {
  std::string text;
  for (std::size_t at = first; at < words.size(); ++at) text += (text.empty() ? "" : " ") + words[at];
  return text;
}

auto not_understood(const std::string& what, const std::string& expected) {
  return failure(ErrorKind::invalid, "'" + what + "': expected " + expected);
}

Result<Duration> duration_of(const std::string& word) {
  const auto time = parse_duration(word);
  if (!time) return not_understood(word, "a duration, like 250ms, 5s, 2m or 1h");
  return *time;
}

Result<unsigned> number_of(const std::string& word) {
  const auto number = parse_number<unsigned>(word);
  if (!number) return not_understood(word, "a number");
  return *number;
}

Result<workflows::FileMode> mode_of(const std::string& word) {
  const auto mode = config::parse_mode(word);
  if (!mode) return not_understood(word, "a mode, like 0640");
  return *mode;
}

// The check that a program of the machine makes.
Result<std::function<bool()>> condition_of(SimulatedHost& host, const std::vector<std::string>& words,
                                           const std::string& text) {
  if (words.size() == 2 && words[0] == "runs")
    return std::function<bool()>([&host, path = words[1]] { return host.process_runs(path); });
  if (words.size() == 2 && words[0] == "unit")
    return std::function<bool()>(
        [&host, unit = words[1]] { return host.unit_state(unit) == workflows::ServiceState::running; });
  if (words.size() == 2 && words[0] == "file")
    return std::function<bool()>([&host, path = words[1], text] { return host.content(path) == text; });
  return not_understood(words_from(words, 0), "'runs PIDFILE', 'unit NAME' or 'file PATH' with its content below");
}

std::string picture_of(const std::optional<workflows::testing::SimulatedFile>& file) {
  if (!file) return "there is none";
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(file->mode));
  const std::string is = std::string(name_of(file->kind)) + " " + mode;
  return file->link_target.empty() ? is : is + " -> " + file->link_target;
}

}  // namespace

const std::vector<ScenarioMachine::Verb>& ScenarioMachine::verbs() {
  using When = Verb::When;
  static const std::vector<Verb> all = {
      // the configuration
      {"engine", "engine, with its configuration below", 0, 0, When::before_start, &ScenarioMachine::configure},
      {"settings", "settings, with other parts of the configuration below", 0, 0, When::before_start,
       &ScenarioMachine::configure},
      {"source", "source NAME, with its content below: a file that the configuration names", 1, 1, When::before_start,
       &ScenarioMachine::configure},
      // files
      {"file", "file PATH [MODE], with its content below", 1, 2, When::any, &ScenarioMachine::change_file},
      {"mode", "mode PATH MODE", 2, 2, When::any, &ScenarioMachine::change_file},
      {"link", "link PATH TARGET", 2, 2, When::any, &ScenarioMachine::change_file},
      {"remove", "remove PATH", 1, 1, When::any, &ScenarioMachine::change_file},
      {"open", "open PATH: a program opens it to write", 1, 1, When::any, &ScenarioMachine::change_file},
      {"close", "close PATH, after the program wrote what is below", 1, 1, When::any, &ScenarioMachine::change_file},
      // programs
      {"program",
       "program PATH exits STATUS | fails NUMBER times | starts PIDFILE | stops PIDFILE | writes FILE | passes while "
       "CONDITION",
       3, many, When::any, &ScenarioMachine::install_program},
      // the rest of the machine
      {"service", "service PIDFILE runs | ended", 2, 2, When::any, &ScenarioMachine::set_world},
      {"unit", "unit NAME running | failed | stopped | stopped_by_hand | masked", 2, 2, When::any,
       &ScenarioMachine::set_world},
      {"place", "place HOST:PORT answers | silent", 2, 2, When::any, &ScenarioMachine::set_world},
      {"secret", "secret PATH, with its content below", 1, 1, When::any, &ScenarioMachine::set_world},
      {"release", "release FOLDER NAME, with what is wrong with it below, if anything is", 2, 2, When::any,
       &ScenarioMachine::set_world},
      {"snapshot", "snapshot FOLDER NAME AGE, with its content below", 3, 3, When::any, &ScenarioMachine::set_world},
      {"observer", "observer blind | sees ENGINE", 2, 2, When::any, &ScenarioMachine::set_world},
      {"clock", "clock forward | back DURATION: somebody sets the wall clock", 2, 2, When::any,
       &ScenarioMachine::set_world},
      // people, and the process itself
      {"pass", "pass DURATION: time goes by", 1, 1, When::with_daemon, &ScenarioMachine::do_as_person},
      {"heal", "heal ENGINE", 1, 1, When::with_daemon, &ScenarioMachine::do_as_person},
      {"hold", "hold ENGINE DURATION", 2, 2, When::with_daemon, &ScenarioMachine::do_as_person},
      {"unhold", "unhold ENGINE", 1, 1, When::with_daemon, &ScenarioMachine::do_as_person},
      {"reset", "reset ENGINE", 1, 1, When::with_daemon, &ScenarioMachine::do_as_person},
      {"healing", "healing on | off", 1, 1, When::with_daemon, &ScenarioMachine::do_as_person},
      {"die", "die: the process ends where it stands, and the next one starts", 0, 0, When::with_daemon,
       &ScenarioMachine::do_as_person},
      {"at", "at ENTRY-TYPE STEP: the step is taken when the next entry of that type is written", 2, many, When::any,
       &ScenarioMachine::do_as_person},
      {"without", "without deaths: the end depends on where the process dies, so that is not tried", 1, 1, When::any,
       &ScenarioMachine::take_as_told},
      {"show", "show file PATH | service PIDFILE | unit NAME", 2, 2, When::any, &ScenarioMachine::show},
  };
  return all;
}

Result<void> ScenarioMachine::act(const ScenarioStep& step) {
  const auto& all = verbs();
  const auto verb = std::ranges::find(all, step.words.front(), &Verb::word);
  if (verb == all.end()) {
    std::vector<std::string> known;
    for (const Verb& one : all) known.emplace_back(one.word);
    const std::string meant = config::did_you_mean(step.words.front(), known);
    return failure(ErrorKind::invalid, "unknown step '" + step.words.front() + "'" +
                                           (meant.empty() ? "; the steps are: " + words_from(known, 0) : ", " + meant));
  }
  const std::size_t behind = step.words.size() - 1;
  if (behind < verb->least_words || behind > verb->most_words)
    return not_understood(words_from(step.words, 0), std::string(verb->usage));
  if (verb->when == Verb::When::before_start && daemon_)
    return failure(ErrorKind::invalid,
                   "'" + step.words.front() + "' stands before the first step that needs the daemon");
  if (verb->when == Verb::When::with_daemon && !daemon_) AUTOHEAL_TRY(start());
  return (this->*verb->act)(step);
}

Result<void> ScenarioMachine::configure(const ScenarioStep& step) {
  const std::string& word = step.words.front();
  if (word == "source") write_source(step.words[1], joined(step.text));
  if (word == "settings") settings_ += joined(step.text);
  if (word != "engine") return {};
  bool first = true;
  for (const std::string& line : step.text) {
    engines_ += (first ? "  - " : "    ") + line + "\n";
    first = false;
  }
  return {};
}

Result<void> ScenarioMachine::change_file(const ScenarioStep& step) {
  const std::string& word = step.words[0];
  const std::string& path = step.words[1];
  SimulatedHost& host = world_.host;
  if (word == "file") {
    workflows::FileMode mode = host.file(path) ? host.file(path)->mode : 0644;
    if (step.words.size() == 3) {
      const auto given = mode_of(step.words[2]);
      AUTOHEAL_TRY(given);
      mode = *given;
    }
    host.write(path, joined(step.text), mode);
  } else if (word == "mode") {
    const auto mode = mode_of(step.words[2]);
    AUTOHEAL_TRY(mode);
    if (!host.file(path)) return failure(ErrorKind::not_found, path + " is not there");
    host.set_mode(path, *mode);
  } else if (word == "link") {
    host.make_link(path, step.words[2]);
  } else if (word == "remove") {
    host.remove(path);
  } else if (word == "open") {
    writers_[path] = host.open_to_write(path, true, "an editor");
  } else {
    const auto writer = writers_.find(path);
    if (writer == writers_.end()) return failure(ErrorKind::not_found, "nobody has opened " + path);
    host.write_to(writer->second, joined(step.text));
    host.close(writer->second);
    writers_.erase(writer);
  }
  touched(path);
  return {};
}

Result<void> ScenarioMachine::install_program(const ScenarioStep& step) {
  const std::string &path = step.words[1], &does = step.words[2], &what = step.words[3];
  SimulatedHost& host = world_.host;
  const std::string text = joined(step.text);
  if (does == "exits") {
    const auto status = number_of(what);
    AUTOHEAL_TRY(status);
    host.install(path, autoheal::testing::program(static_cast<int>(*status), text));
  } else if (does == "fails" && words_from(step.words, 4) == "times") {
    const auto times = number_of(what);
    AUTOHEAL_TRY(times);
    const auto left = std::make_shared<unsigned>(*times);
    host.install(path, [left, text](const RunRequest&) {
      if (*left == 0) return ended(0);
      --*left;
      return ended(1, text);
    });
  } else if (does == "starts" || does == "stops") {
    host.install(path, [&host, what, runs = does == "starts"](const RunRequest&) {
      host.set_service(what, runs);
      return ended(0);
    });
  } else if (does == "writes") {
    host.install(path, [&host, what, text](const RunRequest&) {
      host.write(what, text);
      return ended(0);
    });
  } else if (does == "passes" && what == "while") {
    const auto holds = condition_of(host, {step.words.begin() + 4, step.words.end()}, text);
    AUTOHEAL_TRY(holds);
    host.install(path, [holds = *holds](const RunRequest&) { return ended(holds() ? 0 : 1); });
  } else {
    return not_understood(words_from(step.words, 2), "exits, fails, starts, stops, writes or passes while");
  }
  return {};
}

Result<void> ScenarioMachine::set_world(const ScenarioStep& step) {
  const std::string &word = step.words[0], &name = step.words[1], &what = step.words.back();
  SimulatedHost& host = world_.host;
  const auto one_of = [&](const std::string& yes, const std::string& no) -> Result<bool> {
    const std::string& said = word == "observer" || word == "clock" ? name : what;
    if (said != yes && said != no) return not_understood(said, "'" + yes + "' or '" + no + "'");
    return said == yes;
  };
  if (word == "secret") {
    host.secret_files[name] = joined(step.text);
  } else if (word == "release") {
    host.releases[name][what] = words_from(step.text, 0);
  } else if (word == "snapshot") {
    const auto age = duration_of(what);
    AUTOHEAL_TRY(age);
    host.snapshots[name].push_back({step.words[2], joined(step.text), *age});
  } else if (word == "unit") {
    static const std::map<std::string, workflows::ServiceState> states = {
        {"running", workflows::ServiceState::running},
        {"failed", workflows::ServiceState::failed},
        {"stopped", workflows::ServiceState::stopped},
        {"stopped_by_hand", workflows::ServiceState::stopped_by_hand},
        {"masked", workflows::ServiceState::held_back}};
    const auto state = states.find(what);
    if (state == states.end()) return not_understood(what, "running, failed, stopped, stopped_by_hand or masked");
    host.set_unit(name, state->second);
    if (daemon_ && state->second == workflows::ServiceState::stopped_by_hand) unit_stopped_by_hand(name);
  } else if (word == "clock") {
    const auto forward = one_of("forward", "back");
    AUTOHEAL_TRY(forward);
    const auto by = duration_of(what);
    AUTOHEAL_TRY(by);
    world_.clock.set_wall(world_.clock.now() + (*forward ? *by : -*by));
  } else if (word == "observer") {
    const auto blind = one_of("blind", "sees");
    AUTOHEAL_TRY(blind);
    *blind ? void(unobserved_.insert(what)) : void(unobserved_.erase(what));
  } else {
    const bool is_service = word == "service";
    const auto yes = is_service ? one_of("runs", "ended") : one_of("answers", "silent");
    AUTOHEAL_TRY(yes);
    is_service ? host.set_service(name, *yes) : host.set_reachable(name, *yes);
  }
  return {};
}

Result<void> ScenarioMachine::do_as_person(const ScenarioStep& step) {
  const std::string& word = step.words.front();
  if (word == "at") {
    ScenarioStep later = step;
    later.words.erase(later.words.begin());
    at_entries_.push_back(std::move(later));
    return {};
  }
  if (word == "die") {
    die();
    return {};
  }
  const std::string& what = step.words[1];
  if (word == "pass" || word == "hold") {
    const auto time = duration_of(step.words.back());
    AUTOHEAL_TRY(time);
    if (word == "pass") return pass(*time);
    daemon_->hold(what, *time);
  } else if (word == "unhold") {
    daemon_->unhold(what);
  } else if (word == "reset") {
    daemon_->reset(what);
  } else if (word == "heal") {
    daemon_->heal(what);
  } else if (what == "on" || what == "off") {
    daemon_->switch_healing(what == "on");
  } else {
    return not_understood(what, "'on' or 'off'");
  }
  return {};
}

Result<void> ScenarioMachine::take_as_told(const ScenarioStep& step) {
  if (ends_by_deaths(step)) return {};
  return not_understood(step.words[1], "'deaths'");
}

Result<void> ScenarioMachine::show(const ScenarioStep& step) {
  const std::string &kind = step.words[1], &name = step.words[2];
  if (kind == "file") {
    const auto file = world_.host.file(name);
    shown_.push_back(picture_of(file));
    std::istringstream content(file && file->link_target.empty() ? file->content : "");
    for (std::string line; std::getline(content, line);) shown_.push_back("  " + line);
  } else if (kind == "service") {
    shown_.emplace_back(world_.host.process_runs(name) ? "runs" : "does not run");
  } else if (kind == "unit") {
    shown_.emplace_back(name_of(world_.host.unit_state(name)));
  } else {
    return not_understood(kind, "file, service or unit");
  }
  return {};
}

}  // namespace autoheal::simulation
