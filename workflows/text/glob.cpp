#include "autoheal/workflows/text/glob.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace autoheal::workflows {

namespace {

enum class Kind { literal, any_one, any_run, any_path, any_folders, set };

struct Piece {
  Kind kind = Kind::literal;
  char literal = 0;
  std::string_view set;
};

std::vector<Piece> pieces_of(std::string_view pattern) {
  std::vector<Piece> pieces;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern.substr(at, 2) == "**") {
      const bool begins_name = at == 0 || pattern[at - 1] == '/';
      at = std::min(pattern.find_first_not_of('*', at), pattern.size()) - 1;
      const bool is_name = begins_name && at + 1 < pattern.size() && pattern[at + 1] == '/';
      pieces.push_back({is_name ? Kind::any_folders : Kind::any_path, 0, {}});
      if (is_name) ++at;  // the slash belongs to each of the folders, of which there may be none
    } else if (pattern[at] == '*') {
      pieces.push_back({Kind::any_run, 0, {}});
    } else if (pattern[at] == '?') {
      pieces.push_back({Kind::any_one, 0, {}});
    } else if (const auto close = pattern.find(']', at + 2); pattern[at] == '[' && close != std::string_view::npos) {
      pieces.push_back({Kind::set, 0, pattern.substr(at + 1, close - at - 1)});
      at = close;
    } else {
      pieces.push_back({Kind::literal, pattern[at], {}});
    }
  }
  return pieces;
}

bool in_set(std::string_view set, char c) {
  const bool negated = set.starts_with('!') || set.starts_with('^');
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (std::size_t at = 0; at < set.size(); ++at) {
    if (at + 2 < set.size() && set[at + 1] == '-') {
      found = found || (set[at] <= c && c <= set[at + 2]);
      at += 2;
    } else {
      found = found || set[at] == c;
    }
  }
  return found != negated && c != '/';
}

bool takes_one(const Piece& piece, char c) {
  switch (piece.kind) {
    case Kind::literal:
      return piece.literal == c;
    case Kind::any_one:
      return c != '/';
    case Kind::set:
      return in_set(piece.set, c);
    case Kind::any_run:
      return c != '/';
    case Kind::any_path:
    case Kind::any_folders:
      return true;
  }
  return false;
}

bool stays(const Piece& piece) {
  return piece.kind == Kind::any_run || piece.kind == Kind::any_path || piece.kind == Kind::any_folders;
}

}  // namespace

// All places in the pattern are followed at once: time is pattern times path, whatever the pattern.
bool glob_matches(std::string_view pattern, std::string_view path) {
  const auto pieces = pieces_of(pattern);
  std::vector<char> at(pieces.size() + 1, 0);
  at[0] = 1;
  // Folders end where a name ends, all else anywhere.
  const auto close_over_empty = [&](bool name_begins) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (at[i] && stays(pieces[i]) && (name_begins || pieces[i].kind != Kind::any_folders)) at[i + 1] = 1;
    }
  };
  close_over_empty(true);
  for (const char c : path) {
    std::vector<char> next(pieces.size() + 1, 0);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (!at[i] || !takes_one(pieces[i], c)) continue;
      next[stays(pieces[i]) ? i : i + 1] = 1;
    }
    at = std::move(next);
    close_over_empty(c == '/');
  }
  return at.back() != 0;
}

bool is_glob(std::string_view pattern) { return pattern.find_first_of("*?[") != std::string_view::npos; }

std::string fixed_part(std::string_view pattern) {
  if (!is_glob(pattern)) return std::string(pattern);
  const auto slash = pattern.substr(0, pattern.find_first_of("*?[\\")).rfind('/');
  return slash == std::string_view::npos ? "." : std::string(pattern.substr(0, slash));
}

}  // namespace autoheal::workflows
