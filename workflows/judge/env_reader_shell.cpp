// `. file` in bash and dash. Models only what both read alike: words of plain characters, quotes and backslashes. The
// value of an expansion, a command or a conditional assignment is not known from the text; commands are found so that a
// judge can look for names in them.
#include <algorithm>
#include <array>

#include "autoheal/workflows/judge/env_reader_parts.hpp"

namespace autoheal::workflows::env_readers {

namespace {

constexpr int deepest = 100;  // of expansions in each other

constexpr std::array<std::string_view, 9> openers = {"if",     "for", "while", "until",   "case",
                                                     "select", "{",   "[[",    "function"};
constexpr std::array<std::string_view, 6> before_commands = {"then", "do", "else", "elif", "!", "time"};
constexpr std::array<std::string_view, 5> closers = {"fi", "done", "esac", "}", "]]"};

struct Word {
  std::size_t begin = 0, end = 0;
  std::string text;
  bool literal = true;       // `text` is what it comes to
  std::size_t plain_to = 0;  // so many bytes of it were written without quotes
};

class Shell {
 public:
  explicit Shell(std::string_view text) : text_(text) {}

  EnvReading read() {
    while (at_ < text_.size() && !failed_) line();
    return std::move(reading_);
  }

 private:
  [[nodiscard]] bool more() const { return at_ < text_.size(); }
  [[nodiscard]] char here() const { return more() ? text_[at_] : '\0'; }
  [[nodiscard]] bool at_word(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void fails(std::size_t at, std::string what, bool of_another_language = false) {
    if (!failed_) reading_.problem = {at, std::move(what), of_another_language};
    failed_ = true;
  }

  // Up to the end of a line that no word or compound command goes over.
  void line() {
    const std::size_t begin = at_;
    const std::size_t first = reading_.statements.size();
    int depth = 0;
    bool deep = false;
    while (more() && !failed_) {
      skip_blanks();
      if (here() == '#') {
        if (reading_.statements.size() > first) reading_.statements.back().comment_behind = true;
        at_ = std::min(text_.find('\n', at_), text_.size());
      }
      if (!more()) break;
      if (here() == '\n') {
        ++at_;
        if (depth <= 0) return;
        continue;
      }
      command(depth);
      deep = deep || depth > 0;
      if (deep) compound(begin, first);
    }
    if (!failed_ && depth > 0) fails(begin, "a command of the shell that does not end");
    if (failed_) at_ = text_.size();
  }

  // All of it is one program: what it assigns depends on what it finds.
  void compound(std::size_t begin, std::size_t first) {
    reading_.statements.resize(first);
    reading_.statements.push_back({begin, at_, EnvForm::program, {}, {}, false});
  }

  void skip_blanks() {
    while (more() && (is_blank(here()) || at_word("\\\n"))) at_ += here() == '\\' ? 2 : 1;
  }

  // Assignments, then perhaps a program, up to what separates commands.
  void command(int& depth) {
    std::vector<Word> words;
    const std::size_t begin = at_;
    bool redirected = false;
    while (more() && !failed_) {
      skip_blanks();
      const char c = here();
      if (!more() || c == '\n' || c == ';' || c == '&' || c == '|') break;
      if (c == '#') break;
      if (c == '(' || c == ')') {
        parenthesis(words, depth);
        if (failed_) return;
        break;
      }
      if (c == '<' || c == '>') {
        if (at_word("<<")) return fails(at_, "a here-document, whose end cannot be told");
        redirected = true;
        redirection();
        continue;
      }
      words.push_back(word());
    }
    if (failed_) return unclosed(begin);
    const std::size_t end = at_;
    if (words.empty() && !redirected && depth == 0 && (here() == ';' || here() == '&' || here() == '|'))
      return fails(at_, "a shell does not understand this without a command before it", true);
    const bool alone = separator();
    note(words, begin, end, alone && !redirected, depth);
  }

  void redirection() {
    const std::size_t begin = at_++;
    while (more() && (here() == '>' || here() == '&')) ++at_;
    skip_blanks();
    if (!more() || std::string_view("\n;&|<>()").find(here()) != std::string_view::npos)
      return fails(begin, "a shell does not understand this without a file's name behind it", true);
    (void)word();
  }

  void unclosed(std::size_t begin) {
    reading_.statements.push_back({begin, text_.size(), EnvForm::unreadable, {}, {}, false});
  }

  void parenthesis(const std::vector<Word>& words, int& depth) {
    if (here() == '(' && words.empty()) {
      ++depth;
      ++parentheses_;
    } else if (here() == ')' && parentheses_ > 0) {
      --depth;
      --parentheses_;
    } else if (here() == '(' && words.size() == 1 && text_.substr(at_).starts_with("()")) {
      ++at_;  // a function; its body opens and closes by itself
    } else if (depth == 0) {
      return fails(at_, "a shell does not understand this parenthesis", true);
    }
    ++at_;
  }

  // False if what comes before may not happen, or happens elsewhere.
  bool separator() {
    const std::size_t begin = at_;
    while (more() && std::string_view(";&|").find(here()) != std::string_view::npos) ++at_;
    const std::string_view found = text_.substr(begin, at_ - begin);
    const bool conditional = conditional_;
    conditional_ = found.find("&&") != std::string_view::npos || found.find('|') != std::string_view::npos;
    const bool elsewhere = found == "&" || found == "|" || found == "|&";
    return !conditional && !elsewhere;
  }

  void note(const std::vector<Word>& words, std::size_t begin, std::size_t end, bool sure, int& depth) {
    if (words.empty()) return;
    const auto program = std::ranges::find_if_not(words, [](const Word& one) { return name_length(one) > 0; });
    if (program == words.end()) {
      for (const Word& one : words) assigned(one, one.begin, EnvForm::assignment, sure);
      return;
    }
    const std::string name = program->literal ? program->text : std::string();
    auto keyword = program;
    while (keyword + 1 != words.end() && std::ranges::find(before_commands, keyword->text) != before_commands.end())
      ++keyword;
    if (std::ranges::find(openers, keyword->text) != openers.end()) ++depth;
    const bool closes = std::ranges::any_of(
        words, [](const Word& one) { return std::ranges::find(closers, one.text) != closers.end(); });
    if (closes && depth > 0) --depth;
    const auto understood = [](const Word& one) { return name_length(one) > 0 || is_name(one); };
    if (name == "export" && program == words.begin() && words.size() > 1 &&
        std::all_of(program + 1, words.end(), understood)) {
      for (auto one = program + 1; one != words.end(); ++one)
        assigned(*one, one == program + 1 ? begin : one->begin, EnvForm::exported, sure);
      return;
    }
    const auto no_name = [&](const Word& one) { return one.literal && !one.text.starts_with('-') && !understood(one); };
    if ((name == "export" || name == "unset" || name == "readonly") && std::any_of(program + 1, words.end(), no_name))
      return fails(begin, "what is no name stands where dash stops if it is none");
    const auto has_return = [](const Word& one) { return one.text.ends_with('\r'); };
    if (name == "set" && std::any_of(program + 1, words.end(), has_return))
      return fails(begin, "an option that does not exist ends in a carriage return, at which dash stops");
    reading_.statements.push_back({begin, end, form_of_program(words, *program), {}, {}, false});
  }

  // `A = x`, `A: x` are programs to a shell; to others they are assignments.
  static EnvForm form_of_program(const std::vector<Word>& words, const Word& program) {
    if (&program != &words.front()) return EnvForm::program;
    if (program.text.ends_with(':') && program.text.size() > 1 &&
        is_name_text(program.text.substr(0, program.text.size() - 1)))
      return EnvForm::colon;
    const bool spaced = words.size() > 1 && is_name(program) && words[1].text.starts_with('=');
    return spaced ? EnvForm::spaced : EnvForm::program;
  }

  void assigned(const Word& word, std::size_t begin, EnvForm form, bool sure) {
    EnvStatement one{begin, word.end, form, {}, {}, false};
    std::size_t length = name_length(word);
    if (length == 0) {
      one.form = EnvForm::bare_name;
      one.name = word.text;
    } else {
      const bool appended = word.text[length - 1] == '+';
      if (appended) one.form = EnvForm::appended;
      one.name = word.text.substr(0, appended ? length - 1 : length);
      if (word.literal && sure && !appended) one.value = word.text.substr(length + 1);
    }
    reading_.statements.push_back(std::move(one));
  }

  static bool is_name_text(std::string_view text) {
    if (text.empty() || ascii::is_digit(text.front())) return false;
    return std::ranges::all_of(text, [](char c) { return ascii::is_letter(c) || ascii::is_digit(c) || c == '_'; });
  }
  static bool is_name(const Word& word) { return word.plain_to == word.text.size() && is_name_text(word.text); }

  // The bytes before the equals sign of a word that assigns.
  static std::size_t name_length(const Word& word) {
    const std::size_t sign = word.text.find('=');
    if (sign == std::string::npos || sign == 0 || sign >= word.plain_to) return 0;
    std::string_view name(word.text.data(), sign);
    if (name.ends_with('+')) name.remove_suffix(1);
    return is_name_text(name) ? sign : 0;
  }

  Word word() {
    Word found;
    found.begin = at_;
    bool plain = true;
    const auto quoted = [&] {
      if (plain) found.plain_to = found.text.size();
      plain = false;
    };
    while (more() && !failed_) {
      const char c = here();
      if (is_blank(c) || std::string_view("\n;&|<>()").find(c) != std::string_view::npos) {
        if (c != '(' || !array(found)) break;
      } else if (c == '\\') {
        quoted();
        backslash(found);
      } else if (c == '\'') {
        quoted();
        single_quoted(found);
      } else if (c == '"') {
        quoted();
        double_quoted(found);
      } else if (c == '$' || c == '`') {
        quoted();
        expansion(found, false);
      } else {
        // A tilde in front, or behind a colon, is somebody's home.
        const char before = found.text.empty() ? '=' : found.text.back();
        if (c == '~' && (before == '=' || before == ':') && at_ > found.begin) found.literal = false;
        found.text += c;
        ++at_;
      }
    }
    if (plain) found.plain_to = found.text.size();
    found.end = at_;
    return found;
  }

  // NAME=( ... ), of bash.
  bool array(Word& found) {
    found.plain_to = std::max(found.plain_to, found.text.size());
    if (!found.text.ends_with('=') || name_length(found) == 0) return false;
    found.literal = false;
    nested('(', ')', true);
    if (!failed_ && more() && !is_blank(here()) && std::string_view("\n;&|").find(here()) == std::string_view::npos)
      fails(at_, "shells do not agree about what stands behind this parenthesis");  // bash takes all of it for text
    return true;
  }

  void backslash(Word& found) {
    ++at_;
    if (!more()) {
      found.text += '\\';
    } else if (here() == '\n') {
      ++at_;
    } else {
      found.text += here();
      ++at_;
    }
  }

  void single_quoted(Word& found) {
    const std::size_t begin = at_++;
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) return fails(begin, "a quote that is not closed");
    found.text += text_.substr(at_, end - at_);
    at_ = end + 1;
  }

  void double_quoted(Word& found) {
    const std::size_t begin = at_++;
    while (more() && here() != '"' && !failed_) {
      if (here() == '$' || here() == '`') {
        expansion(found, true);
      } else if (here() == '\\' && at_ + 1 < text_.size()) {
        const char next = text_[at_ + 1];
        if (std::string_view("$`\"\\").find(next) != std::string_view::npos) {
          found.text += next;
        } else if (next != '\n') {
          found.text += here();
          found.text += next;
        }
        at_ += 2;
      } else {
        found.text += here();
        ++at_;
      }
    }
    if (!more()) return fails(begin, "a quote that is not closed");
    ++at_;
  }

  void expansion(Word& found, bool in_quotes) {
    if (here() == '`') {
      found.literal = false;
      return backquoted();
    }
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (next == '{' || next == '(') {
      found.literal = false;
      ++at_;
      return next == '{' ? nested('{', '}', !in_quotes) : nested('(', ')', true);
    }
    const bool variable = ascii::is_letter(next) || ascii::is_digit(next) || next == '_' ||
                          (next != '\0' && std::string_view("?#$!@*-").find(next) != std::string_view::npos);
    const bool of_bash = !in_quotes && (next == '\'' || next == '"');
    if (variable || of_bash) found.literal = false;
    found.text += '$';
    ++at_;
    if (of_bash && next == '\'') ansi_quoted();
    if (variable && !ascii::is_letter(next) && !ascii::is_digit(next) && next != '_') ++at_;
  }

  // $'...' of bash, in which a backslash hides a quote.
  void ansi_quoted() {
    const std::size_t begin = at_++;
    while (more() && here() != '\'') at_ += here() == '\\' ? 2 : 1;
    at_ = std::min(at_, text_.size());
    if (!more()) return fails(begin, "a quote that is not closed");
    ++at_;
  }

  void backquoted() {
    const std::size_t begin = at_++;
    while (more() && here() != '`') at_ += here() == '\\' ? 2 : 1;
    at_ = std::min(at_, text_.size());
    if (!more()) return fails(begin, "a backquote that is not closed");
    ++at_;
  }

  // Within "${...}" a single quote is a character as any other.
  void nested(char opens, char closes, bool single_quotes) {
    const std::size_t begin = at_++;
    if (++nesting_ > deepest) return fails(begin, "expansions that are nested too deeply");
    Word ignored;
    int depth = 1;
    while (more() && depth > 0 && !failed_) {
      const char c = here();
      if (c == '\\') {
        at_ = std::min(at_ + 2, text_.size());
      } else if (c == '\'' && single_quotes) {
        single_quoted(ignored);
      } else if (c == '"') {
        double_quoted(ignored);
      } else if (c == '$' || c == '`') {
        expansion(ignored, !single_quotes);
      } else {
        if (c == opens) ++depth;
        if (c == closes) --depth;
        ++at_;
      }
    }
    --nesting_;
    if (depth > 0) fails(begin, opens == '{' ? "a brace that is not closed" : "a parenthesis that is not closed");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int nesting_ = 0, parentheses_ = 0;
  bool failed_ = false, conditional_ = false;
  EnvReading reading_;
};

}  // namespace

EnvReading Models::shell(std::string_view text) { return Shell(text).read(); }

}  // namespace autoheal::workflows::env_readers
