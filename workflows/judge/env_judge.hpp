// Judges an edit of a .env file by what the readers of the file make of it (env_readers.hpp), on the whole document: a
// name that was set reads as its new value in every reader, one that was unset is nowhere, required names are there,
// and everything else is where it was, byte for byte.
//
// The readers of a file are declared (`dialect`) or found from the file itself. Without a dialect all of a shell,
// systemd, Docker Compose, python-dotenv, dotenv of npm and node --env-file count, except those that a statement
// outside of the edit rules out:
// - `export NAME=value` and a comment behind a value: systemd assigns nothing, or takes the comment for a part of the
// value;
// - `NAME = value` and lines that end with CR LF: a shell runs a program, or takes the CR for a part of the value;
// - `NAME: value`: it is read by Docker Compose and dotenv of npm alone;
// - `export NAME` alone: python-dotenv forgets the value, node joins it with the next line;
// - a byte-order mark: node joins it with the first name;
// - a program, a character that no name has: Docker Compose reads nothing of the file;
// - syntax that a shell does not understand, such as a bare parenthesis: it reads nothing from there on.
// An edit is still written in a form that all of them read, if there is one.
//
// Statements that are not declared only need the same bounds for every reader, and unchanged bytes; their meaning is up
// to their owner.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace autoheal::workflows {

struct EnvDeclaration {
  std::vector<std::pair<std::string, std::string>> set;  // each name once
  std::vector<std::string> unset;
  std::vector<std::string> require;
  std::string dialect;  // shell, systemd, compose, dotenv, docker, expand, or empty
};

// Why `after` is not `before` with what is declared; empty: it is. Each reason names line and column where there is
// one, the reader for which it is so, and never a value.
[[nodiscard]] std::vector<std::string> judge_env(std::string_view before, std::string_view after,
                                                 const EnvDeclaration& declared);

// Why the text does not have these names and values for all of its readers; empty: it has.
[[nodiscard]] std::vector<std::string> judge_env_probe(std::string_view text, const std::vector<std::string>& require,
                                                       const std::map<std::string, std::string>& equals,
                                                       const std::string& dialect);

}  // namespace autoheal::workflows
