#include "autoheal/replay/coverage/coverage_facts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace autoheal::replay {

namespace {

using nlohmann::json;

std::string text(const json& data, const char* key) {
  const auto found = data.find(key);
  return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::set<std::string> names(const json& data, const char* key) {
  std::set<std::string> all;
  if (!data.contains(key) || !data.at(key).is_array()) return all;
  for (const json& name : data.at(key)) {
    if (name.is_string()) all.insert(name.get<std::string>());
  }
  return all;
}

std::string who_and_why(const json& data) {
  if (!data.contains("by") || !data.at("by").is_object()) return "somebody";
  const std::string reason = text(data.at("by"), "reason");
  return text(data.at("by"), "principal") + (reason.empty() ? "" : ": " + reason);
}

class Collector {
 public:
  CoverageFacts take() { return std::move(facts_); }

  void add(const engine::Entry& entry) {
    json data = json::parse(entry.data, nullptr, false);
    if (!data.is_object()) data = json::object();
    if (entry.type == "node.started") return started(entry, data);
    if (entry.type == "engine.held") return held(entry, data);
    if (entry.type == "engine.unheld") return unheld(entry);
    const bool of_daemon = entry.type.starts_with("node.") || entry.type.starts_with("config.") ||
                           entry.type == "healing.switched" || entry.type == "selftest.engine_tested";
    if (!of_daemon || facts_.runs.empty()) return;
    DaemonRun& run = facts_.runs.back();
    if (entry.time - run.last_word > longest_silence) run.silences.emplace_back(run.last_word, entry.time);
    run.last_word = std::max(run.last_word, entry.time);
    if (data.contains("healing") && data.at("healing").is_boolean())
      facts_.switches.push_back({entry.time, data.at("healing").get<bool>()});
    if (entry.type == "config.loaded") loaded(entry, data);
    if (entry.type == "node.heartbeat" || entry.type == "node.stopped") tested(entry, data);
    if (entry.type != "node.stopped") return;
    run.stopped = true;
    run.cause = text(data, "cause");
  }

 private:
  void started(const engine::Entry& entry, const json& data) {
    facts_.runs.push_back({entry.time, entry.time, text(data, "boot_id"), false, {}, {}});
    if (data.contains("healing") && data.at("healing").is_boolean())
      facts_.switches.push_back({entry.time, data.at("healing").get<bool>()});
    told_ = entry.time;
  }

  void loaded(const engine::Entry& entry, const json& data) {
    if (!data.contains("engines") || !data.at("engines").is_object()) return;
    EnginesFrom now{entry.time, {}, names(data, "observed"), names(data, "switched_off")};
    const json every = data.value("every_us", json::object());
    for (const auto& [name, digest] : data.at("engines").items()) {
      const auto told = every.find(name);
      now.every[name] = told != every.end() && told->is_number_integer()
                            ? std::optional(Duration(told->get<std::int64_t>()))
                            : std::nullopt;
    }
    facts_.engines.push_back(std::move(now));
  }

  void tested(const engine::Entry& entry, const json& data) {
    TestsDone done{told_, entry.time, {}};
    told_ = entry.time;
    if (!data.contains("tests") || !data.at("tests").is_object()) return;
    for (const auto& [name, count] : data.at("tests").items()) {
      if (count.is_number_unsigned()) done.tests[name] = count.get<std::uint64_t>();
    }
    facts_.tests.push_back(std::move(done));
  }

  void held(const engine::Entry& entry, const json& data) {
    end_hold(entry.subject, entry.time);
    const auto until = parse_timestamp(text(data, "until"));
    facts_.holds.push_back({entry.time, until.value_or(Timestamp::max()), entry.subject, who_and_why(data)});
  }

  // To give all back gives each one back, too.
  void unheld(const engine::Entry& entry) {
    if (!entry.subject.empty()) return end_hold(entry.subject, entry.time);
    for (HeldFrom& hold : facts_.holds) hold.until = std::min(hold.until, std::max(hold.from, entry.time));
  }
  void end_hold(const std::string& engine, Timestamp now) {
    for (HeldFrom& hold : facts_.holds) {
      if (hold.engine == engine) hold.until = std::min(hold.until, std::max(hold.from, now));
    }
  }

  CoverageFacts facts_;
  Timestamp told_;
};

}  // namespace

CoverageFacts facts_of(std::span<const engine::Entry> entries) {
  Collector collector;
  for (const engine::Entry& entry : entries) collector.add(entry);
  return collector.take();
}

}  // namespace autoheal::replay
