// JSON of our own writer as nlohmann reads it, and nothing else: what is read into whole numbers must be whole ones,
// since a float that does not fit is undefined behaviour there, and a document must not be deeper than its readers
// recurse.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace autoheal::workflows {

// Throws nlohmann::json::exception where `text` is no JSON, std::invalid_argument where it holds a float, a number of
// more than 64 bits or more than 256 levels; for codecs.
[[nodiscard]] nlohmann::json parse_own_json(std::string_view text);

}  // namespace autoheal::workflows
