// The table of the API's operations: one row each, which says how it is asked for, who may, and what answers. The
// daemon matches requests with it, the command line makes its requests from it. The OpenAPI file describes the same
// table for clients; a test compares both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "autoheal/workflows/spec/roles.hpp"

namespace autoheal::cli {

inline constexpr std::string_view api_prefix = "/api/v1";
inline constexpr std::size_t longest_parameter_bytes = 1'000;

enum class ParameterType { text, number, flag };

// A part of the path or of the query.
struct ApiParameter {
  std::string_view name;
  std::string_view option;  // of the command: "--engine"; empty: its argument, or nothing that a command takes
  ParameterType type = ParameterType::text;
  bool required = false;
  std::uint64_t most = 0;  // of a number; 0: any that fits
};

// Where an operation is done.
enum class Runs {
  here,      // on the server's thread, from what it has
  standing,  // from the standing of the engines
  command,   // a command of the command line with its output caught, on a reader's thread
  reader,    // a function of its own, on a reader's thread
  job,       // a command in a process of its own, and what is known of those
  act,       // an operation of the process that heals, on the loop
  stream,    // events as they come
};

// Rows of a page: where the next one begins.
struct Paging {
  std::string_view option;  // of the command: the page begins behind this
  std::string_view field;   // of the last item of a page: what the option takes
  std::uint64_t usual = 100, most = 1'000;
  bool newest_first = false;  // the command gives the newest last
};

struct ApiOperation {
  std::string_view id;  // of OpenAPI: "listHeals"
  std::string_view method;
  std::string_view path;  // below /api/v1; "{name}" is a parameter
  Runs runs = Runs::here;
  workflows::Permission permission = workflows::Permission::read;
  std::string_view what;  // "may not <what>"
  // command, job: its name. act: the operation's name; also of a reader that answers the same as the operation.
  std::vector<std::string_view> words;
  std::vector<ApiParameter> in_path;  // in the order of the path
  std::vector<ApiParameter> in_query;
  std::vector<std::string_view> in_body;  // act, job: keys that the body may have
  std::vector<std::string_view> typed;    // command: fields of an item whose text is a number or an object
  Paging paging = {};                     // with an option: the answer is a page
  bool is_list = false;                   // command: the answer is all rows at once
  std::string_view content = "application/json";
  unsigned status = 200;  // where it is done
};

[[nodiscard]] std::span<const ApiOperation> api_operations();

}  // namespace autoheal::cli
