// YAML documents as people write them, by YAML 1.1 and 1.2 where both say the same.
#include <array>

#include "tests/simulation/documents/document_draft.hpp"

namespace autoheal::simulation {

namespace {

using Draft = DocumentDraft;

// At the top level. Names stand there once.
constexpr std::array yaml_bystanders = {
    "# port: 1\n",
    "\n",
    "version: 1.10\n",
    "switch: yes\n",
    "octal: 017\n",
    "text: |\n  server:\n    port: 1\n",
    "folded: >-\n  a\n\n  port: 2\n",
    "quoted: \"server:\n\n  port: 3\"\n",
    "single: 'it''s # no comment'\n",
    "list:\n- port: 1\n- port: 2\n",
    "defaults: &defaults\n  port: 4\n  host: y\nderived:\n  <<: *defaults\n  extra: 1\n",
    "empty:\n",
    "tilde: ~\n",
    "flow: {port: 1, server: {port: 2}, list: [a, b]}\n",
    "tagged: !mine x\n",
    "date: 2001-01-01\n",
    "\"server \":\n  port: 5\n",
    "anchor: &five 5\nalias: *five\n",
    "port: 6\n",
    "url: http://x/?a=b#c\n",
};

// Within `server:`, with what is right.
struct Target {
  const char* kind;
  const char* from;
  std::vector<std::string> to;
  bool may_be_refused = false;
};

const std::vector<Target>& targets() {
  static const std::vector<Target> all = {
      {"plain", "  port: 80\n", {"  port: 8080\n"}, false},
      {"in double quotes", "  port: \"80\"\n", {"  port: 8080\n"}, false},
      {"in single quotes", "  port: '8080'\n", {"  port: 8080\n"}, false},
      {"a comment behind it", "  port: 80   # the old one\n", {"  port: 8080   # the old one\n"}, false},
      {"nothing", "  port:\n", {"  port: 8080\n"}, false},
      {"nothing, and a comment", "  port: # none\n", {"  port: 8080 # none\n"}, true},
      {"a tilde", "  port: ~\n", {"  port: 8080\n"}, false},
      {"a null", "  port: null\n", {"  port: 8080\n"}, false},
      {"a quoted name", "  \"port\": 80\n", {"  \"port\": 8080\n"}, false},
      {"blanks around it", "  port  :   80\n", {"  port  :   8080\n"}, false},
      {"on the next line", "  port:\n    80\n", {"  port:\n    8080\n", "  port: 8080\n"}, false},
      {"a literal block", "  port: |\n    80\n    81\n", {"  port: 8080\n"}, true},
      {"a folded block", "  port: >-\n    80\n\n    81\n", {"  port: 8080\n"}, true},
      {"quotes over two lines", "  port: \"80\n    81\"\n", {"  port: 8080\n"}, true},
      {"plain over two lines", "  port: 80\n    and 81\n", {"  port: 8080\n"}, true},
      {"a tag", "  port: !!int 80\n", {"  port: !!int 8080\n", "  port: 8080\n"}, true},
      {"a tag of its own", "  port: !mine 80\n", {"  port: 8080\n"}, true},
      {"a map", "  port:\n    number: 80\n", {"  port: 8080\n"}, true},
      {"not there", "", {"  port: 8080\n"}, false},
  };
  return all;
}

void add_yaml_bystanders(Draft& draft, std::size_t from, std::size_t to) {
  for (std::size_t index = from; index < to; ++index) draft.keep(yaml_bystanders[index]);
}

// The whole mapping.
void add_yaml_server(Draft& draft, bool alone) {
  switch (draft.number(0, 13)) {
    case 0:
      draft.is_kind("a flow map");
      return draft.change("server: {host: x, port: 80, tls: yes}\n", {"server: {host: x, port: 8080, tls: yes}\n"});
    case 1:
      draft.is_kind("an empty flow map");
      return draft.change("server: {}\n", {"server: {port: 8080}\n", "server: { port: 8080 }\n",
                                           "server: {\"port\": 8080}\n", "server:\n  port: 8080\n"});
    case 2:
      if (!alone) break;  // nothing tells which of the documents should have it
      draft.is_kind("the map is null");
      return draft.change("server:\n",
                          {"server:\n  port: 8080\n", "server: {port: 8080}\n", "server: { port: 8080 }\n"});
    case 3:
      draft.is_kind("beside a merge key");
      draft.keep("base: &base\n  port: 1\n  host: x\n");
      return draft.change("server:\n  <<: *base\n  port: 80\n", {"server:\n  <<: *base\n  port: 8080\n"});
    case 4:
      draft.is_kind("only in what is merged");
      draft.keep("base: &base\n  port: 1\n  host: x\n");
      return draft.change("server:\n  <<: *base\n  host: z\n", {"server:\n  <<: *base\n  host: z\n  port: 8080\n"});
    case 5:
      draft.is_kind("an alias stands for the map elsewhere");
      draft.must_be_refused();
      return draft.keep("server: &server\n  port: 80\nother: *server\n");
    case 6:
      draft.is_kind("an alias stands for the value elsewhere");
      draft.must_be_refused();
      return draft.keep("server:\n  port: &number 80\nother: *number\n");
    case 7:
      draft.is_kind("an alias itself");
      draft.may_be_refused();
      draft.keep("number: &number 80\n");
      return draft.change("server:\n  port: *number\n", {"server:\n  port: 8080\n"});
    case 8:
      draft.is_kind("twice");
      draft.must_be_refused();
      return draft.keep("server:\n  port: 80\n  host: x\n  port: 81\n");
    default:
      break;
  }
  const Target& target = targets()[draft.number(0, targets().size() - 1)];
  draft.is_kind(target.kind);
  if (target.may_be_refused) draft.may_be_refused();
  draft.keep("server:\n  host: \"a: b # c\"\n");
  draft.change(target.from, target.to);
  if (target.from[0] != '\0' && draft.once_in(2)) draft.keep("  # within\n  tls: off\n");
}

void add_more_documents(Draft& draft, bool in_front) {
  if (in_front) {
    draft.is_kind("a document before it");
    draft.keep(draft.once_in(2) ? "---\nkind: Other\nspec: {server: {port: 1}}\n---\n" : "- port: 1\n---\n");
  } else if (draft.once_in(2)) {
    draft.is_kind("a document behind it");
    draft.keep("---\nkind: Other\nversion: 1.10\n");
  } else {
    draft.is_kind("a document like it behind it");
    draft.must_be_refused();
    draft.keep("---\nserver:\n  port: 80\n");
  }
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int count = 0; count < times; ++count) all += text;
  return all;
}

HostileDocument no_yaml(Draft& draft) {
  switch (draft.number(0, 9)) {
    case 0:
      return never_right("100,000 brackets", std::string(100'000, '['));
    case 1:
      return never_right("20,000 maps", repeated("{a: ", 20'000));
    case 2:
      return never_right("20,000 lists", repeated("- ", 20'000));
    case 3:
      return never_right("empty", "");
    case 4:
      return never_right("only a comment", "# server:\n#   port: 80\n");
    case 5:
      return never_right("tabs", "server:\n\tport: 80\n");
    case 6:
      return never_right("no UTF-8", "server:\n  port: 80\ntown: M\xFCnchen\n");
    case 7:
      return never_right("zero bytes at the end", "server:\n  port: 80\n" + std::string(64, '\0'));
    case 8:
      return never_right("a text alone", "server port 80\n");
    default:
      return never_right("quotes that do not end", "server:\n  port: \"80\n");
  }
}

}  // namespace

HostileDocument hostile_yaml(std::mt19937_64& random) {
  Draft draft(random);
  if (draft.once_in(6)) return no_yaml(draft);
  if (draft.once_in(8)) {
    draft.is_kind("a byte order mark");
    draft.keep("\xEF\xBB\xBF");
  }
  if (draft.once_in(6)) {
    draft.is_kind("DOS line ends");
    draft.ends_lines_as_dos();
  }
  const bool more_in_front = draft.once_in(10);
  if (more_in_front) {
    add_more_documents(draft, true);
  } else if (draft.once_in(3)) {
    draft.keep("---\n");
  }
  const std::size_t first = draft.number(0, yaml_bystanders.size() - 4);
  const std::size_t middle = draft.number(first, first + 2), last = draft.number(middle, first + 4);
  add_yaml_bystanders(draft, first, middle);
  const bool more_behind = !more_in_front && draft.once_in(8);
  const bool alone = !more_in_front && !more_behind;
  add_yaml_server(draft, alone);
  add_yaml_bystanders(draft, middle, last);
  if (draft.once_in(12)) draft.keep("...\n");
  if (more_behind) add_more_documents(draft, false);
  return draft.finish();
}

}  // namespace autoheal::simulation
