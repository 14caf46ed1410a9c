// Documents as people and programs leave them, each with what is right afterwards: bytes put together from pieces of
// which the author knew what they mean. Nothing of the product has a part in it, so that it can judge what the product
// makes of them.
//
// What is declared of every document: .env: PORT is 8080 and OLD_SECRET is nowhere; .json and .yaml: /server/port is
// 8080.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace autoheal::simulation {

enum class HostileFormat { env, json, yaml };

struct HostileDocument {
  enum class Truth {
    healed,             // it can be edited, and has to be
    healed_or_refused,  // readers differ on it, or it takes more than people may ask for; what is written is right
    refused,            // there is no right edit
  };
  std::string kind;  // in words, for what is complained of
  std::string text;
  Truth truth = Truth::healed;
  std::vector<std::string> right;  // the whole document, one of these
  bool blanks_are_free = false;    // between the tokens of JSON
};

// The same numbers make the same document.
[[nodiscard]] HostileDocument hostile_document(HostileFormat format, std::mt19937_64& random);
// One that anybody can edit: for the end of a life.
[[nodiscard]] HostileDocument simple_document(HostileFormat format);

[[nodiscard]] bool is_right(const HostileDocument& document, const std::string& content);

}  // namespace autoheal::simulation
