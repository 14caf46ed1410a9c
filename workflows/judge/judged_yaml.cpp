#include <fmt/core.h>
#include <yaml.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "autoheal/workflows/judge/judged_text.hpp"

namespace autoheal::workflows {

namespace {

std::string text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

std::string place_of(const yaml_mark_t& mark) {
  return fmt::format(" at line {}, column {}", mark.line + 1, mark.column + 1);
}

class YamlEvent {
 public:
  YamlEvent() = default;
  YamlEvent(const YamlEvent&) = delete;
  YamlEvent& operator=(const YamlEvent&) = delete;
  ~YamlEvent() { yaml_event_delete(&event_); }
  yaml_event_t* get() { return &event_; }
  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
};

class JudgedYamlReader {
 public:
  explicit JudgedYamlReader(std::string_view text) : text_(text) {
    read_.format = SettingsFormat::yaml;
    yaml_parser_initialize(parser_.get());
    yaml_parser_set_encoding(parser_.get(), YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser_.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }

  Result<JudgedText> read() {
    while (true) {
      YamlEvent event;
      if (yaml_parser_parse(parser_.get(), event.get()) == 0) return library_fault();
      if (event->type == YAML_STREAM_END_EVENT) return std::move(read_);
      AUTOHEAL_TRY(take(event));
    }
  }

 private:
  Result<void> take(const YamlEvent& event) {
    const auto& data = event->data;
    switch (event->type) {
      case YAML_DOCUMENT_START_EVENT:
        anchors_.clear();
        read_.documents.push_back({read_.nodes.size(), directives_of(data.document_start)});
        return {};
      case YAML_ALIAS_EVENT:
        if (auto ends = name_ends("*" + text_of(data.alias.anchor), event->start_mark); !ends) return ends;
        return alias(text_of(data.alias.anchor), event->start_mark);
      case YAML_SCALAR_EVENT: {
        JudgedNode& node = add(text_of(data.scalar.anchor), text_of(data.scalar.tag));
        node.text.assign(reinterpret_cast<const char*>(data.scalar.value), data.scalar.length);
        node.style = style_of(data.scalar.style);
        return anchor_ends(data.scalar.anchor, event->start_mark);
      }
      case YAML_SEQUENCE_START_EVENT:
        add(text_of(data.sequence_start.anchor), text_of(data.sequence_start.tag)).kind = JudgedNode::Kind::list;
        return open(data.sequence_start.anchor, event->start_mark);
      case YAML_MAPPING_START_EVENT:
        add(text_of(data.mapping_start.anchor), text_of(data.mapping_start.tag)).kind = JudgedNode::Kind::map;
        return open(data.mapping_start.anchor, event->start_mark);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        open_.pop_back();
        return {};
      default:
        return {};
    }
  }

  struct Open {
    std::size_t node = 0;
    std::optional<std::size_t> key;  // that waits for its value
  };

  Result<void> open(const yaml_char_t* anchor, const yaml_mark_t& mark) {
    if (auto ends = anchor_ends(anchor, mark); !ends) return ends;
    open_.push_back({read_.nodes.size() - 1, std::nullopt});
    if (open_.size() <= static_cast<std::size_t>(deepest_settings)) return {};
    return wrong(mark, fmt::format("it is nested deeper than {} levels", deepest_settings));
  }

  Result<void> anchor_ends(const yaml_char_t* anchor, const yaml_mark_t& mark) {
    return anchor == nullptr ? Result<void>() : name_ends("&" + text_of(anchor), mark);
  }

  // libyaml ends a name before a ?, where other readers go on. A tag may stand before it.
  Result<void> name_ends(const std::string& name, const yaml_mark_t& mark) {
    const std::size_t begin = text_.find(name, byte_of(mark.index));
    if (begin == std::string_view::npos) return {};
    const std::size_t end = begin + name.size();
    if (end == text_.size() || std::string_view(" \t\r\n,]}").contains(text_[end])) return {};
    return wrong(mark, "readers differ on where the name behind " + name.substr(0, 1) + " ends");
  }

  // libyaml counts characters. Marks come in the order of the text.
  std::size_t byte_of(std::size_t character) {
    if (character < character_) character_ = byte_ = 0;
    while (character_ < character && byte_ < text_.size()) {
      ++byte_;
      while (byte_ < text_.size() && (static_cast<unsigned char>(text_[byte_]) & 0xC0U) == 0x80U) ++byte_;
      ++character_;
    }
    return byte_;
  }

  Result<void> alias(const std::string& name, const yaml_mark_t& mark) {
    const auto known = anchors_.find(name);
    if (known == anchors_.end()) return wrong(mark, "the alias *" + name + " repeats what has no name");
    for (const Open& outer : open_) {
      if (outer.node == known->second) return wrong(mark, "the alias *" + name + " leads to itself");
    }
    JudgedNode& node = add({}, {});
    node.kind = JudgedNode::Kind::alias;
    node.target = known->second;
    return {};
  }

  JudgedNode& add(const std::string& anchor, std::string tag) {
    const std::size_t id = read_.nodes.size();
    read_.nodes.emplace_back();
    read_.nodes[id].tag = std::move(tag);
    if (!anchor.empty()) anchors_[anchor] = id;
    if (!open_.empty()) {
      Open& outer = open_.back();
      JudgedNode& collection = read_.nodes[outer.node];
      if (collection.kind == JudgedNode::Kind::list) {
        collection.items.push_back(id);
      } else if (outer.key) {
        collection.entries.push_back({*outer.key, id});
        outer.key.reset();
      } else {
        outer.key = id;
      }
    }
    return read_.nodes[id];
  }

  template <class Start>
  static std::string directives_of(const Start& start) {
    std::string text;
    if (start.version_directive != nullptr)
      text = fmt::format("{}.{}", start.version_directive->major, start.version_directive->minor);
    for (const auto* tag = start.tag_directives.start; tag != start.tag_directives.end; ++tag)
      text += " " + text_of(tag->handle) + " " + text_of(tag->prefix);
    return text;
  }

  static char style_of(yaml_scalar_style_t style) {
    switch (style) {
      case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return '\'';
      case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return '"';
      case YAML_LITERAL_SCALAR_STYLE:
        return '|';
      case YAML_FOLDED_SCALAR_STYLE:
        return '>';
      default:
        return 'p';
    }
  }

  static std::unexpected<Error> wrong(const yaml_mark_t& mark, const std::string& why) {
    return failure(ErrorKind::invalid, fmt::format("not read as YAML{}: {}", place_of(mark), why));
  }

  std::unexpected<Error> library_fault() const {
    const yaml_parser_t& parser = *parser_;
    std::string why = parser.problem == nullptr ? "not enough memory" : parser.problem;
    if (parser.context != nullptr) why = std::string(parser.context) + ", " + why;
    if (parser.error == YAML_READER_ERROR)
      return failure(ErrorKind::invalid, fmt::format("not read as YAML at byte {}: {}", parser.problem_offset, why));
    return wrong(parser.problem_mark, why);
  }

  struct Free {
    void operator()(yaml_parser_t* parser) const {
      yaml_parser_delete(parser);
      delete parser;
    }
  };
  std::unique_ptr<yaml_parser_t, Free> parser_{new yaml_parser_t{}};
  std::string_view text_;
  std::size_t character_ = 0, byte_ = 0;  // of the same place
  std::map<std::string, std::size_t> anchors_;
  std::vector<Open> open_;
  JudgedText read_;
};

}  // namespace

Result<JudgedText> judged_yaml(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  // libyaml overlooks one at the beginning of any line; other readers take it for a part of what stands there.
  for (std::size_t at = text.find("\xef\xbb\xbf"); at != std::string_view::npos;
       at = text.find("\xef\xbb\xbf", at + 1)) {
    if (at > 0 && text[at - 1] != '\n' && text[at - 1] != '\r') continue;
    return failure(ErrorKind::invalid,
                   fmt::format("not read as YAML: a byte-order mark stands at the beginning of line {}",
                               std::ranges::count(text.substr(0, at), '\n') + 1));
  }
  return JudgedYamlReader(text).read();
}

Result<JudgedText> judged_text(std::string_view text, SettingsFormat format) {
  if (text.size() > largest_settings_bytes) {
    return failure(ErrorKind::invalid,
                   fmt::format("not read: it is larger than {} MiB", largest_settings_bytes >> 20U));
  }
  return format == SettingsFormat::json ? judged_json(text) : judged_yaml(text);
}

}  // namespace autoheal::workflows
