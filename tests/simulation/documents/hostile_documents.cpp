#include "tests/simulation/documents/hostile_documents.hpp"

#include <algorithm>

#include "tests/simulation/documents/document_draft.hpp"

namespace autoheal::simulation {

namespace {

std::string with_dos_ends(const std::string& text) {
  std::string changed;
  for (const char c : text) {
    if (c == '\n') changed += '\r';
    changed += c;
  }
  return changed;
}

// Keeps the text between quotes of JSON.
std::string without_blanks(const std::string& text) {
  std::string kept;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (!quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) continue;
    kept += c;
    if (quoted && c == '\\' && at + 1 < text.size()) kept += text[++at];
    if (c == '"') quoted = !quoted;
  }
  return kept;
}

}  // namespace

void DocumentDraft::change(const std::string& from, const std::vector<std::string>& to) {
  pieces_.push_back({from, to});
}

HostileDocument DocumentDraft::finish() {
  HostileDocument document;
  document.kind = kinds_;
  document.truth = truth_;
  document.blanks_are_free = blanks_are_free_;
  document.right = {""};
  for (const Piece& piece : pieces_) {
    document.text += piece.from;
    std::vector<std::string> longer;
    for (const std::string& begun : document.right) {
      for (const std::string& one : piece.to) longer.push_back(begun + one);
    }
    document.right = std::move(longer);
  }
  if (truth_ == Truth::refused) document.right.clear();
  if (!dos_) return document;
  document.text = with_dos_ends(document.text);
  for (std::string& one : document.right) one = with_dos_ends(one);
  return document;
}

HostileDocument never_right(const std::string& kind, std::string text) {
  return {kind, std::move(text), HostileDocument::Truth::refused, {}, false};
}

HostileDocument hostile_document(HostileFormat format, std::mt19937_64& random) {
  if (format == HostileFormat::env) return hostile_env(random);
  return format == HostileFormat::json ? hostile_json(random) : hostile_yaml(random);
}

HostileDocument simple_document(HostileFormat format) {
  using Truth = HostileDocument::Truth;
  if (format == HostileFormat::env) return {"simple", "PORT=1\nOLD_SECRET=x\n", Truth::healed, {"PORT=8080\n"}, false};
  if (format == HostileFormat::json)
    return {"simple", R"({"server": {"port": 1}})", Truth::healed, {R"({"server": {"port": 8080}})"}, false};
  return {"simple", "server:\n  port: 1\n", Truth::healed, {"server:\n  port: 8080\n"}, false};
}

bool is_right(const HostileDocument& document, const std::string& content) {
  return std::ranges::any_of(document.right, [&](const std::string& right) {
    return document.blanks_are_free ? without_blanks(right) == without_blanks(content) : right == content;
  });
}

}  // namespace autoheal::simulation
