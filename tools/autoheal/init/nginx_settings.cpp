#include "tools/autoheal/init/nginx_settings.hpp"

#include <algorithm>
#include <optional>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t most_listens = 64;

// A file as nginx cuts it: words, each perhaps quoted, and the marks `;`, `{` and `}`, which end a directive.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  // The words of the next directive; its mark, or 0 at the end of the text.
  char next(std::vector<std::string>& words) {
    words.clear();
    while (skip_blanks()) {
      const char c = text_[at_];
      if (c == ';' || c == '{' || c == '}') {
        ++at_;
        return c;
      }
      words.push_back(c == '"' || c == '\'' ? quoted(c) : plain());
    }
    return 0;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  bool skip_blanks() {
    while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == '#')) {
      at_ = text_[at_] == '#' ? std::min(text_.find('\n', at_), text_.size()) : at_ + 1;
    }
    return at_ < text_.size();
  }

  std::string quoted(char mark) {
    std::string word;
    for (++at_; at_ < text_.size() && text_[at_] != mark; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      word += text_[at_];
    }
    if (at_ < text_.size()) ++at_;
    return word;
  }

  std::string plain() {
    std::string word;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (is_blank(c) || c == ';' || c == '{' || c == '}') break;
      if (c == '\\' && at_ + 1 < text_.size()) ++at_;
      word += text_[at_];
    }
    return word;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<std::uint16_t> port_of(std::string_view text) {
  text = text.substr(0, text.find('-'));  // of a range, its first
  const auto port = parse_number<std::uint16_t>(text);
  return port == 0 ? std::nullopt : port;
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return ascii::is_letter_or_digit(c) || std::string_view(".-:").contains(c);
  });
}

// "80", "*:80", "127.0.0.1", "127.0.0.1:80", "name:80", "[::]:80", "[::1]".
std::optional<NginxListen> address_of(std::string_view text) {
  NginxListen listen;
  if (text.starts_with("unix:")) return std::nullopt;
  std::string_view host, port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host = text.substr(1, close - 1);
    if (close + 1 < text.size()) port = text.substr(close + 2);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  } else {
    const bool number = text.find_first_not_of("0123456789-") == std::string_view::npos;
    (number ? port : host) = text;
  }
  if (host.empty() || host == "*" || host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (!is_host(host)) return std::nullopt;
  listen.host = host;
  if (port.empty()) return listen;
  const auto number = port_of(port);
  if (!number) return std::nullopt;
  listen.port = *number;
  return listen;
}

void read_listen(const std::vector<std::string>& words, NginxSettings& settings) {
  if (words.size() < 2 || settings.listens.size() >= most_listens) return;
  auto listen = address_of(words[1]);
  if (!listen || std::ranges::find(words, "quic") != words.end()) return;
  listen->tls = std::ranges::find(words, "ssl") != words.end();
  settings.listens.push_back(std::move(*listen));
}

}  // namespace

void read_nginx_settings(std::string_view text, NginxSettings& settings) {
  Words reader(text);
  std::vector<std::string> words;
  std::size_t depth = 0, foreign = 0;  // `foreign`: the depth at which `stream` or `mail` began, or 0
  while (const char mark = reader.next(words)) {
    if (mark == '{') {
      ++depth;
      if (foreign == 0 && !words.empty() && (words[0] == "stream" || words[0] == "mail")) foreign = depth;
    } else if (mark == '}') {
      if (foreign == depth) foreign = 0;
      if (depth > 0) --depth;
    } else if (!words.empty() && foreign == 0) {
      if (words[0] == "pid" && words.size() == 2 && depth == 0) settings.pid = words[1];
      if (words[0] == "listen") read_listen(words, settings);
    }
  }
}

NginxListen listen_to_probe(const NginxSettings& settings) {
  const auto rank = [](const NginxListen& one) { return (one.tls ? 2 : 0) + (one.host.contains(':') ? 1 : 0); };
  const auto best = std::ranges::min_element(settings.listens, {}, rank);
  return best == settings.listens.end() ? NginxListen{"127.0.0.1", 80, false} : *best;
}

}  // namespace autoheal::cli
