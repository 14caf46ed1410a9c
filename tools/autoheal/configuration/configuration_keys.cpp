#include "tools/autoheal/configuration/configuration_keys.hpp"

#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/spec/engine_fields.hpp"
#include "tools/config/machine_fields.hpp"

namespace autoheal::cli {

namespace {

using nlohmann::json;

constexpr std::size_t digest_hex_digits = 32;  // beside each other in one blob, 128 bits are enough

class KeyCollector {
 public:
  explicit KeyCollector(const engine::BlobStore& blobs) : blobs_(blobs) {}

  KeyDigests take() { return std::move(digests_); }

  void value(const std::string& path, const std::string& text) {
    const auto name = blobs_.name_of(path + '\0' + text, engine::BlobNaming::keyed);
    digests_[path] = name.substr(name.find(':') + 1, digest_hex_digits);
  }

  // Described groups are descended into, also lists of named things; what says nothing has no key. A repair's own
  // fields are one value: what is inside may be the name of a secret.
  template <workflows::Described Spec>
  void group(const std::string& path, const json& node) {
    workflows::each_field<Spec>([&](const auto& one) {
      const auto item = node.find(one.stored_as());
      const std::string here = path + "." + (one.key.name.empty() ? one.stored_as() : std::string(one.key.name));
      if (item == node.end()) return;
      using Value = typename std::remove_cvref_t<decltype(one)>::Value;
      if constexpr (workflows::Described<Value>) {
        group<Value>(here, *item);
      } else {
        member(here, *item);
      }
    });
  }

 private:
  void member(const std::string& path, const json& node) {
    if (node.is_null() || ((node.is_array() || node.is_string()) && node.empty())) return;
    if (node.is_array() && node.front().is_object() && node.front().contains("name")) {
      for (const json& item : node) value(path + "." + item.at("name").get<std::string>(), item.dump());
    } else {
      value(path, node.dump());
    }
  }

  const engine::BlobStore& blobs_;
  KeyDigests digests_;
};

std::string listed(const std::vector<std::string>& texts) { return json(texts).dump(); }

template <class Value>
std::string as_digested(const Value& value, const workflows::Field& key) {
  if constexpr (std::is_same_v<Value, bool>) {
    if (!key.choices.empty()) return std::string(key.choices[value ? 1 : 0]);
  }
  if constexpr (std::is_same_v<Value, Duration>) return std::to_string(value.count());
  if constexpr (std::is_same_v<Value, std::vector<std::string>>) return listed(value);
  return workflows::written(value);
}

template <workflows::Described Spec>
void add_group(const std::string& above, const Spec& spec, KeyCollector& into) {
  [[maybe_unused]] static const Spec standard{};
  workflows::each_field<Spec>([&](const auto& one) {
    const auto& value = spec.*one.member;
    // Older versions have no such key: what says nothing is left out, as in an engine.
    if (one.stored.later && value == standard.*one.member) return;
    into.value(above + std::string(one.key.name), as_digested(value, one.key));
  });
}

// Older versions have no such keys: what says nothing is left out.
void add_api(const config::ApiSpec& api, KeyCollector& into) {
  std::vector<std::string> addresses;
  for (const config::ListenAddress& one : api.listen) addresses.push_back(one.host + " " + std::to_string(one.port));
  if (!addresses.empty()) into.value("api.listen", listed(addresses));
  if (!api.names.empty()) into.value("api.names", listed(api.names));
  for (const auto& [key, file] : {std::pair{"api.tls.certificate", &api.certificate},
                                  std::pair{"api.tls.key", &api.key}, std::pair{"api.tls.client_ca", &api.client_ca}}) {
    if (!file->empty()) into.value(key, *file);
  }
  add_group("api.", api, into);
}

}  // namespace

KeyDigests digests_by_key(const config::Configuration& settings, const engine::BlobStore& blobs) {
  KeyCollector keys(blobs);
  keys.value("ledger", settings.ledger);
  keys.value("reports", settings.reports);
  keys.value("include", listed(settings.files));
  add_group("secrets.", settings.secrets, keys);
  keys.value("vault.max_blob", std::to_string(settings.vault_max_blob_bytes));
  add_group("healing.", settings.healing, keys);
  add_group("healing.", settings.principals, keys);
  add_group("healing.", settings, keys);
  add_group("", settings.published, keys);
  for (const workflows::Principal& principal : settings.principals.listed) {
    keys.value("principals." + principal.name, std::string(name_of(principal.role)) + " " + principal.os_user +
                                                   (principal.certificate.empty() ? "" : " " + principal.certificate));
  }
  for (const config::WebhookSpec& spec : settings.webhooks) {
    const std::string path = "webhooks." + spec.name;
    add_group(path, spec, keys);
    if (spec.command) keys.value(path + ".command", listed(spec.command->argv));
  }
  for (const config::WitnessSpec& spec : settings.witnesses) add_group("witnesses." + spec.key + ".", spec, keys);
  add_api(settings.api, keys);
  for (const workflows::EngineSpec& spec : settings.engines) {
    json engine = json::parse(encode_engine_spec(spec)).at("engine");
    engine.erase("name");
    engine.erase("secrets");  // the whole machine's
    keys.group<workflows::EngineSpec>("engines." + spec.name, engine);
  }
  return keys.take();
}

std::string to_json(const KeyDigests& digests) {
  JsonWriter out;
  out.begin_object();
  for (const auto& [key, digest] : digests) out.field(key, digest);
  return out.end_object().take();
}

KeyDigests key_digests_of(const std::string& text) {
  const auto parsed = json::parse(text, nullptr, false);
  KeyDigests digests;
  if (!parsed.is_object()) return digests;
  for (const auto& [key, digest] : parsed.items()) {
    if (digest.is_string()) digests[key] = digest.get<std::string>();
  }
  return digests;
}

KeyChanges changes_between(const KeyDigests& before, const KeyDigests& now) {
  KeyChanges changes;
  for (const auto& [key, digest] : now) {
    const auto known = before.find(key);
    if (known == before.end()) changes.added.push_back(key);
    if (known != before.end() && known->second != digest) changes.changed.push_back(key);
  }
  for (const auto& [key, digest] : before) {
    if (!now.contains(key)) changes.removed.push_back(key);
  }
  return changes;
}

}  // namespace autoheal::cli
