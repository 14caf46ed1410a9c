#include "autoheal/replay/what_if/settings_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "autoheal/engine/base/durations.hpp"
#include "autoheal/engine/base/named_values.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/workflows/spec/engine_fields.hpp"

namespace autoheal::replay {

using namespace workflows;  // settings are its values

namespace {

using Done = Result<void>;

Done expected(const std::string& what) { return failure(ErrorKind::invalid, "expected " + what); }

// "a, b or c"
std::string one_of(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t at = 0; at < words.size(); ++at)
    text += (at == 0 ? "" : at + 1 == words.size() ? " or " : ", ") + std::string(words[at]);
  return text;
}

Done set(const Field& key, bool& into, const std::string& text) {
  static constexpr std::array<std::string_view, 2> truth = {"false", "true"};
  const auto words = key.choices.empty() ? std::span<const std::string_view>(truth) : key.choices;
  const auto known = std::ranges::find(words, text);
  if (known == words.end()) return expected(key.choices.empty() ? "true or false" : one_of(words));
  into = known != words.begin();
  return {};
}

Done set(const Field& key, unsigned& into, const std::string& text) {
  const auto value = parse_number<unsigned>(text);
  if (!value || *value < key.minimum || *value > key.maximum)
    return expected(fmt::format("a number from {} to {}", key.minimum, key.maximum));
  into = *value;
  return {};
}

Done set(const Field& key, Duration& into, const std::string& text) {
  const auto value = parse_duration(text);
  if (!value || value->count() < key.minimum || value->count() > key.maximum)
    return expected(fmt::format("a duration up to {} such as 250ms, 5s or 2m", duration_text(Duration(key.maximum))));
  into = *value;
  return {};
}

template <class Enum>
  requires std::is_enum_v<Enum>
Done set(const Field& key, Enum& into, const std::string& text) {
  const auto value = known_value<Enum>(words_for<Enum>, text);
  if (!value) return expected(one_of(key.choices));
  into = *value;
  return {};
}

Done set(const Field&, std::optional<FileMode>& into, const std::string& text) {
  into = parse_number<FileMode>(text, 8);
  return text == "none" || (into && *into <= 07777) ? Done() : expected("none, or a mode such as 0755");
}

// "none", or the names of the tests that stay.
Done set(const Field&, std::vector<TestSpec>& into, const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; text != "none" && at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  for (const std::string& name : names) {
    if (std::ranges::find(into, name, &TestSpec::name) == into.end())
      return expected(fmt::format("none, or names of its tests: there is no test \"{}\"", name));
  }
  std::erase_if(into, [&](const TestSpec& test) { return std::ranges::find(names, test.name) == names.end(); });
  return {};
}

// Lists and groups of keys: all of it, or nothing.
template <class Value>
Done set(const Field&, Value& into, const std::string& text) {
  if (text != "none") return expected("none");
  into = {};
  return {};
}

Done set_role(OtherSettings& settings, const std::string& text) {
  const auto role = parse_role(text);
  if (!role) return expected("admiral, captain or observer");
  settings.role = *role;
  return {};
}

struct Setting {
  std::string name;
  std::function<Done(EngineSpec& spec, OtherSettings& settings, const std::string& text)> set;
};

// The described members of a part of the specification that can be asked about.
template <class Part, class PartOf>
void add_asked(std::vector<Setting>& all, const std::string& prefix, const PartOf& part_of) {
  each_field<Part>([&](const auto& one) {
    using One = std::remove_cvref_t<decltype(one)>;
    if constexpr (One::asked) {
      all.push_back({prefix + std::string(one.key.name),
                     [key = one.key, part_of](EngineSpec& spec, OtherSettings&, const std::string& text) {
                       return set(key, part_of(spec).*One::member, text);
                     }});
    }
  });
}

std::vector<Setting> settings_that_can_be_asked() {
  std::vector<Setting> all;
  add_asked<HealingSpec>(all, "", [](EngineSpec& spec) -> HealingSpec& { return spec.healing; });
  add_asked<EngineSpec>(all, "", [](EngineSpec& spec) -> EngineSpec& { return spec; });
  all.push_back(
      {"role", [](EngineSpec&, OtherSettings& other, const std::string& text) { return set_role(other, text); }});
  add_asked<CertifySpec>(all, "certify.", [](EngineSpec& spec) -> CertifySpec& { return spec.certify; });
  add_asked<SecuritySpec>(all, "certify.security.",
                          [](EngineSpec& spec) -> SecuritySpec& { return spec.certify.security; });
  return all;
}

const std::vector<Setting>& all_settings() {
  static const std::vector<Setting> all = settings_that_can_be_asked();
  return all;
}

}  // namespace

std::string names_of_settings() {
  std::string names;
  for (const Setting& one : all_settings()) names += (names.empty() ? "" : ", ") + one.name;
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
    const auto known = std::ranges::find(all_settings(), name, &Setting::name);
    if (known == all_settings().end())
      return failure(ErrorKind::invalid, fmt::format("\"{}\" is not a setting that can be asked about", name),
                     "these can: " + names_of_settings());
    if (auto done = known->set(changed, other, setting.substr(equals + 1)); !done)
      return failure(ErrorKind::invalid, setting + ": " + done.error().message);
  }
  other.spec = std::make_shared<const EngineSpec>(std::move(changed));
  return other;
}

}  // namespace autoheal::replay
