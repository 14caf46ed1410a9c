#include "tools/host/systemd_bus.hpp"

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <map>
#include <thread>
#include <vector>

#include "tools/host/system_error.hpp"
#include "tools/host/time_since_boot.hpp"

namespace autoheal::host {

namespace {

constexpr Duration answer_limit = std::chrono::seconds(5);
constexpr const char* private_socket = "unix:path=/run/systemd/private";
constexpr const char* name = "org.freedesktop.systemd1";
constexpr const char* object = "/org/freedesktop/systemd1";
constexpr const char* manager = "org.freedesktop.systemd1.Manager";

std::uint64_t microseconds(Duration time) { return static_cast<std::uint64_t>(std::max(time, Duration(0)).count()); }

struct BusError {
  sd_bus_error value = {nullptr, nullptr, 0};
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&value); }
};

struct Unref {
  void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, Unref>;
using Message = std::unique_ptr<sd_bus_message, Unref>;

// As text: "a" of a string, "7" of a number, the first of two where there are two, the bytes of an id in hexadecimal.
bool read_value(sd_bus_message* message, std::string_view kind, std::string& first, std::string& second) {
  const auto text = [&](std::string& into) {
    const char* value = nullptr;
    if (sd_bus_message_read_basic(message, 's', &value) <= 0) return false;
    into = value;
    return true;
  };
  if (kind == "s") return text(first);
  if (kind == "t") {
    std::uint64_t value = 0;
    if (sd_bus_message_read_basic(message, 't', &value) <= 0) return false;
    first = value == UINT64_MAX ? "infinity" : std::to_string(value);
    return true;
  }
  if (kind == "u" || kind == "i") {
    std::uint32_t value = 0;
    if (sd_bus_message_read_basic(message, kind.front(), &value) <= 0) return false;
    first = std::to_string(value);
    return true;
  }
  if (kind == "ay") {
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (sd_bus_message_read_array(message, 'y', &bytes, &size) < 0) return false;
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t index = 0; index < size; ++index) {
      const auto byte = static_cast<const unsigned char*>(bytes)[index];
      first += digits[byte >> 4U];
      first += digits[byte & 15U];
    }
    return true;
  }
  const char* path = nullptr;
  if (kind == "(uo)") {
    std::uint32_t number = 0;
    if (sd_bus_message_read(message, "(uo)", &number, &path) <= 0) return false;
    first = number == 0 ? "" : std::to_string(number);
    second = path;
    return true;
  }
  const char* word = nullptr;
  const char* sentence = nullptr;
  if (kind != "(ss)" || sd_bus_message_read(message, "(ss)", &word, &sentence) <= 0) return false;
  first = word;
  second = sentence;
  return true;
}

struct Property {
  std::string first, second;
};

// The properties that are named, of a message that holds all of an object.
std::map<std::string, Property> properties_in(sd_bus_message* message, std::span<const std::string_view> wanted) {
  std::map<std::string, Property> found;
  if (sd_bus_message_enter_container(message, 'a', "{sv}") <= 0) return found;
  while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
    const char* key = nullptr;
    const char* kind = nullptr;
    char type = 0;
    if (sd_bus_message_read_basic(message, 's', &key) <= 0) break;
    const std::string property = key;
    if (std::ranges::find(wanted, property) == wanted.end()) {
      if (sd_bus_message_skip(message, "v") < 0) break;
    } else {
      if (sd_bus_message_peek_type(message, &type, &kind) <= 0 || type != 'v') break;
      const std::string content = kind;
      if (sd_bus_message_enter_container(message, 'v', content.c_str()) <= 0) break;
      Property value;
      if (!read_value(message, content, value.first, value.second)) break;
      found[property] = std::move(value);
      if (sd_bus_message_exit_container(message) < 0) break;
    }
    if (sd_bus_message_exit_container(message) < 0) break;
  }
  return found;
}

constexpr std::array<std::string_view, 17> wanted_properties = {"LoadState",        "LoadError",
                                                                "ActiveState",      "SubState",
                                                                "InvocationID",     "Job",
                                                                "Result",           "Type",
                                                                "MainPID",          "NRestarts",
                                                                "ExecMainStatus",   "ExecMainCode",
                                                                "TimeoutStartUSec", "TimeoutStopUSec",
                                                                "RestartUSec",      "Id",
                                                                "ControlPID"};

long number_of(const std::string& text) { return std::strtol(text.c_str(), nullptr, 10); }

std::optional<Duration> limit_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text == "infinity" ? without_end : Duration(number_of(text));
}

UnitFacts facts_of(std::map<std::string, Property> properties) {
  const auto first = [&](const char* key) { return properties[key].first; };
  UnitFacts facts;
  facts.load_state = first("LoadState");
  facts.load_error = properties["LoadError"].second;
  facts.active_state = first("ActiveState");
  facts.sub_state = first("SubState");
  facts.result = first("Result");
  facts.type = first("Type");
  facts.invocation = first("InvocationID");
  facts.main_pid = number_of(first("MainPID"));
  facts.restarts = static_cast<unsigned>(number_of(first("NRestarts")));
  facts.main_status = static_cast<int>(number_of(first("ExecMainStatus")));
  const long code = number_of(first("ExecMainCode"));
  facts.by_signal = code == CLD_KILLED || code == CLD_DUMPED;
  facts.start_limit = limit_of(first("TimeoutStartUSec"));
  facts.stop_limit = limit_of(first("TimeoutStopUSec"));
  facts.restart_pause = limit_of(first("RestartUSec"));
  return facts;
}

const char* method_of(UnitVerb verb) {
  switch (verb) {
    case UnitVerb::start:
      return "StartUnit";
    case UnitVerb::stop:
      return "StopUnit";
    case UnitVerb::restart:
      return "RestartUnit";
    case UnitVerb::reload:
      return "ReloadUnit";
    case UnitVerb::reload_or_restart:
      return "ReloadOrRestartUnit";
  }
  return "StartUnit";
}

}  // namespace

class SystemdBus::Connection {
 public:
  Result<void> ready() {
    if (bus_ && sd_bus_is_ready(bus_.get()) > 0) return {};
    auto last = failure(ErrorKind::unavailable, "");
    for (const bool own_socket : {true, false}) {
      if (own_socket && ::geteuid() != 0) continue;
      auto opened = open(own_socket);
      if (opened) return opened;
      last = std::unexpected(std::move(opened.error()));
    }
    bus_.reset();
    return last;
  }

  Result<Message> call(const char* path, const char* interface, const char* method, const char* kinds,
                       const std::vector<const char*>& texts) {
    if (auto open = ready(); !open) return std::unexpected(std::move(open.error()));
    sd_bus_message* made = nullptr;
    int problem = sd_bus_message_new_method_call(bus_.get(), &made, name, path, interface, method);
    const Message request(made);
    for (std::size_t index = 0; problem >= 0 && index < texts.size(); ++index)
      problem = sd_bus_message_append_basic(request.get(), kinds[index], texts[index]);
    if (problem < 0) return lost(problem);
    BusError error;
    sd_bus_message* answer = nullptr;
    problem = sd_bus_call(bus_.get(), request.get(), microseconds(answer_limit), &error.value, &answer);
    if (problem >= 0) return Message(answer);
    if (sd_bus_error_is_set(&error.value) == 0) return lost(problem);
    const std::string told = error.value.message == nullptr ? error.value.name : error.value.message;
    const bool silent = sd_bus_error_has_name(&error.value, SD_BUS_ERROR_NO_REPLY) != 0 ||
                        sd_bus_error_has_name(&error.value, SD_BUS_ERROR_DISCONNECTED) != 0 ||
                        sd_bus_error_has_name(&error.value, SD_BUS_ERROR_TIMEOUT) != 0;
    if (silent) bus_.reset();
    return failure(silent ? ErrorKind::unavailable : ErrorKind::refused, "systemd: " + told);
  }

  Result<std::string> path_of(const std::string& unit) {
    auto answer = call(object, manager, "LoadUnit", "s", {unit.c_str()});
    if (!answer) return std::unexpected(std::move(answer.error()));
    const char* path = nullptr;
    if (sd_bus_message_read_basic(answer->get(), 'o', &path) <= 0)
      return failure(ErrorKind::unavailable, "systemd answers in an unknown form");
    return std::string(path);
  }

  std::string kind_of_job(const std::string& path) {
    auto answer =
        call(path.c_str(), "org.freedesktop.DBus.Properties", "Get", "ss", {"org.freedesktop.systemd1.Job", "JobType"});
    const char* kind = nullptr;
    if (!answer || sd_bus_message_enter_container(answer->get(), 'v', "s") <= 0 ||
        sd_bus_message_read_basic(answer->get(), 's', &kind) <= 0)
      return "?";
    return kind;
  }

  Result<void> order(UnitVerb verb, const std::string& unit) {
    result_.clear();
    job_.clear();
    // Nothing that is queued is replaced: who asked for it knows why.
    auto answer = call(object, manager, method_of(verb), "ss", {unit.c_str(), "fail"});
    if (!answer) return std::unexpected(std::move(answer.error()));
    const char* path = nullptr;
    if (sd_bus_message_read_basic(answer->get(), 'o', &path) > 0) job_ = path;
    return {};
  }

  [[nodiscard]] const std::string& result() const { return result_; }

  void wait(Duration at_most) {
    const Duration until = since_boot() + at_most;
    while (since_boot() < until) {
      if (!bus_) {
        std::this_thread::sleep_for(until - since_boot());
        return;
      }
      const int did = sd_bus_process(bus_.get(), nullptr);
      if (did < 0) bus_.reset();
      if (did == 0 && sd_bus_wait(bus_.get(), microseconds(until - since_boot())) < 0) bus_.reset();
      if (!job_.empty() && !result_.empty()) {
        job_.clear();
        return;
      }
    }
  }

 private:
  std::unexpected<Error> lost(int problem) {
    bus_.reset();
    return failure(ErrorKind::unavailable, "systemd does not answer: " + reason_of(-problem));
  }

  Result<void> open(bool own_socket) {
    sd_bus* made = nullptr;
    int problem = own_socket ? sd_bus_new(&made) : sd_bus_open_system(&made);
    bus_.reset(made);
    if (problem >= 0 && own_socket) problem = sd_bus_set_address(made, private_socket);
    if (problem >= 0 && own_socket) problem = sd_bus_start(made);
    const Duration until = since_boot() + answer_limit;
    while (problem >= 0 && sd_bus_is_ready(made) <= 0) {
      problem = sd_bus_process(made, nullptr);
      if (problem == 0 && since_boot() >= until) problem = -ETIMEDOUT;
      if (problem == 0) problem = sd_bus_wait(made, microseconds(until - since_boot()));
    }
    if (problem >= 0) {
      problem = sd_bus_match_signal_async(made, nullptr, own_socket ? nullptr : name, object, manager, "JobRemoved",
                                          &Connection::job_removed, nullptr, this);
    }
    if (problem >= 0) return {};
    return lost(problem);
  }

  static int job_removed(sd_bus_message* message, void* data, sd_bus_error*) {
    auto& self = *static_cast<Connection*>(data);
    std::uint32_t number = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    if (sd_bus_message_read(message, "uoss", &number, &path, &unit, &result) > 0 && self.job_ == path)
      self.result_ = result;
    return 0;
  }

  Bus bus_;
  std::string job_, result_;
};

SystemdBus::SystemdBus() : connection_(std::make_unique<Connection>()) {}
SystemdBus::~SystemdBus() = default;

// Units that do not run are not kept in memory, so each look loads the unit first.
Result<UnitFacts> SystemdBus::look(const std::string& unit) {
  const auto path = connection_->path_of(whole_unit_name(unit));
  if (!path) return std::unexpected(path.error());
  auto answer = connection_->call(path->c_str(), "org.freedesktop.DBus.Properties", "GetAll", "s", {""});
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto properties = properties_in(answer->get(), wanted_properties);
  const Property job = properties["Job"];
  UnitFacts facts = facts_of(std::move(properties));
  if (!facts.told()) return failure(ErrorKind::unavailable, "systemd does not tell how " + unit + " is");
  if (!job.first.empty()) facts.job = connection_->kind_of_job(job.second);
  return facts;
}

void SystemdBus::reset_failed(const std::string& unit) {
  (void)connection_->call(object, manager, "ResetFailedUnit", "s", {whole_unit_name(unit).c_str()});
}

Result<void> SystemdBus::order(UnitVerb verb, const std::string& unit) {
  return connection_->order(verb, whole_unit_name(unit));
}

std::string SystemdBus::job_result() const { return connection_->result(); }
void SystemdBus::wait(Duration at_most) { connection_->wait(at_most); }

workflows::RunOutcome SystemdBus::order_and_wait(UnitVerb, const std::string&, Duration) {
  workflows::RunOutcome outcome;  // looks tell, or fail
  outcome.message = "systemd does not tell how units are";
  return outcome;
}

}  // namespace autoheal::host
