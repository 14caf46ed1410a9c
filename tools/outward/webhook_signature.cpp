#include "tools/outward/webhook_signature.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/store/format/canonical_text.hpp"

namespace autoheal::outward {

namespace {

constexpr std::string_view prefix = "whsec_";
constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t shortest_key = 24, longest_key = 64;

}  // namespace

Result<std::string> webhook_key(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  text = text.substr(0, text.find_last_not_of(blanks) + 1);
  const auto refuse = [](const std::string& why) {
    return failure(ErrorKind::invalid, "it is no webhook secret: " + why,
                   "printf 'whsec_%s\\n' \"$(openssl rand -base64 32)\" makes one");
  };
  if (!text.starts_with(prefix)) return refuse("it does not begin with whsec_");
  auto key = store::from_base64(text.substr(prefix.size()));
  if (!key) return refuse("what follows whsec_ is not base64");
  if (key->size() < shortest_key || key->size() > longest_key)
    return refuse(fmt::format("it has not {} to {} bytes", shortest_key, longest_key));
  return std::move(*key);
}

std::vector<std::pair<std::string, std::string>> webhook_headers(std::string_view id, Timestamp time,
                                                                 std::string_view body,
                                                                 const std::vector<std::string>& keys) {
  const std::string seconds = std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
  std::vector<std::pair<std::string, std::string>> headers = {{"webhook-id", std::string(id)},
                                                              {"webhook-timestamp", seconds}};
  std::string signatures;
  const std::string content = fmt::format("{}.{}.{}", id, seconds, body);
  for (const std::string& key : keys) {
    const auto digest = hmac_sha256(key, content);
    const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    signatures += (signatures.empty() ? "v1," : " v1,") + store::to_base64(bytes);
  }
  if (!signatures.empty()) headers.emplace_back("webhook-signature", std::move(signatures));
  return headers;
}

}  // namespace autoheal::outward
