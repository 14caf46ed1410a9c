#include "autoheal/engine/base/entry_json.hpp"

#include <algorithm>
#include <new>

namespace autoheal {

namespace {

constexpr std::size_t deepest_entry_json = 256;
constexpr std::size_t usual_bytes = 4'096;
constexpr std::size_t most_kept_bytes = 1 << 20;  // a parser that has grown beyond is not kept

std::string why_not(simdjson::error_code error) {
  switch (error) {
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE:
      return "it holds a number that is not a whole one of 64 bits";
    case simdjson::DEPTH_ERROR:
      return "it is nested too deep";
    case simdjson::UTF8_ERROR:
      return "it is not in UTF-8";
    default:
      return "it is no JSON";
  }
}

}  // namespace

struct EntryJsonDocument::Parser {
  simdjson::dom::parser json;
};

// One document is read at a time, as a rule; within another one, it gets a parser of its own.
std::unique_ptr<EntryJsonDocument::Parser>& EntryJsonDocument::spare() {
  thread_local std::unique_ptr<Parser> one;
  return one;
}

EntryJsonDocument::EntryJsonDocument(std::string_view text)
    : parser_(spare() ? std::move(spare()) : std::make_unique<Parser>()), root_(parse(*parser_, text)) {}

EntryJsonDocument::~EntryJsonDocument() {
  if (parser_->json.capacity() <= most_kept_bytes) spare() = std::move(parser_);
}

EntryJson EntryJsonDocument::parse(Parser& parser, std::string_view text) {
  const std::size_t wanted = std::max(text.size(), usual_bytes);
  if (parser.json.capacity() < wanted && parser.json.allocate(wanted, deepest_entry_json) != simdjson::SUCCESS)
    throw std::bad_alloc();
  const auto parsed = parser.json.parse(text.data(), text.size());
  if (parsed.error() != simdjson::SUCCESS) throw std::invalid_argument(why_not(parsed.error()));
  return EntryJson(parsed.value_unsafe());
}

void EntryJson::refuse(std::string_view wanted) {
  throw std::invalid_argument("it holds something else where " + std::string(wanted) + " belongs");
}

simdjson::dom::array EntryJson::list() const {
  const auto found = element_.get_array();
  if (found.error() != simdjson::SUCCESS) refuse("a list");
  return found.value_unsafe();
}

simdjson::dom::object EntryJson::object() const {
  const auto found = element_.get_object();
  if (found.error() != simdjson::SUCCESS) refuse("an object");
  return found.value_unsafe();
}

std::string_view EntryJson::text() const {
  const auto found = element_.get_string();
  if (found.error() != simdjson::SUCCESS) refuse("a text");
  return found.value_unsafe();
}

bool EntryJson::flag() const {
  const auto found = element_.get_bool();
  if (found.error() != simdjson::SUCCESS) refuse("true or false");
  return found.value_unsafe();
}

std::optional<EntryJson> EntryJson::find(std::string_view key) const {
  const auto found = object().at_key(key);
  if (found.error() != simdjson::SUCCESS) return std::nullopt;
  return EntryJson(found.value_unsafe());
}

EntryJson EntryJson::at(std::string_view key) const {
  const auto found = find(key);
  if (!found) throw std::invalid_argument("it does not say \"" + std::string(key) + "\"");
  return *found;
}

EntryJson EntryJson::at(std::size_t index) const {
  const auto found = list().at(index);
  if (found.error() != simdjson::SUCCESS) throw std::invalid_argument("a list in it is too short");
  return EntryJson(found.value_unsafe());
}

}  // namespace autoheal
