#include "workflows/glob.hpp"

#include <string>
#include <vector>

namespace autoheal::workflows {

namespace {

enum class Kind { literal, any_one, any_run, any_path, set };

struct Piece {
  Kind kind = Kind::literal;
  char literal = 0;
  std::string_view set;
};

std::vector<Piece> pieces_of(std::string_view pattern) {
  std::vector<Piece> pieces;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern.substr(at, 2) == "**") {
      ++at;
      pieces.push_back({Kind::any_path, 0, {}});
      // "**/" also stands for no folder at all.
      if (at + 1 < pattern.size() && pattern[at + 1] == '/') ++at;
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
      return true;
  }
  return false;
}

bool may_be_empty(const Piece& piece) { return piece.kind == Kind::any_run || piece.kind == Kind::any_path; }

}  // namespace

// All places in the pattern are followed at once: time is pattern times path, whatever the pattern.
bool glob_matches(std::string_view pattern, std::string_view path) {
  const auto pieces = pieces_of(pattern);
  std::vector<char> at(pieces.size() + 1, 0);
  at[0] = 1;
  const auto close_over_empty = [&] {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (at[i] && may_be_empty(pieces[i])) at[i + 1] = 1;
    }
  };
  close_over_empty();
  for (const char c : path) {
    std::vector<char> next(pieces.size() + 1, 0);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (!at[i] || !takes_one(pieces[i], c)) continue;
      next[may_be_empty(pieces[i]) ? i : i + 1] = 1;
    }
    at = std::move(next);
    close_over_empty();
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
