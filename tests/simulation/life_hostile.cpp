// The hostile engines of a life: what they are, how they break, and what is seen of their files.
#include <algorithm>

#include "autoheal/workflows/effects/open_writers.hpp"
#include "tests/simulation/life.hpp"

namespace autoheal::simulation {

using namespace autoheal::testing;
using namespace workflows;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr FileMode log_mode = 0640, private_mode = 0600;
constexpr const char* writer_name = "pid 7 (writer)";

constexpr const char* ending_of(HostileFormat format) {
  if (format == HostileFormat::env) return "/.env";
  return format == HostileFormat::json ? "/settings.json" : "/settings.yaml";
}

}  // namespace

// ---- what they are

void Life::add_hostile_engines() {
  world_.host.since_boot = [this] { return now(); };
  witness_.changed = [this](SeenChange change) { saw_change(std::move(change)); };
  add_document("Env0", HostileFormat::env, false);
  add_document("Env1", HostileFormat::env, true);
  add_document("Json0", HostileFormat::json, false);
  add_document("Json1", HostileFormat::json, true);
  add_document("Yaml0", HostileFormat::yaml, false);
  add_document("Yaml1", HostileFormat::yaml, true);
  add_written("Written0");
  add_written("Written1");
  add_private("Private0");
  add_log("Log0");
  add_file("Throwing");
  planted_host_.throws = [this](const std::string& engine) { return machines_.at(engine).throws; };
}

// Its self-test asks for the value, or knows no format: it fails with what the world left there and is content with
// anything else, as many are. Then only the judge of documents stands between a wrong edit and its certificate.
void Life::add_document(const std::string& name, HostileFormat format, bool asks_for_value) {
  EngineSpec& spec = add(name, {});
  Machine& machine = machines_[name];
  machine.breaks = Breaks::document;
  machine.format = format;
  machine.file = name + ending_of(format);
  spec.strategy = Strategy::arie;
  spec.every = hours(some_number(3, 8));  // what cannot be healed is not tried again all day
  if (format == HostileFormat::env) {
    EnvRepair repair;
    repair.file = machine.file;
    repair.set = {{"PORT", {"8080", {}}}};
    repair.unset = {"OLD_SECRET"};
    spec.repair.env = {repair};
  } else {
    SettingsRepair repair;
    repair.file = machine.file;
    repair.set = {{"/server/port", "8080"}};
    spec.repair.settings = {repair};
  }
  spec.self_test = {probe("starts", CommandProbe{runs({"/probe/" + name})})};
  if (asks_for_value && format == HostileFormat::env) {
    spec.self_test = {probe("port", EnvProbe{machine.file, {"PORT"}, {{"PORT", "8080"}}, {}})};
  } else if (asks_for_value) {
    spec.self_test = {probe("port", SettingsProbe{machine.file, {{"/server/port", "8080"}}, {}})};
  }
  machine.document = simple_document(format);
  world_.host.write(machine.file, machine.document.right.front());
  world_.host.install("/probe/" + name, [this, &machine](const RunRequest&) {
    return ended(content_of(machine) == machine.document.text ? 1 : 0);
  });
}

void Life::add_written(const std::string& name) {
  add_file(name);
  machines_.at(name).breaks = Breaks::writer;
}

// Only the mode of a log is at fault, and it is written to all the time.
void Life::add_log(const std::string& name) {
  EngineSpec& spec = add(name, {});
  Machine& machine = machines_[name];
  machine.breaks = Breaks::mode;
  machine.file = name + "/app.log";
  spec.strategy = Strategy::arie;
  PolicyRepair policy;
  policy.path = machine.file;
  policy.max_mode = log_mode;
  spec.repair.policy = {policy};
  spec.self_test = {probe("mode", FileProbe{machine.file, {}, {}, {}, log_mode, {}})};
  world_.host.write(machine.file, "", log_mode);
  open_writer(name, false);
}

void Life::add_private(const std::string& name) {
  add_file(name);
  Machine& machine = machines_.at(name);
  machine.breaks = Breaks::absence;
  EngineSpec& spec = specs_.back();
  spec.repair.files.front().mode = private_mode;
  std::get<FileProbe>(spec.self_test.front().what).mode = private_mode;
  world_.host.write(machine.file, right_of(name), private_mode);
}

std::string Life::content_of(const Machine& machine) const {
  if (!machine.has_file()) return machine.does_its_work() ? "works" : "broken";
  return world_.host.content(machine.file);
}

bool Life::is_as_it_should_be(const std::string& name) const {
  const Machine& machine = machines_.at(name);
  if (!machine.has_file()) return machine.does_its_work();
  const auto file = world_.host.file(machine.file);
  if (!file) return false;
  if (machine.breaks == Breaks::document) return is_right(machine.document, file->content);
  if (machine.breaks == Breaks::mode) return file->mode == log_mode;
  if (machine.is_well && !machine.is_well()) return false;
  return file->content == right_of(name) && (machine.breaks != Breaks::absence || file->mode == private_mode);
}

// ---- how they break

void Life::plan_hostility() {
  for (const std::string& name : all_) {
    if (machines_.at(name).breaks == Breaks::content) continue;
    for (unsigned count = 0; count < 30; ++count) at(some_moment(), [this, name] { break_engine(name); });
  }
  const auto set_throws = [this](bool throws) {
    return [this, throws] {
      Machine& machine = machines_.at("Throwing");
      machine.throws = throws;
      machine.tests_changed = now();
      if (throws) break_engine("Throwing");
    };
  };
  for (unsigned count = 0; count < 3; ++count) window(hours(1), hours(9), set_throws(true), set_throws(false));
  for (Duration when = hours(1); when < end_; when += hours(1)) {
    at(when, [this] {
      if (!daemon_) return;
      const auto kept = daemon_->settle_images();
      witness_.named.insert(witness_.named.end(), kept.begin(), kept.end());
    });
  }
}

void Life::calm_hostility() {
  for (auto& [name, machine] : machines_) {
    machine.throws = false;
    if (machine.breaks != Breaks::mode) {
      while (!machine.writers.empty()) close_writer(name, machine.writers.back().descriptor);
    }
    if (machine.breaks == Breaks::document) write_document(name, simple_document(machine.format));
  }
}

void Life::break_hostile(const std::string& name) {
  Machine& machine = machines_.at(name);
  switch (machine.breaks) {
    case Breaks::document:
      return write_document(name, hostile_document(machine.format, random_));
    case Breaks::writer:
      return begin_writing(name);
    case Breaks::absence:
      forget_displaced(name);
      world_.host.remove(machine.file);
      return world_changes(name, FileEvent::moved);
    default:
      break;
  }
  world_.host.set_mode(machine.file, 0666);
  world_changes(name, FileEvent::moved);
  for (unsigned count = 1; count <= 100; ++count) {  // it is written to before, while and after it is healed
    at(now() + milliseconds(17) * count, [this, name, descriptor = machine.writers.front().descriptor, count] {
      write_part(name, descriptor, "line " + std::to_string(count) + "\n");
    });
  }
}

void Life::world_changes(const std::string& name, FileEvent event) {
  Machine& machine = machines_.at(name);
  machine.changed = now();
  if (daemon_) daemon_->file_event(name, machine.file, event);
}

void Life::write_document(const std::string& name, HostileDocument document) {
  Machine& machine = machines_.at(name);
  forget_displaced(name);
  world_.host.write(machine.file, document.text);
  machine.document = std::move(document);
  ++documents_;
  world_changes(name, FileEvent::moved);
  if (machine.document.truth == HostileDocument::Truth::healed || is_calm()) return;
  // A person repairs it, or a refused repair would be tried again for days.
  const Duration seen_to = now() + some_time(hours(1), hours(5));
  if (seen_to >= calm_from_) return;
  at(seen_to, [this, name, text = machine.document.text] {
    Machine& later = machines_.at(name);
    if (content_of(later) == text) write_document(name, hostile_document(later.format, random_));
  });
}

// A file that a repair displaced and put back is in its place again: later changes are not the repair's.
void Life::forget_displaced(const std::string& name) {
  if (const auto in_place = world_.host.file(machines_.at(name).file)) displaced_.erase(in_place->inode);
}

// As programs write: in place and slowly, with a pause in which they compute, by a new file that is moved there, in two
// goes, or with a descriptor that they keep. The result is right, or it is not.
void Life::begin_writing(const std::string& name) {
  const bool good = some_number(0, 1) == 0;
  const std::string drift = "written at " + std::to_string(now().count()) + ", and not what it should be";
  const std::string content = good ? right_of(name) : drift;
  ++writings_;
  forget_displaced(name);
  if (some_number(0, 3) == 0) {  // into a heal
    world_.host.write(machines_.at(name).file, drift);
    world_changes(name, FileEvent::moved);
    const Duration soon = some_time(milliseconds(0), milliseconds(300));
    at(now() + soon, [this, name, content] { write_slowly(name, content, milliseconds(1'500), false); });
    return;
  }
  switch (some_number(0, 5)) {
    case 0:
      world_.host.write(machines_.at(name).file, content);
      return world_changes(name, FileEvent::moved);
    case 1: {
      open_writer(name, true);
      close_writer(name, machines_.at(name).writers.back().descriptor);
      const Duration soon = some_time(milliseconds(1), milliseconds(900));
      return at(now() + soon, [this, name, content] { write_slowly(name, content, milliseconds(0), false); });
    }
    case 2:
      return write_slowly(name, content, seconds(20), false);
    case 3:
      return write_slowly(name, content, seconds(1), true);
    default:
      return write_slowly(name, content, milliseconds(1'500), false);
  }
}

void Life::write_slowly(const std::string& name, const std::string& content, Duration longest_gap, bool stays_open) {
  open_writer(name, true);
  const auto descriptor = machines_.at(name).writers.back().descriptor;
  const std::size_t parts = some_number(2, 8), length = content.size() / parts + 1;
  Duration when = now();
  for (std::size_t from = 0; from < content.size(); from += length) {
    when += some_time(Duration(0), longest_gap);
    at(when, [this, name, descriptor, part = content.substr(from, length)] { write_part(name, descriptor, part); });
  }
  if (stays_open) {  // and has more to say
    when += some_time(minutes(1), hours(5));
    at(when, [this, name, descriptor] { write_part(name, descriptor, "one more line\n"); });
    when += some_time(seconds(1), hours(5));
  }
  at(when, [this, name, descriptor] { close_writer(name, descriptor); });
}

void Life::open_writer(const std::string& name, bool empties) {
  Machine& machine = machines_.at(name);
  if (empties) forget_displaced(name);
  const auto descriptor = world_.host.open_to_write(machine.file, empties, writer_name);
  machine.writers.push_back({descriptor, world_.host.file(machine.file)->inode, now()});
  if (empties) world_changes(name, FileEvent::written);
}

void Life::write_part(const std::string& name, workflows::testing::SimulatedHost::Descriptor descriptor,
                      const std::string& bytes) {
  Machine& machine = machines_.at(name);
  const auto writer = std::ranges::find(machine.writers, descriptor, &Writer::descriptor);
  if (writer == machine.writers.end()) return;  // it ended
  world_.host.write_to(descriptor, bytes);
  writer->last = now();
  if (machine.breaks == Breaks::mode) machine.log += bytes;
  if (const auto displaced = displaced_.find(writer->inode); displaced != displaced_.end())
    displaced->second.content += bytes;
  const auto in_place = world_.host.file(machine.file);
  if (in_place && in_place->inode == writer->inode) world_changes(name, FileEvent::written);
}

void Life::close_writer(const std::string& name, workflows::testing::SimulatedHost::Descriptor descriptor) {
  Machine& machine = machines_.at(name);
  const auto writer = std::ranges::find(machine.writers, descriptor, &Writer::descriptor);
  if (writer == machine.writers.end()) return;
  const auto in_place = world_.host.file(machine.file);
  const bool is_seen = in_place && in_place->inode == writer->inode;
  machine.writers.erase(writer);
  world_.host.close(descriptor);
  if (is_seen && daemon_) daemon_->file_event(name, machine.file, FileEvent::closed);
}

// ---- what is seen

std::optional<Duration> Life::last_written(const Machine& machine) const {
  std::optional<Duration> last;
  const auto in_place = world_.host.file(machine.file);
  for (const Writer& writer : machine.writers) {
    if (in_place && writer.inode == in_place->inode && (!last || writer.last > *last)) last = writer.last;
  }
  return last;
}

void Life::saw_change(SeenChange change) {
  const Machine& machine = machines_.at(change.engine);
  change.at = now();
  change.keeps_inode = machine.breaks == Breaks::mode;
  if (machine.breaks == Breaks::absence) change.widest = private_mode;
  change.was_right = change.before && machine.breaks != Breaks::mode &&
                     (machine.breaks == Breaks::document ? is_right(machine.document, change.before->content)
                                                         : change.before->content == right_of(change.engine)) &&
                     (!change.widest || change.before->mode == *change.widest);
  if (change.before) {
    for (const Writer& writer : machine.writers) {
      if (writer.inode == change.before->inode && (!change.last_written || writer.last > *change.last_written))
        change.last_written = writer.last;
    }
  }
  const bool displaced = change.before && (!change.after || change.after->inode != change.before->inode);
  if (displaced) displaced_[change.before->inode] = {change.path, change.before->content};
  record_.changes.push_back(std::move(change));
}

void Life::saw_test(const Happening& happening) {
  if (happening.test->tested.outcome != TestOutcome::failed || !happening.test->postponed.empty()) return;
  const Machine& machine = machines_.at(happening.engine);
  if (machine.breaks != Breaks::writer) return;
  if (const auto last = last_written(machine)) record_.early_tests.push_back({now(), *last, happening.engine});
}

void Life::finish_displaced() {
  if (hostile_ == Hostile::no) return;
  if (daemon_) (void)daemon_->settle_images();
  for (const auto& [inode, one] : displaced_) {
    SeenWriting seen;
    seen.path = one.path;
    seen.content = one.content;
    seen.in_place = world_.host.content(one.path) == one.content;
    for (const auto naming : {engine::BlobNaming::plain, engine::BlobNaming::keyed})
      seen.in_vault = seen.in_vault || world_.blobs.get(world_.blobs.name_of(one.content, naming)).has_value();
    const auto kept = world_.host.file_of_inode(inode);
    seen.named =
        kept && kept->content == one.content && std::ranges::any_of(witness_.named, [&](const std::string& name) {
          return name.find(" " + one.path + ":") != std::string::npos;
        });
    record_.displaced.push_back(std::move(seen));
  }
  for (const auto& [name, machine] : machines_) {
    if (machine.breaks != Breaks::mode) continue;
    const bool whole = world_.host.content(machine.file) == machine.log;
    record_.displaced.push_back({machine.file, machine.log, whole, false, false});
  }
}

}  // namespace autoheal::simulation
