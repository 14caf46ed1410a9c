// JSON documents, by RFC 8259.
#include <array>

#include "tests/simulation/documents/document_draft.hpp"

namespace autoheal::simulation {

namespace {

using Draft = DocumentDraft;

constexpr std::array json_bystanders = {
    R"("a": 1)",
    R"("quoted": "he said \"port\": 1, }{ and \\")",
    R"("letters": "\u00e9 \ud83d\ude00 é")",
    R"("large": 12345678901234567890123)",
    R"("version": 1.10)",
    R"("tiny": 1e-7)",
    R"("minus": -0)",
    R"("nested": {"server": {"port": 1}, "port": 2})",
    R"("list": [1, {"port": 2}, [], {}, "]"])",
    R"("port": 99)",
    R"("nothing": null)",
    R"("": 0)",
    R"("server ": {"port": 3})",
    R"("/server/port": 4)",
    R"("tab": "a\tb\/c")",
};

constexpr std::size_t most_within = 2;  // the server's object

struct Style {
  std::string open, between, close, colon;
};

Style some_style(Draft& draft, const std::string& indent) {
  switch (draft.number(0, 3)) {
    case 0:
      return {"{", ",", "}", ":"};
    case 1:
      return {"{\n  " + indent, ",\n  " + indent, "\n" + indent + "}", ": "};
    case 2:
      return {"{\t", " ,\t", "\t}", " :\t"};
    default:
      return {"{ ", ", ", " }", ": "};
  }
}

void add_json_bystanders(Draft& draft, const Style& style, std::size_t most, bool comma_behind) {
  const std::size_t count = draft.number(0, most);
  const std::size_t first = draft.number(0, json_bystanders.size() - 1);  // no name twice
  for (std::size_t index = 0; index < count; ++index) {
    const std::string member = json_bystanders[(first + index) % json_bystanders.size()];
    if (most == most_within && member.starts_with("\"port\"")) continue;
    draft.keep(comma_behind ? member + style.between : style.between + member);
  }
}

void change_value(Draft& draft, const std::string& before, const std::string& value) {
  draft.change(before + value, {before + "8080"});
}

// A member of the server's object, or its absence.
void add_json_port(Draft& draft, const Style& style) {
  const std::string name = "\"port\"" + style.colon;
  switch (draft.number(0, 9)) {
    case 0:
      draft.is_kind("a string");
      return change_value(draft, name, R"("80")");
    case 1:
      draft.is_kind("null");
      return change_value(draft, name, "null");
    case 2:
      draft.is_kind("a name with escapes");
      return change_value(draft, "\"p\\u006frt\"" + style.colon, "80");
    case 3:
      draft.is_kind("an object");
      draft.may_be_refused();
      return change_value(draft, name, R"({"port": 80})");
    case 4:
      draft.is_kind("blanks around it");
      return change_value(draft, "\"port\" \t:   ", "80");
    case 5:
      draft.is_kind("a string that looks like the end");
      return change_value(draft, name, R"("80}, \"port\": 1")");
    case 6:
      draft.is_kind("twice");
      draft.may_be_refused();
      draft.keep(name + "8080" + style.between);
      return change_value(draft, name, "80");
    case 7:
      draft.is_kind("8080 as a string");
      return change_value(draft, name, R"("8080")");
    default:
      draft.is_kind("a number");
      return change_value(draft, name, "80");
  }
}

void add_json_server(Draft& draft, const Style& outer) {
  const std::string name = "\"server\"" + outer.colon;
  if (draft.once_in(10)) {
    draft.is_kind("an empty object");
    draft.blanks_are_free();
    return draft.change(name + "{}", {name + R"({"port": 8080})"});
  }
  if (draft.once_in(10)) {
    draft.is_kind("an object without it");
    draft.blanks_are_free();
    return draft.change(name + R"({"host": "x"})", {name + R"({"host": "x", "port": 8080})"});
  }
  if (draft.once_in(12)) {
    draft.is_kind("the object is a list");
    draft.must_be_refused();
    return draft.keep(name + R"([{"port": 80}])");
  }
  const Style style = some_style(draft, "  ");
  draft.keep(name + style.open);
  add_json_bystanders(draft, style, most_within, true);
  add_json_port(draft, style);
  draft.keep(style.between + "\"host\"" + style.colon + "\"x\"" + style.close);
}

// Behind the document.
void spoil_json(Draft& draft) {
  draft.must_be_refused();
  switch (draft.number(0, 4)) {
    case 0:
      draft.is_kind("zero bytes at the end");
      return draft.keep(std::string(draft.number(1, 5000), '\0'));
    case 1:
      draft.is_kind("text behind it");
      return draft.keep(" x\n");
    case 2:
      draft.is_kind("a second document");
      return draft.keep("\n{\"server\": {\"port\": 1}}\n");
    case 3:
      draft.is_kind("a bracket too many");
      return draft.keep("}");
    default:
      draft.is_kind("a comment behind it");
      return draft.keep("\n// done\n");
  }
}

HostileDocument no_json(Draft& draft) {
  switch (draft.number(0, 11)) {
    case 0:
      return never_right("100,000 brackets", std::string(100'000, '['));
    case 1:
      return never_right("20,000 objects", [] {
        std::string text;
        for (int count = 0; count < 20'000; ++count) text += R"({"a":)";
        return text;
      }());
    case 2:
      return never_right("empty", "");
    case 3:
      return never_right("blanks", " \n\n");
    case 4:
      return never_right("cut off", R"({"server": {"port": 80)");
    case 5:
      return never_right("a comma too many", R"({"server": {"port": 80,}})");
    case 6:
      return never_right("a comment", "{\"server\": { // here\n\"port\": 80}}");
    case 7:
      return never_right("single quotes", "{'server': {'port': 80}}");
    case 8:
      return never_right("no number", R"({"server": {"port": 80, "x": NaN}})");
    case 9:
      return never_right("no UTF-8", "{\"server\": {\"port\": 80, \"x\": \"M\xFCnchen\"}}");
    case 10:
      return never_right("UTF-16", std::string("\xFF\xFE{\0\"\0a\0\"\0:\0"
                                               "1\0}\0",
                                               16));
    default:
      return never_right("a control character in a string", "{\"server\": {\"port\": 80, \"x\": \"a\nb\"}}");
  }
}

}  // namespace

HostileDocument hostile_json(std::mt19937_64& random) {
  Draft draft(random);
  if (draft.once_in(6)) return no_json(draft);
  if (draft.once_in(6)) {
    draft.is_kind("a byte order mark");
    draft.keep("\xEF\xBB\xBF");
  }
  if (draft.once_in(6)) {
    draft.is_kind("DOS line ends");
    draft.ends_lines_as_dos();
  }
  const Style style = some_style(draft, "");
  draft.keep(style.open);
  const std::size_t first = draft.number(0, 1);
  if (first == 0) add_json_bystanders(draft, style, 4, true);
  add_json_server(draft, style);
  if (first == 1) add_json_bystanders(draft, style, 4, false);
  draft.keep(style.close);
  if (draft.once_in(6)) {
    spoil_json(draft);
  } else if (draft.once_in(2)) {
    draft.keep("\n");
  }
  return draft.finish();
}

}  // namespace autoheal::simulation
