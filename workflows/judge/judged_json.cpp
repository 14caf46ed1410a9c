#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>

#include "autoheal/workflows/judge/judged_text.hpp"

namespace autoheal::workflows {

namespace {

namespace ondemand = simdjson::ondemand;

// Thrown at the first fault; never leaves this file.
struct JsonFault {
  std::string why;
};

// simdjson checks what it is asked for, so this asks for everything. Numbers are taken as they are written: as values,
// those with many digits would be an error.
class JudgedJsonReader {
 public:
  explicit JudgedJsonReader(std::string_view text) : padded_(text) { read_.format = SettingsFormat::json; }

  Result<JudgedText> read() {
    try {
      take(parser_.iterate(padded_).get(document_));
      is_open_ = true;
      ondemand::json_type type{};
      take(document_.type().get(type));
      if (type != ondemand::json_type::object && type != ondemand::json_type::array)
        throw JsonFault{"the document is neither an object nor a list"};
      ondemand::value root;
      take(document_.get_value().get(root));
      read_.documents.push_back({value(root, 1), {}});
      const char* behind = nullptr;
      if (document_.current_location().get(behind) != simdjson::OUT_OF_BOUNDS)
        throw JsonFault{"text stands behind the end of the document"};
      return std::move(read_);
    } catch (const JsonFault& fault) {
      return failure(ErrorKind::invalid, fmt::format("not read as JSON{}: {}", place(), fault.why));
    } catch (const simdjson::simdjson_error& error) {
      return failure(ErrorKind::invalid, fmt::format("not read as JSON{}: {}", place(), error.what()));
    }
  }

 private:
  static void take(simdjson::error_code code) {
    if (code != simdjson::SUCCESS) throw JsonFault{simdjson::error_message(code)};
  }

  std::size_t value(ondemand::value& at, int depth) {
    if (depth > deepest_settings) throw JsonFault{fmt::format("it is nested deeper than {} levels", deepest_settings)};
    const std::size_t id = read_.nodes.size();
    read_.nodes.emplace_back();
    ondemand::json_type type{};
    take(at.type().get(type));
    if (type == ondemand::json_type::object) {
      object(at, id, depth);
    } else if (type == ondemand::json_type::array) {
      array(at, id, depth);
    } else if (type == ondemand::json_type::string) {
      std::string_view text;
      take(at.get_string().get(text));
      read_.nodes[id].style = '"';
      read_.nodes[id].text = text;
    } else {
      raw(at, read_.nodes[id]);
    }
    return id;
  }

  void object(ondemand::value& at, std::size_t id, int depth) {
    read_.nodes[id].kind = JudgedNode::Kind::map;
    ondemand::object object;
    take(at.get_object().get(object));
    for (auto member : object) {
      ondemand::field field;
      take(std::move(member).get(field));
      std::string_view name;
      take(field.unescaped_key().get(name));
      const std::size_t key = read_.nodes.size();
      read_.nodes.emplace_back();
      read_.nodes[key].style = '"';
      read_.nodes[key].text = name;
      const std::size_t inner = value(field.value(), depth + 1);
      read_.nodes[id].entries.push_back({key, inner});
    }
  }

  void array(ondemand::value& at, std::size_t id, int depth) {
    read_.nodes[id].kind = JudgedNode::Kind::list;
    ondemand::array array;
    take(at.get_array().get(array));
    for (auto element : array) {
      ondemand::value inner;
      take(std::move(element).get(inner));
      const std::size_t item = value(inner, depth + 1);
      read_.nodes[id].items.push_back(item);
    }
  }

  // A number or word. It is not consumed, so what follows is looked at here: skipping would be lenient about it.
  static void raw(ondemand::value& at, JudgedNode& node) {
    const std::string_view token = at.raw_json_token();
    const char next = token.data()[token.size()];
    const auto end = token.find_last_not_of(" \t\r\n");
    const std::string_view word = token.substr(0, end + 1);
    if (next != ',' && next != ']' && next != '}') throw JsonFault{"a value is followed by what does not belong there"};
    if (word != "true" && word != "false" && word != "null" && !is_number(word))
      throw JsonFault{"this is neither a number nor true, false or null"};
    node.style = 'r';
    node.text = word;
  }

  static bool is_number(std::string_view text) {
    const auto digits = [&] {
      const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
      text.remove_prefix(end);
      return end;
    };
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool zero = text.starts_with('0');
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      if (digits() == 0) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
      text.remove_prefix(1);
      if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
      if (digits() == 0) return false;
    }
    return text.empty();
  }

  std::string place() {
    const char* at = nullptr;
    if (!is_open_)
      return {};  // the library found no document, and asking one that is none where it is ends the process
    if (document_.current_location().get(at) != simdjson::SUCCESS || at < padded_.data() ||
        at > padded_.data() + padded_.size())
      return {};
    const std::string_view before(padded_.data(), static_cast<std::size_t>(at - padded_.data()));
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto column = before.size() - (before.rfind('\n') + 1) + 1;
    return fmt::format(" at line {}, column {}", line, column);
  }

  simdjson::padded_string padded_;
  ondemand::parser parser_;
  ondemand::document document_;
  JudgedText read_;
  bool is_open_ = false;
};

}  // namespace

Result<JudgedText> judged_json(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return JudgedJsonReader(text).read();
}

}  // namespace autoheal::workflows
