#include "autoheal/replay/what_if/settings_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace autoheal::replay {

using namespace workflows;  // settings are its values

namespace {

using Done = Result<void>;

Done expected(const std::string& what) { return failure(ErrorKind::invalid, "expected " + what); }

std::optional<std::uint64_t> number(std::string_view text, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 250ms, 5s, 2m, 1h, or seconds.
std::optional<Duration> duration(std::string_view text) {
  using std::chrono::milliseconds;
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = number(text.substr(0, digits));
  if (!count || *count > 1'000'000'000) return std::nullopt;
  const auto amount = static_cast<std::int64_t>(*count);
  const std::string_view unit = text.substr(digits);
  if (unit == "ms") return milliseconds(amount);
  if (unit.empty() || unit == "s") return std::chrono::seconds(amount);
  if (unit == "m") return std::chrono::minutes(amount);
  if (unit == "h") return std::chrono::hours(amount);
  return std::nullopt;
}

Done set_duration(Duration& into, const std::string& text) {
  const auto value = duration(text);
  if (!value || *value > std::chrono::hours(24)) return expected("a duration up to 24h such as 250ms, 5s or 2m");
  into = *value;
  return {};
}

Done set_max_retries(EngineSpec& spec, OtherSettings&, const std::string& text) {
  const auto value = number(text);
  if (!value || *value < 1 || *value > 100) return expected("a number from 1 to 100");
  spec.healing.max_retries = static_cast<unsigned>(*value);
  return {};
}

Done set_enabled(EngineSpec& spec, OtherSettings&, const std::string& text) {
  if (text != "true" && text != "false") return expected("true or false");
  spec.healing.enabled = text == "true";
  return {};
}

Done set_mode(EngineSpec& spec, OtherSettings&, const std::string& text) {
  if (text != "heal" && text != "observe") return expected("heal or observe");
  spec.healing.observe_only = text == "observe";
  return {};
}

Done set_strategy(EngineSpec& spec, OtherSettings&, const std::string& text) {
  for (const Strategy one : {Strategy::arie, Strategy::chimera, Strategy::cascade, Strategy::generic}) {
    if (name_of(one) != text) continue;
    spec.strategy = one;
    return {};
  }
  return expected("arie, chimera, cascade or generic");
}

Done set_role(EngineSpec&, OtherSettings& settings, const std::string& text) {
  const auto role = parse_role(text);
  if (!role) return expected("admiral, captain or observer");
  settings.role = *role;
  return {};
}

// "none", or the names of the tests that stay.
Done set_tests(EngineSpec& spec, OtherSettings&, const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; text != "none" && at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  for (const std::string& name : names) {
    if (std::ranges::find(spec.certify.tests, name, &TestSpec::name) == spec.certify.tests.end())
      return expected(fmt::format("none, or names of its tests: there is no test \"{}\"", name));
  }
  std::erase_if(spec.certify.tests,
                [&](const TestSpec& test) { return std::ranges::find(names, test.name) == names.end(); });
  return {};
}

Done set_hashes(EngineSpec& spec, OtherSettings&, const std::string& text) {
  if (text != "none") return expected("none");
  spec.certify.hashes.clear();
  return {};
}

Done set_security(EngineSpec& spec, OtherSettings&, const std::string& text) {
  if (text != "none") return expected("none");
  spec.certify.security = {};
  return {};
}

Done set_max_mode(EngineSpec& spec, OtherSettings&, const std::string& text) {
  if (text == "none") {
    spec.certify.security.max_mode.reset();
    return {};
  }
  const auto mode = number(text, 8);
  if (!mode || *mode > 07777) return expected("none, or a mode such as 0755");
  spec.certify.security.max_mode = static_cast<FileMode>(*mode);
  return {};
}

struct Setting {
  std::string_view name;
  Done (*set)(EngineSpec& spec, OtherSettings& settings, const std::string& text);
};
constexpr std::array all_settings = {
    Setting{"max_retries", set_max_retries},
    Setting{"retry_delay", [](EngineSpec& spec, OtherSettings&,
                              const std::string& text) { return set_duration(spec.healing.retry_delay, text); }},
    Setting{"strategy", set_strategy},
    Setting{"enabled", set_enabled},
    Setting{"mode", set_mode},
    Setting{"role", set_role},
    Setting{"certify.tests", set_tests},
    Setting{"certify.hashes", set_hashes},
    Setting{"certify.security", set_security},
    Setting{"certify.security.max_mode", set_max_mode},
    Setting{"certify.within", [](EngineSpec& spec, OtherSettings&,
                                 const std::string& text) { return set_duration(spec.certify.within, text); }},
    Setting{"certify.hold", [](EngineSpec& spec, OtherSettings&,
                               const std::string& text) { return set_duration(spec.certify.hold, text); }},
};

}  // namespace

std::string names_of_settings() {
  std::string names;
  for (const Setting& one : all_settings) names += (names.empty() ? "" : ", ") + std::string(one.name);
  return names;
}

Result<OtherSettings> with_settings(const EngineSpec& spec, const std::vector<std::string>& settings) {
  OtherSettings other;
  EngineSpec changed = spec;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos)
      return failure(ErrorKind::invalid, fmt::format("\"{}\" is not KEY=VALUE", setting), "for example max_retries=1");
    const std::string name = setting.substr(0, equals);
    const auto* known = std::ranges::find(all_settings, name, &Setting::name);
    if (known == all_settings.end())
      return failure(ErrorKind::invalid, fmt::format("\"{}\" is not a setting that can be asked about", name),
                     "these can: " + names_of_settings());
    if (auto done = known->set(changed, other, setting.substr(equals + 1)); !done)
      return failure(ErrorKind::invalid, setting + ": " + done.error().message);
  }
  other.spec = std::make_shared<const EngineSpec>(std::move(changed));
  return other;
}

}  // namespace autoheal::replay
