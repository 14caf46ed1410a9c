#include "tools/host/system/bus_connection.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <thread>

#include "tools/host/system/system_error.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

constexpr Duration bus_answer_limit = std::chrono::seconds(5);
constexpr const char* private_socket = "unix:path=/run/systemd/private";
constexpr const char* systemd_name = "org.freedesktop.systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";
constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";

std::uint64_t in_microseconds(Duration time) { return static_cast<std::uint64_t>(std::max(time, Duration(0)).count()); }

// How long it is to a moment of CLOCK_MONOTONIC, in microseconds of that clock.
Duration until_monotonic(std::uint64_t due) {
  constexpr auto latest = static_cast<std::uint64_t>(Duration::max().count());
  if (due >= latest) return Duration::max();
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return Duration(static_cast<std::int64_t>(due)) -
         std::chrono::duration_cast<Duration>(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

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

bool read_value(sd_bus_message* message, std::string_view kind, BusProperty& into_property) {
  std::string& first = into_property.first;
  std::string& second = into_property.second;
  const auto text = [&](std::string& into) {
    const char* value = nullptr;
    if (sd_bus_message_read_basic(message, 's', &value) <= 0) return false;
    into = value;
    return true;
  };
  if (kind == "s") return text(first);
  if (kind == "b") {
    int value = 0;
    if (sd_bus_message_read_basic(message, 'b', &value) <= 0) return false;
    first = value != 0 ? "yes" : "no";
    return true;
  }
  if (kind == "as") {
    if (sd_bus_message_enter_container(message, 'a', "s") < 0) return false;
    for (std::string one; text(one);) into_property.list.push_back(one);
    return sd_bus_message_exit_container(message) >= 0;
  }
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

// The properties that are named, of a message that holds all of an object.
BusProperties properties_in(sd_bus_message* message, std::span<const std::string_view> wanted) {
  BusProperties found;
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
      BusProperty value;
      if (!read_value(message, content, value)) break;
      found[property] = std::move(value);
      if (sd_bus_message_exit_container(message) < 0) break;
    }
    if (sd_bus_message_exit_container(message) < 0) break;
  }
  return found;
}

}  // namespace

class BusConnection::Calls {
 public:
  explicit Calls(BusConnection& owner) : owner_(owner) {}

  [[nodiscard]] bool is_open() const { return bus_ && sd_bus_is_ready(bus_.get()) > 0; }

  Result<void> ready() {
    if (is_open()) return {};
    auto last = failure(ErrorKind::unavailable, "systemd was not asked");
    for (const bool own_socket : {true, false}) {
      if (own_socket && ::geteuid() != 0) continue;
      auto opened = open(own_socket);
      if (opened) return opened;
      last = std::unexpected(std::move(opened.error()));
    }
    return last;
  }

  Result<Message> call(const std::string& path, const char* interface, const char* method,
                       const std::vector<std::string>& texts) {
    AUTOHEAL_TRY(ready());
    sd_bus_message* made = nullptr;
    int problem = sd_bus_message_new_method_call(bus_.get(), &made, systemd_name, path.c_str(), interface, method);
    const Message request(made);
    for (std::size_t index = 0; problem >= 0 && index < texts.size(); ++index)
      problem = sd_bus_message_append_basic(request.get(), 's', texts[index].c_str());
    if (problem < 0) return lost(problem);
    return ask(request);
  }

  Result<Message> start_scope(const std::string& unit, const std::string& description, pid_t process) {
    AUTOHEAL_TRY(ready());
    sd_bus_message* made = nullptr;
    int problem = sd_bus_message_new_method_call(bus_.get(), &made, systemd_name, systemd_object, manager_interface,
                                                 "StartTransientUnit");
    const Message request(made);
    if (problem >= 0) problem = sd_bus_message_append(made, "ss", unit.c_str(), "fail");
    if (problem >= 0)
      problem = sd_bus_message_append(made, "a(sv)", 4, "Description", "s", description.c_str(), "CollectMode", "s",
                                      "inactive-or-failed", "TasksMax", "t", UINT64_MAX, "PIDs", "au", 1,
                                      static_cast<std::uint32_t>(process));
    if (problem >= 0) problem = sd_bus_message_append(made, "a(sa(sv))", 0);
    if (problem < 0) return lost(problem);
    return ask(request);
  }

  Result<Message> ask(const Message& request) {
    BusError error;
    sd_bus_message* answer = nullptr;
    const int problem =
        sd_bus_call(bus_.get(), request.get(), in_microseconds(bus_answer_limit), &error.value, &answer);
    if (problem >= 0) return Message(answer);
    if (sd_bus_error_is_set(&error.value) == 0) return lost(problem);
    const std::string told = error.value.message == nullptr ? error.value.name : error.value.message;
    const bool silent = sd_bus_error_has_name(&error.value, SD_BUS_ERROR_NO_REPLY) != 0 ||
                        sd_bus_error_has_name(&error.value, SD_BUS_ERROR_DISCONNECTED) != 0 ||
                        sd_bus_error_has_name(&error.value, SD_BUS_ERROR_TIMEOUT) != 0;
    if (silent) bus_.reset();
    return failure(silent ? ErrorKind::unavailable : ErrorKind::refused, "systemd: " + told);
  }

  void wait(Duration at_most, int other) {
    const Duration now = since_boot();
    const Duration until = at_most > Duration::max() - now ? Duration::max() : now + at_most;
    happened_ = false;
    while (true) {
      const int did = bus_ ? sd_bus_process(bus_.get(), nullptr) : 0;
      if (did < 0) bus_.reset();
      if (did < 0 || (did > 0 && happened_ && at_most > Duration(0))) return;
      if (did == 0 && (since_boot() >= until || comes_to(other, until))) return;
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
    const Duration until = since_boot() + bus_answer_limit;
    while (problem >= 0 && sd_bus_is_ready(made) <= 0) {
      problem = sd_bus_process(made, nullptr);
      if (problem == 0 && since_boot() >= until) problem = -ETIMEDOUT;
      if (problem == 0) problem = sd_bus_wait(made, in_microseconds(until - since_boot()));
    }
    const char* const sender = own_socket ? nullptr : systemd_name;
    for (const auto& [member, handler] :
         {std::pair("JobNew", &Calls::job_began), std::pair("JobRemoved", &Calls::job_ended)}) {
      if (problem >= 0)
        problem = sd_bus_match_signal_async(made, nullptr, sender, systemd_object, manager_interface, member, handler,
                                            nullptr, this);
    }
    if (problem >= 0 && owner_.on_state)
      problem = sd_bus_match_signal_async(made, nullptr, sender, nullptr, properties_interface, "PropertiesChanged",
                                          &Calls::changed, nullptr, this);
    if (problem >= 0) return {};
    return lost(problem);
  }

  static int changed(sd_bus_message* message, void* data, sd_bus_error*) {
    constexpr std::array<std::string_view, 1> wanted = {"ActiveState"};
    const char* const path = sd_bus_message_get_path(message);
    const char* interface = nullptr;
    auto& calls = *static_cast<Calls*>(data);
    if (path == nullptr || !calls.owner_.on_state || sd_bus_message_read_basic(message, 's', &interface) <= 0) return 0;
    const auto state = properties_in(message, wanted);
    if (state.empty()) return 0;
    calls.happened_ = true;
    calls.owner_.on_state(path, state.begin()->second.first);
    return 0;
  }

  // Sleeps until the connection has something to do, or the moment has come; true: `other` can be read.
  bool comes_to(int other, Duration until) {
    std::array<pollfd, 2> watched = {pollfd{other, POLLIN, 0}, pollfd{-1, 0, 0}};
    Duration longest = until == Duration::max() ? until : until - since_boot();
    if (bus_) {
      watched[1] = {sd_bus_get_fd(bus_.get()), static_cast<short>(sd_bus_get_events(bus_.get())), 0};
      std::uint64_t due = 0;
      if (sd_bus_get_timeout(bus_.get(), &due) > 0) longest = std::min(longest, until_monotonic(due));
    }
    longest = std::max(longest, Duration(0));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(longest);
    const timespec time{seconds.count(), std::chrono::nanoseconds(longest - seconds).count()};
    const bool for_ever = longest == Duration::max();
    return ::ppoll(watched.data(), watched.size(), for_ever ? nullptr : &time, nullptr) > 0 && watched[0].revents != 0;
  }

  void tell(const JobSignal& signal) {
    happened_ = true;
    if (owner_.on_job) owner_.on_job(signal);
  }
  static int job_began(sd_bus_message* message, void* data, sd_bus_error*) {
    std::uint32_t number = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    if (sd_bus_message_read(message, "uos", &number, &path, &unit) > 0)
      static_cast<Calls*>(data)->tell({false, path, unit, {}});
    return 0;
  }
  static int job_ended(sd_bus_message* message, void* data, sd_bus_error*) {
    std::uint32_t number = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    if (sd_bus_message_read(message, "uoss", &number, &path, &unit, &result) > 0)
      static_cast<Calls*>(data)->tell({true, path, unit, result});
    return 0;
  }

  BusConnection& owner_;
  Bus bus_;
  bool happened_ = false;
};

BusConnection::BusConnection() : calls_(std::make_unique<Calls>(*this)) {}
BusConnection::~BusConnection() = default;
Result<void> BusConnection::ready() { return calls_->ready(); }
bool BusConnection::is_open() const { return calls_->is_open(); }
void BusConnection::wait(Duration at_most, int other) { calls_->wait(at_most, other); }

namespace {

std::string object_named_by(sd_bus_message* answer) {
  const char* path = nullptr;
  char type = 0;
  const bool names_object = sd_bus_message_peek_type(answer, &type, nullptr) > 0 && type == 'o' &&
                            sd_bus_message_read_basic(answer, 'o', &path) > 0;
  return names_object ? std::string(path) : std::string();
}

}  // namespace

Result<std::string> BusConnection::ask_manager(const char* method, const std::vector<std::string>& texts) {
  auto answer = calls_->call(systemd_object, manager_interface, method, texts);
  AUTOHEAL_TRY(answer);
  return object_named_by(answer->get());
}

Result<std::string> BusConnection::start_scope(const std::string& unit, const std::string& description, pid_t process) {
  auto answer = calls_->start_scope(unit, description, process);
  AUTOHEAL_TRY(answer);
  return object_named_by(answer->get());
}

Result<BusProperties> BusConnection::properties(const std::string& path, std::span<const std::string_view> wanted) {
  auto answer = calls_->call(path, properties_interface, "GetAll", {""});
  AUTOHEAL_TRY(answer);
  return properties_in(answer->get(), wanted);
}

Result<std::string> BusConnection::property(const std::string& path, const char* interface, const char* wanted) {
  auto answer = calls_->call(path, properties_interface, "Get", {interface, wanted});
  AUTOHEAL_TRY(answer);
  const char* text = nullptr;
  if (sd_bus_message_enter_container(answer->get(), 'v', "s") <= 0 ||
      sd_bus_message_read_basic(answer->get(), 's', &text) <= 0)
    return failure(ErrorKind::unavailable, fmt::format("{} of {} is not a text", wanted, path));
  return std::string(text);
}

}  // namespace autoheal::host
