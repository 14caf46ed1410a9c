#include "tools/autoheal/protocol/operation_body.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/config/problem.hpp"

namespace autoheal::cli {

namespace {

using nlohmann::json;

constexpr int deepest = 2;  // an object of texts and lists of texts, but for a payload

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // the parser would pass over it

// Why it is no JSON, with the place, or empty. The parser's own message would repeat what was sent.
template <class Parse>
std::string problem_of(const Parse& parse) {
  try {
    parse();
    return {};
  } catch (const json::parse_error& problem) {
    return fmt::format("is not JSON from byte {} on", problem.byte);
  } catch (const json::exception&) {
    return "holds a number that is too large";
  }
}

// Looks at what the parser comes past: a key that stands twice or a nesting too deep.
class Shape {
 public:
  bool take(int depth, json::parse_event_t event, const json& part) {
    if (!problem.empty()) return false;
    if (depth > (is_in_payload_ ? 1 + deepest_payload : deepest)) problem = "is nested too deep";
    if (event == json::parse_event_t::object_start) keys_[depth + 1].clear();
    if (event == json::parse_event_t::key) take_key(depth, part.get<std::string>());
    return problem.empty();
  }

  std::string problem;

 private:
  void take_key(int depth, const std::string& key) {
    if (depth == 1) is_in_payload_ = key == "payload";
    if (!keys_[depth].insert(key).second) problem = fmt::format("has the key \"{}\" twice", valid_utf8(key));
  }

  std::map<int, std::set<std::string>> keys_;  // of the object that is open at this depth
  bool is_in_payload_ = false;
};

// Parses without recursion.
Result<json> parse_object(const std::string& text) {
  Shape shape;
  std::string& problem = shape.problem;
  const auto look = [&](int depth, json::parse_event_t event, json& part) { return shape.take(depth, event, part); };
  json parsed;
  const std::string unparsed = text.starts_with(byte_order_mark)
                                   ? "is no JSON from byte 1 on"
                                   : problem_of([&] { parsed = json::parse(text, look); });
  if (problem.empty()) problem = unparsed;
  if (problem.empty() && !parsed.is_object()) problem = "is not a JSON object";
  if (!problem.empty()) return failure(ErrorKind::invalid, "the request " + problem);
  return parsed;
}

class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}

  void text(const char* key, std::string& into, std::size_t most_bytes = largest_body_text_bytes) {
    const json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_string()) return wrong(key, "is not a text");
    into = value->get<std::string>();
    if (into.size() > most_bytes) wrong(key, fmt::format("is longer than {} KiB", most_bytes / 1024));
  }
  void texts(const char* key, std::vector<std::string>& into) {
    const json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_array() || value->size() > most_body_engines) return wrong(key, "is not a list of at most 10,000");
    for (const json& one : *value) {
      if (!one.is_string() || one.get_ref<const std::string&>().size() > largest_body_text_bytes)
        return wrong(key, "is not a list of texts");
      into.push_back(one.get<std::string>());
    }
  }
  void flag(const char* key, std::optional<bool>& into) {
    const json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_boolean()) return wrong(key, "is neither true nor false");
    into = value->get<bool>();
  }
  void whole_number(const char* key, std::optional<std::int64_t>& into) {
    const json* value = find(key);
    if (value == nullptr) return;
    const bool fits = value->is_number_integer() &&
                      (!value->is_number_unsigned() || value->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
    if (!fits) return wrong(key, "is not a whole number");
    into = value->get<std::int64_t>();
  }
  void object(const char* key, std::string& into) {
    const json* value = find(key);
    if (value == nullptr) return;
    if (!value->is_object()) return wrong(key, "is not a JSON object");
    into = value->dump();
    if (into.size() > largest_body_text_bytes) wrong(key, "is longer than 64 KiB");
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  const json* find(const char* key) {
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  void wrong(const char* key, const std::string& why) {
    if (problem_.empty()) problem_ = fmt::format("\"{}\" of the request {}", key, why);
  }

  const json& object_;
  std::string problem_;
};

}  // namespace

std::string to_json(const OperationBody& body) {
  JsonWriter out;
  out.begin_object().optional_field("engine", body.engine).optional_field("heal", body.heal);
  if (!body.engines.empty()) {
    out.key("engines").begin_array();
    for (const std::string& name : body.engines) out.value(name);
    out.end_array();
  }
  if (body.error) out.field("error", *body.error);
  if (body.heals) out.field("heals", *body.heals);
  if (body.for_us) out.field("for_us", *body.for_us);
  if (body.before_us) out.field("before_us", *body.before_us);
  out.optional_field("file", body.file).optional_field("key", body.key).optional_field("note", body.note);
  out.optional_field("topic", body.topic);
  if (!body.payload.empty()) out.key("payload").raw(body.payload);
  out.optional_field("configuration", body.configuration).optional_field("since", body.since);
  out.optional_field("principal", body.principal).optional_field("role", body.role);
  out.optional_field("token", body.token);
  out.optional_field("what", body.what).optional_field("reason", body.reason);
  return out.end_object().take();
}

Result<OperationBody> read_operation_body(const std::string& text, std::span<const std::string_view> allowed) {
  const auto object = parse_object(text);
  AUTOHEAL_TRY(object);
  for (const auto& [key, value] : object->items()) {
    if (std::ranges::find(allowed, key) != allowed.end()) continue;
    std::vector<std::string> known(allowed.begin(), allowed.end());
    return failure(ErrorKind::invalid, fmt::format("the request has an unknown key \"{}\"", valid_utf8(key)),
                   config::did_you_mean(key, known));
  }
  OperationBody body;
  std::string error;
  Reader read(*object);
  read.text("engine", body.engine);
  read.text("heal", body.heal);
  read.texts("engines", body.engines);
  read.text("error", error);
  if (object->contains("error")) body.error = std::move(error);
  read.flag("heals", body.heals);
  read.whole_number("for_us", body.for_us);
  read.whole_number("before_us", body.before_us);
  read.text("file", body.file);
  read.text("key", body.key);
  read.text("note", body.note);
  read.text("topic", body.topic);
  read.object("payload", body.payload);
  read.text("configuration", body.configuration, largest_configuration_bytes);
  read.text("since", body.since);
  read.text("principal", body.principal);
  read.text("role", body.role);
  read.text("token", body.token);
  read.text("what", body.what);
  read.text("reason", body.reason);
  if (!read.problem().empty()) return failure(ErrorKind::invalid, read.problem());
  return body;
}

}  // namespace autoheal::cli
