// .env documents: what a shell, systemd, Compose, python-dotenv and the dotenv packages of npm make of each piece is
// known from their documentation and from having tried it.
#include <algorithm>

#include "tests/simulation/documents/document_draft.hpp"

namespace autoheal::simulation {

namespace {

struct Bystander {
  const char* bytes;
  bool all_agree;  // every reader sees the same bounds
};

const std::vector<Bystander>& env_bystanders() {
  static const std::vector<Bystander> all = {
      {"# a comment\n", true},
      {"#PORT=1\n", true},
      {"# OLD_SECRET=stays, it is a comment\n", true},
      {"\n", true},
      {"A=1\n", true},
      {"EMPTY=\n", true},
      {"SINGLE='x y'\n", true},
      {"DOUBLE=\"a b\"\n", true},
      {"KEY=\"-----BEGIN-----\nPORT=1\n-----END-----\"\n", true},
      {"LINES='first\nOLD_SECRET=not one\n\nlast'\n", true},
      {"export EXPORTED=1\n", true},
      {"NOTED=1 # said why\n", true},
      {"TOWN=M\xC3\xBCnchen\n", true},
      {"MY_PORT=7\n", true},
      {"PORTS=1,2\n", true},
      {"VERSION=1.10\n", true},
      {"JOINED=one\\\ntwo\n", false},
      {"URL=postgres://u:p@h/db?x=1&PORT=2\n", false},
      {"WORDS=a b\n", false},
      {"COLON: value\n", false},
      {"SPACED = 1\n", false},
      {"NOW=$(date)\n", false},
      {"HALF=\"a\"b\n", false},
      {"export ONE=1 TWO=2\n", false},
      {"a line of text\n", false},
      {"# latin M\xFCnchen\n", false},
  };
  return all;
}

// `before` and `behind` stand around the value.
std::vector<std::string> quoted_forms(const std::string& before, const std::string& behind) {
  return {before + "8080" + behind, before + "\"8080\"" + behind, before + "'8080'" + behind};
}

void add(std::vector<std::string>& forms, const std::vector<std::string>& more) {
  forms.insert(forms.end(), more.begin(), more.end());
}

using Draft = DocumentDraft;

// A continued line goes with it, or becomes a line of its own.
std::vector<std::string> continued_forms() {
  auto forms = quoted_forms("PORT=", "\n");
  add(forms, quoted_forms("PORT=", "\n81\n"));
  return forms;
}

// Forms that not all readers understand come last.
void add_env_port(Draft& draft, bool strict) {
  switch (draft.number(0, strict ? 9 : 13)) {
    case 0:
      draft.is_kind("plain");
      return draft.change("PORT=80\n", quoted_forms("PORT=", "\n"));
    case 1:
      draft.is_kind("in double quotes");
      return draft.change("PORT=\"80\"\n", quoted_forms("PORT=", "\n"));
    case 2:
      draft.is_kind("in single quotes");
      return draft.change("PORT='80'\n", quoted_forms("PORT=", "\n"));
    case 3:
      draft.is_kind("exported");
      return draft.change("export PORT=80\n", quoted_forms("export PORT=", "\n"));
    case 4:
      draft.is_kind("over several lines");
      return draft.change("PORT=\"80\nA=81\nand more\"\n", quoted_forms("PORT=", "\n"));
    case 5:
      draft.is_kind("over several lines in single quotes");
      return draft.change("PORT='80\nOLD_SECRET=81\n'\n", quoted_forms("PORT=", "\n"));
    case 6: {  // systemd takes the comment for a part of the value: it may move to a line of its own
      draft.is_kind("a comment behind it");
      auto forms = quoted_forms("PORT=", " # the old one\n");
      add(forms, quoted_forms("# the old one\nPORT=", "\n"));
      return draft.change("PORT=80 # the old one\n", forms);
    }
    case 7:
      draft.is_kind("empty");
      return draft.change("PORT=\n", quoted_forms("PORT=", "\n"));
    case 10: {
      draft.is_kind("with blanks around the sign");
      draft.may_be_refused();
      auto forms = quoted_forms("PORT=", "\n");
      add(forms, quoted_forms("PORT = ", "\n"));
      return draft.change("PORT = 80\n", forms);
    }
    case 11: {
      draft.is_kind("with a colon");
      draft.may_be_refused();
      auto forms = quoted_forms("PORT=", "\n");
      add(forms, quoted_forms("PORT: ", "\n"));
      return draft.change("PORT: 80\n", forms);
    }
    case 12:
      draft.is_kind("text behind the quote");
      draft.may_be_refused();
      return draft.change("PORT=\"80\"81\n", quoted_forms("PORT=", "\n"));
    case 13:
      draft.is_kind("continued by a backslash");
      draft.may_be_refused();
      return draft.change("PORT=80\\\n81\n", continued_forms());
    case 8: {
      draft.is_kind("assigned twice");
      draft.change("PORT=\"8080\nB=1\"\n", {"PORT=\"8080\nB=1\"\n", "PORT=8080\n", "PORT=\"8080\"\n"});
      draft.keep("BETWEEN=1\n");
      return draft.change("PORT=80\n", quoted_forms("PORT=", "\n"));
    }
    default:
      draft.is_kind("not there");
  }
}

void add_secret(Draft& draft, bool strict) {
  const std::vector<std::string> gone = {""};
  switch (draft.number(0, strict ? 4 : 6)) {
    case 0:
      draft.is_kind("a plain secret");
      return draft.change("OLD_SECRET=abc\n", gone);
    case 1:
      draft.is_kind("a secret over several lines");
      return draft.change("OLD_SECRET=\"-----BEGIN KEY-----\nabc\n-----END KEY-----\n\"\n", gone);
    case 2:
      draft.is_kind("an exported secret in single quotes");
      return draft.change("export OLD_SECRET='a\nb\n'\n", gone);
    case 3:
      draft.is_kind("a secret twice");
      draft.change("OLD_SECRET='a'\n", gone);
      draft.keep("AFTER=1\n");
      return draft.change("OLD_SECRET=\n", gone);
    case 5:
      draft.is_kind("a secret among others");
      draft.may_be_refused();
      return draft.change("export LEFT=1 OLD_SECRET=abc RIGHT=2\n", {"export LEFT=1 RIGHT=2\n"});
    case 6:
      draft.is_kind("a secret with a colon");
      draft.may_be_refused();
      return draft.change("OLD_SECRET: abc\n", gone);
    default:
      draft.is_kind("no secret");
  }
}

// At the end of the file.
void spoil_env(Draft& draft, bool strict) {
  if (draft.once_in(2)) {
    draft.is_kind("zero bytes at the end");
    draft.must_be_refused();
    return draft.keep(std::string(draft.number(1, 40), '\0'));
  }
  draft.is_kind("a quote that does not end");
  // A shell and Compose fail. To systemd it is a value like any, behind which nothing can be appended; to the rest, who
  // are the only readers of a file with CR LF, it ends with its line (tried with python-dotenv and node).
  const bool read_by_systemd = !draft.has_kind("DOS line ends");
  if (strict || (draft.has_kind("not there") && read_by_systemd)) {
    draft.must_be_refused();
  } else {
    draft.may_be_refused();
  }
  draft.keep("OPEN=\"abc\n");
}

// Only a shell and systemd know a backslash at the end of a line. Where both evidently do not read the file, it
// continues nothing; so it is before CR LF.
void choose_continued(HostileDocument& document, bool is_dos) {
  const auto has = [&](const char* bytes) { return document.text.find(bytes) != std::string::npos; };
  const bool not_for_shell = is_dos || has("COLON: ") || has("SPACED = ");
  const bool not_for_systemd = has("COLON: ") || has("export ") || has(" # ") || is_dos;
  std::erase_if(document.right, [&](const std::string& right) {
    return (right.find("\n81") != std::string::npos) != (not_for_shell && not_for_systemd);
  });
}

void append_port(HostileDocument& document, const std::string& end) {
  std::vector<std::string> right;
  for (const std::string& one : document.right) {
    for (const std::string& form : quoted_forms("PORT=", end)) right.push_back(one + form);
  }
  document.right = std::move(right);
}

void cut_last_line_end(HostileDocument& document) {
  document.kind += ", the last line does not end";
  document.text.pop_back();
  for (const std::string& one : std::vector(document.right)) {
    if (one.ends_with('\n')) document.right.push_back(one.substr(0, one.size() - 1));
  }
}

}  // namespace

HostileDocument hostile_env(std::mt19937_64& random) {
  Draft draft(random);
  const bool strict = !draft.once_in(3);  // then only what all readers agree on stands there
  const auto add_some_bystanders = [&] {
    for (std::size_t count = draft.number(0, 4); count > 0; --count) {
      const Bystander& one = env_bystanders()[draft.number(0, env_bystanders().size() - 1)];
      if (strict && !one.all_agree) continue;
      if (!one.all_agree) draft.may_be_refused();
      draft.keep(one.bytes);
    }
  };
  if (!strict && draft.once_in(4)) {
    draft.is_kind("a byte order mark");
    draft.may_be_refused();
    draft.keep("\xEF\xBB\xBF");
    draft.keep("FIRST=1\n");
  }
  const bool is_dos = !strict && draft.once_in(4);
  if (is_dos) {
    draft.ends_lines_as_dos();
    draft.may_be_refused();
    draft.is_kind("DOS line ends");
  }
  add_some_bystanders();
  add_env_port(draft, strict);
  add_some_bystanders();
  add_secret(draft, strict);
  add_some_bystanders();
  if (draft.once_in(8)) spoil_env(draft, strict);
  HostileDocument document = draft.finish();
  if (draft.has_kind("continued")) choose_continued(document, is_dos);
  if (draft.has_kind("not there")) append_port(document, is_dos ? "\r\n" : "\n");
  // Nothing would be left of an empty last line.
  const bool has_last_line = document.text.ends_with('\n') && !document.text.ends_with("\n\n");
  if (!is_dos && has_last_line && draft.once_in(8)) cut_last_line_end(document);
  return document;
}

}  // namespace autoheal::simulation
