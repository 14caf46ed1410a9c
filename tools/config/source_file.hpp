// One file of a configuration, opened once: who could have written it is asked of what was opened, so that nobody can
// swap it between the look and the read.
#pragma once

#include <expected>
#include <string>

#include "tools/config/problem.hpp"

namespace autoheal::config {

// Its text; one byte more than `largest_file_bytes` stands for any that is longer. A problem where it is no regular
// file, cannot be read, belongs to another user than root and the running one, or can be written by anybody else: a
// configuration decides what is run. The running group and root's may write it: users often have a group of their own.
[[nodiscard]] std::expected<std::string, Problem> read_source_file(const std::string& path);

}  // namespace autoheal::config
