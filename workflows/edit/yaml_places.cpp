#include "autoheal/workflows/edit/yaml_places.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/workflows/edit/yaml_cursor.hpp"
#include "autoheal/workflows/text/settings_format.hpp"
#include "autoheal/workflows/text/text_places.hpp"

namespace autoheal::workflows {

namespace {

using Done = Result<void>;
using Made = Result<std::size_t>;

constexpr std::string_view write_plainly = "write it as `name: value` if values of this file are to be set";

constexpr std::string_view odd_name = "readers differ on where the name behind this & or * ends";
constexpr std::string_view common_name = "give it a name of letters, digits, _ and -";

bool is_common_name(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return ascii::is_letter_or_digit(c) || c == '_' || c == '-'; });
}

class YamlReader {
 public:
  explicit YamlReader(std::string_view text) : in_{text, byte_order_mark(text)} {}

  Result<YamlStream> read() {
    if (in_.peek() == '\t') return std::unexpected(tab().error());
    AUTOHEAL_TRY(check());
    while (true) {
      if (auto more = begin_document(); !more) {
        return std::unexpected(std::move(more.error()));
      } else if (!*more) {
        return std::move(stream_);
      }
      AUTOHEAL_TRY(document());
    }
  }

 private:
  // Where a node may stand: its lines have `least_column` blanks before them; a list that is a value may stand right
  // below its name; a block collection may begin on this line where nothing but dashes stands before it.
  struct Room {
    std::size_t least_column = 0;
    bool is_value = false;
    bool fresh = false;
  };

  Done check() {
    if (auto is_text = check_is_text(in_.text); !is_text) return is_text;
    constexpr std::string_view mark = "\xef\xbb\xbf";
    for (std::size_t at = in_.text.find(mark, in_.at); at != std::string_view::npos; at = in_.text.find(mark, at + 1)) {
      const bool begins_line = at == in_.at || in_.text[at - 1] == '\n' || in_.text[at - 1] == '\r';
      if (begins_line) return YamlCursor{in_.text, at}.wrong("a byte-order mark stands within the file", "take it out");
    }
    const auto control = std::ranges::find_if(in_.text, [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    });
    if (control == in_.text.end()) return {};
    in_.at = static_cast<std::size_t>(control - in_.text.begin());
    return in_.wrong("a control character stands here", "write it as an escape in double quotes");
  }

  // False at the end of the text.
  Result<bool> begin_document() {
    bool directives = false;
    while (true) {
      AUTOHEAL_TRY(skip_to_content());
      if (in_.at_end()) break;
      if (in_.peek() == '%' && in_.column() == 0) {
        const std::string_view line = in_.text.substr(in_.at);
        const bool is_version = line.starts_with("%YAML 1.") && line.size() > 8 && ascii::is_digit(line[8]);
        if (!is_version && !line.starts_with("%TAG !"))
          return in_.wrong("a line that begins with % is neither %YAML 1.x nor %TAG");
        directives = true;
        skip_line();
      } else if (in_.at_document_marker() && in_.peek() == '.') {
        if (stream_.documents.empty()) return in_.wrong("a document ends here (...) before one has begun");
        in_.at += 3;
        AUTOHEAL_TRY(end_of_line());
      } else {
        break;
      }
    }
    if (directives && !in_.at_document_marker())
      return in_.wrong("behind a line that begins with % the document must begin with ---");
    if (in_.at_end()) return false;
    is_explicit_ = in_.at_document_marker();
    if (is_explicit_) in_.at += 3;
    anchors_.clear();
    return true;
  }

  Done document() {
    const std::size_t root = stream_.nodes.size();
    AUTOHEAL_TRY(block(root, {0, false, !is_explicit_}));
    stream_.documents.push_back(root);
    if (auto done = skip_to_content(); !done) return done;
    if (in_.at_end() || in_.at_document_marker()) return {};
    return in_.wrong("this does not belong to what stands above it", "indent it as its neighbours are");
  }

  // ---- block nodes

  Made block(std::size_t parent, Room room) {
    const std::size_t id = add(parent);
    if (++depth_ > deepest_settings) return too_deep();
    auto done = block_at(id, room);
    --depth_;
    AUTOHEAL_TRY(done);
    return id;
  }

  Done block_at(std::size_t id, Room room) {
    const std::size_t line = in_.line_begin();
    if (auto done = skip_to_content(); !done) return done;
    if (room.fresh && in_.line_begin() == line && in_.at > 0 && in_.text[in_.at - 1] == '\t') return tab();
    room.fresh = room.fresh || in_.line_begin() != line;
    if (!belongs(room, line)) return {};
    const std::size_t begin = in_.at;
    if (room.fresh && begins_entry()) return map(id, in_.column());
    if (auto done = properties(id); !done) return done;
    const bool has_properties = stream_.nodes[id].begin == begin && in_.at != begin;
    if (!has_properties) stream_.nodes[id].begin = begin;
    if (has_properties) {
      const std::size_t properties_line = in_.line_begin();
      if (auto done = skip_to_content(); !done) return done;
      room.fresh = in_.line_begin() != properties_line;
      if (!belongs(room, properties_line)) return {};
      if (room.fresh && begins_entry()) return map(id, in_.column());
    }
    stream_.nodes[id].content = in_.at;
    return content(id, room);
  }

  bool belongs(const Room& room, std::size_t line) const {
    if (in_.at_end()) return false;
    if (in_.line_begin() == line) return !(in_.at_document_marker());
    if (in_.at_document_marker()) return false;
    const std::size_t column = in_.column();
    return column >= room.least_column || (room.is_value && column + 1 == room.least_column && at_dash());
  }

  Done content(std::size_t id, const Room& room) {
    const char first = in_.peek();
    if (at_dash()) {
      if (!room.fresh) return in_.wrong("a list begins on the line of its name", "begin it on a line of its own");
      return list(id, in_.column());
    }
    if (first == '?' && in_.is_blank_or_end(1)) return complex_key();
    if (first == ':' && in_.is_blank_or_end(1)) return in_.wrong("a name is missing before the colon");
    if (first == '|' || first == '>') return read_block_text(in_, stream_.nodes[id], room.least_column);
    if (auto done = leaf(id, room.least_column); !done) return done;
    return end_of_line();
  }

  // A node that needs no lines of its own.
  Done leaf(std::size_t id, std::size_t least_column) {
    const char first = in_.peek();
    if (first == '{' && in_.peek(1) == '{') {
      return in_.wrong("{{ begins what looks like a template, which is YAML only once it is filled in",
                       "set values in the file that is made of it, or put it in quotes");
    }
    if (first == '[' || first == '{') return flow_collection(id);
    if (first == '*') return alias(id);
    if (first == '"' || first == '\'') return read_quoted(in_, stream_.nodes[id]);
    if (begins_plain(in_, stream_.nodes[id].in_flow)) return read_plain(in_, stream_.nodes[id], least_column);
    return in_.wrong(std::string("a value cannot begin with ") + first, "put it in quotes");
  }

  Done map(std::size_t id, std::size_t column) {
    start_collection(id, YamlKind::map, column);
    while (true) {
      const auto key = entry_key(id);
      AUTOHEAL_TRY(key);
      const auto value = block(id, {column + 1, true, false});
      AUTOHEAL_TRY(value);
      stream_.nodes[id].entries.push_back({*key, *value});
      end_with(id, *value);
      if (auto done = skip_to_content(); !done) return done;
      if (ends_here(column)) return {};
      if (in_.column() > column) return badly_indented();
      if (in_.peek() == '?' && in_.is_blank_or_end(1)) return complex_key();
      if (!begins_entry()) return in_.wrong("a name with a colon and a blank behind it is missing on this line");
    }
  }

  Made entry_key(std::size_t map) {
    const std::size_t id = add(map);
    AUTOHEAL_TRY(properties(id));
    in_.skip_blanks();
    stream_.nodes[id].content = in_.at;
    YamlNode& key = stream_.nodes[id];
    if (in_.peek() == '*') {
      AUTOHEAL_TRY(alias(id));
    } else if (in_.peek() == '"' || in_.peek() == '\'') {
      AUTOHEAL_TRY(read_quoted(in_, key));
    } else {
      key.style = 'p';
      key.end = key.value_end = end_of_plain(in_.text, in_.at, false).end;
      key.text = in_.text.substr(in_.at, key.end - in_.at);
      in_.at = key.end;
    }
    in_.skip_blanks();
    ++in_.at;  // the colon, which begins_entry has seen
    return id;
  }

  Done list(std::size_t id, std::size_t column) {
    start_collection(id, YamlKind::list, column);
    while (true) {
      ++in_.at;
      YamlCursor behind = in_;
      while (behind.peek() == ' ') ++behind.at;
      if (behind.peek() == '\t') return tab();
      const auto item = block(id, {column + 1, false, true});
      AUTOHEAL_TRY(item);
      stream_.nodes[id].items.push_back(*item);
      end_with(id, *item);
      if (auto done = skip_to_content(); !done) return done;
      if (ends_here(column) || (in_.column() == column && !at_dash())) return {};
      if (in_.column() > column) return badly_indented();
    }
  }

  // Whether an entry of a block map begins here: a name on one line, and a colon with a blank behind it.
  bool begins_entry() const {
    YamlCursor here = in_;
    while (here.peek() == '&' || here.peek() == '!') {
      while (!here.is_blank_or_end(0)) ++here.at;
      here.skip_blanks();
    }
    if (here.peek() == '"' || here.peek() == '\'') {
      YamlNode quoted;
      const std::size_t line = here.line_begin();
      if (!read_quoted(here, quoted) || here.line_begin() != line) return false;
    } else if (here.peek() == '*') {
      while (!here.is_blank_or_end(0)) ++here.at;
    } else if (begins_plain(here, false)) {
      here.at = end_of_plain(here.text, here.at, false).end;
    } else {
      return false;
    }
    here.skip_blanks();
    return here.peek() == ':' && here.is_blank_or_end(1);
  }

  // ---- flow nodes

  Done flow_collection(std::size_t id) {
    if (++depth_ > deepest_settings) return std::unexpected(too_deep().error());
    stream_.nodes[id].style = 'f';
    const bool is_map = in_.peek() == '{';
    stream_.nodes[id].kind = is_map ? YamlKind::map : YamlKind::list;
    const YamlCursor begin = in_;
    ++in_.at;
    auto done = is_map ? flow_entries(id, begin) : flow_items(id, begin);
    stream_.nodes[id].end = stream_.nodes[id].value_end = in_.at;
    --depth_;
    return done;
  }

  // Behind an entry or item: true if the collection ends.
  Result<bool> flow_goes_on(char closing, const YamlCursor& begin) {
    AUTOHEAL_TRY(skip_in_flow(begin));
    const char here = in_.peek();
    if (here != ',' && here != closing)
      return in_.wrong(std::string("neither a comma nor the closing ") + closing + " stands here");
    ++in_.at;
    return here == closing;
  }

  Done flow_items(std::size_t id, const YamlCursor& begin) {
    while (true) {
      if (auto done = skip_in_flow(begin); !done) return done;
      if (in_.peek() == ']') break;
      const auto item = flow_value(id, begin);
      AUTOHEAL_TRY(item);
      if (stream_.nodes[*item].style == 'e' && stream_.nodes[*item].begin == stream_.nodes[*item].end)
        return in_.wrong("a value is missing in the list");
      if (auto done = skip_in_flow(begin); !done) return done;
      if (in_.peek() == ':') return in_.wrong("a pair stands in a list without braces", "put it in braces: [{a: b}]");
      stream_.nodes[id].items.push_back(*item);
      const auto ends = flow_goes_on(']', begin);
      AUTOHEAL_TRY(ends);
      if (*ends) return {};
    }
    ++in_.at;
    return {};
  }

  Done flow_entries(std::size_t id, const YamlCursor& begin) {
    while (true) {
      if (auto done = skip_in_flow(begin); !done) return done;
      if (in_.peek() == '}') break;
      const auto key = flow_value(id, begin);
      AUTOHEAL_TRY(key);
      const YamlNode& name = stream_.nodes[*key];
      const std::string_view written = in_.text.substr(name.begin, name.end - name.begin);
      if (name.kind == YamlKind::list || name.kind == YamlKind::map) return complex_key();
      if (name.style == 'e') return in_.wrong("a name is missing");
      if (written.find_first_of("\r\n") != std::string_view::npos)
        return in_.wrong("a name goes over several lines", std::string(write_plainly));
      in_.skip_blanks();
      std::size_t value = 0;
      if (in_.peek() == ':') {
        if (name.style == 'p' && !in_.is_blank_or_end(1))
          return in_.wrong("no blank stands behind the colon, and readers differ on what that is", "put a blank there");
        ++in_.at;
        const auto made = flow_value(id, begin);
        AUTOHEAL_TRY(made);
        value = *made;
      } else {
        const std::size_t key_end = name.end;
        value = add(id);
        YamlNode& nothing = stream_.nodes[value];
        nothing.begin = nothing.content = nothing.end = nothing.value_end = key_end;
        nothing.in_flow = true;
      }
      stream_.nodes[id].entries.push_back({*key, value});
      const auto ends = flow_goes_on('}', begin);
      AUTOHEAL_TRY(ends);
      if (*ends) return {};
    }
    ++in_.at;
    return {};
  }

  // A node within a flow collection; one that is not written where none stands.
  Made flow_value(std::size_t parent, const YamlCursor& begin) {
    const std::size_t id = add(parent);
    stream_.nodes[id].in_flow = true;
    AUTOHEAL_TRY(skip_in_flow(begin));
    if (in_.peek() == '?' && in_.is_blank_or_end(1)) return std::unexpected(complex_key().error());
    const std::size_t start = in_.at;
    AUTOHEAL_TRY(properties(id));
    const bool has_properties = in_.at != start;
    AUTOHEAL_TRY(skip_in_flow(begin));
    if (std::string_view(",]}").contains(in_.peek()) || (in_.peek() == ':' && !begins_plain(in_, true))) return id;
    if (!has_properties) stream_.nodes[id].begin = start;
    stream_.nodes[id].content = in_.at;
    AUTOHEAL_TRY(leaf(id, 0));
    return id;
  }

  Done skip_in_flow(const YamlCursor& begin) {
    while (!in_.at_end()) {
      if (in_.at_break()) {
        in_.skip_break();
        if (in_.at_document_marker()) break;
      } else if (in_.peek() == ' ' || in_.peek() == '\t') {
        in_.skip_blanks();
      } else if (at_comment()) {
        skip_line();
      } else {
        return {};
      }
    }
    return begin.wrong("the bracket or brace that opens here is never closed");
  }

  // ---- what nodes have in common

  // & and !, in any order; what stands behind them is not skipped.
  Done properties(std::size_t id) {
    YamlCursor next = in_;
    while (next.peek() == '&' || next.peek() == '!') {
      const bool is_anchor = next.peek() == '&';
      const std::size_t begin = next.at;
      const bool verbatim = next.peek(1) == '<' && !is_anchor;
      while (!next.is_blank_or_end(0) && (verbatim || !std::string_view(",[]{}").contains(next.peek()))) ++next.at;
      YamlNode& node = stream_.nodes[id];
      if (node.tag.empty() && node.anchor.empty()) node.begin = begin;
      std::string& into = is_anchor ? node.anchor : node.tag;
      if (!into.empty()) return next.wrong("a value has two anchors or two tags");
      into = next.text.substr(begin + (is_anchor ? 1 : 0), next.at - begin - (is_anchor ? 1 : 0));
      if (is_anchor && !is_common_name(into)) return in_.wrong(std::string(odd_name), std::string(common_name));
      if (is_anchor) anchors_[into] = id;
      node.content = node.end = node.value_end = in_.at = next.at;
      next.skip_blanks();
    }
    return {};
  }

  Done alias(std::size_t id) {
    YamlNode& node = stream_.nodes[id];
    if (!node.tag.empty() || !node.anchor.empty()) return in_.wrong("an alias (*) has an anchor or a tag of its own");
    const YamlCursor begin = in_;
    ++in_.at;
    const std::size_t name = in_.at;
    while (!in_.is_blank_or_end(0) && !std::string_view(",[]{}").contains(in_.peek())) ++in_.at;
    node.kind = YamlKind::alias;
    node.style = '*';
    node.anchor = in_.text.substr(name, in_.at - name);
    node.end = node.value_end = in_.at;
    if (!is_common_name(node.anchor)) return begin.wrong(std::string(odd_name), std::string(common_name));
    const auto known = anchors_.find(node.anchor);
    if (known == anchors_.end())
      return begin.wrong("the alias *" + node.anchor + " repeats what no & has named before");
    node.target = known->second;
    return {};
  }

  std::size_t add(std::size_t parent) {
    YamlNode node;
    node.begin = node.content = node.end = node.value_end = in_.at;
    node.parent = parent;
    stream_.nodes.push_back(std::move(node));
    return stream_.nodes.size() - 1;
  }

  void start_collection(std::size_t id, YamlKind kind, std::size_t column) {
    YamlNode& node = stream_.nodes[id];
    if (node.tag.empty() && node.anchor.empty()) node.begin = in_.at;
    node.content = in_.at;
    node.kind = kind;
    node.style = 'b';
    node.column = column;
  }

  void end_with(std::size_t id, std::size_t last) {
    stream_.nodes[id].end = stream_.nodes[last].end;
    stream_.nodes[id].value_end = stream_.nodes[last].value_end;
  }

  bool at_dash() const { return in_.peek() == '-' && in_.is_blank_or_end(1) && !in_.at_document_marker(); }
  bool at_comment() const {
    return in_.peek() == '#' &&
           (in_.at == 0 || std::string_view(" \t\r\n").contains(in_.text[in_.at - 1]) || in_.column() == 0);
  }
  bool ends_here(std::size_t column) const { return in_.at_end() || in_.at_document_marker() || in_.column() < column; }
  void skip_line() {
    while (!in_.at_end() && !in_.at_break()) ++in_.at;
  }

  // Over blanks, comments and line ends. Tabs must not indent what follows, nor a line right below a block text.
  Done skip_to_content() {
    if (in_.column() == 0) {
      while (in_.peek() == ' ') ++in_.at;
      if (in_.peek() == '\t') return tab();
    }
    in_.skip_blanks();
    while (true) {
      if (at_comment()) skip_line();
      if (in_.at_end() || !in_.at_break()) return {};
      in_.skip_break();
      while (in_.peek() == ' ') ++in_.at;
      if (in_.peek() == '\t') return tab();
    }
  }

  // Behind a value nothing but a comment may stand on its line.
  Done end_of_line() {
    in_.skip_blanks();
    if (in_.at_end() || in_.at_break()) return {};
    if (at_comment()) {
      skip_line();
      return {};
    }
    if (in_.peek() == ':') return in_.wrong("a second colon stands on this line", "put the value in quotes");
    return in_.wrong("text stands behind the value",
                     "put the whole value in quotes, or a blank and # before a comment");
  }

  Done complex_key() const {
    return in_.wrong("a name is written as a value of its own (\"? \", or a collection)", std::string(write_plainly));
  }
  Done badly_indented() const {
    return in_.wrong("this line is indented more than its neighbours", "indent it as they are");
  }
  Done tab() const { return in_.wrong("a tab indents this line, which YAML does not allow", "indent it with blanks"); }
  Made too_deep() const { return in_.wrong(fmt::format("the file is nested deeper than {} levels", deepest_settings)); }

  YamlCursor in_;
  YamlStream stream_;
  std::map<std::string, std::size_t> anchors_;
  int depth_ = 0;
  bool is_explicit_ = false;
};

}  // namespace

Result<YamlStream> read_yaml_places(std::string_view text) { return YamlReader(text).read(); }

}  // namespace autoheal::workflows
