// Planted: editors as people write them in a hurry. Each takes what stood there and what should stand there, and gives
// what it would have written.
#pragma once

#include <string>

namespace autoheal::simulation {

// Takes each line of a .env file for a statement.
[[nodiscard]] std::string edited_by_lines(const std::string& before);
// Takes the first "port" with a number for the one that is meant.
[[nodiscard]] std::string edited_at_first_match(const std::string& before);
// Reads all numbers and writes them again: 1.10 becomes 1.1.
[[nodiscard]] std::string edited_with_numbers_rewritten(const std::string& planned);

}  // namespace autoheal::simulation
