// The places at which the nodes of a YAML file appear: their own, and others through aliases (*) and merges (<<).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "autoheal/workflows/edit/declared_settings.hpp"
#include "autoheal/workflows/edit/yaml_places.hpp"

namespace autoheal::workflows {

using Tokens = std::vector<std::string>;

[[nodiscard]] bool is_merge_key(const YamlNode& key);

// The values that a map itself has under a name; several where the name stands there several times.
[[nodiscard]] std::vector<YamlEntry> own_entries(const YamlStream& stream, const YamlNode& map,
                                                 const std::string& name);
// The value that a map has through its merges alone.
[[nodiscard]] std::optional<std::size_t> merged_value(const YamlStream& stream, const YamlNode& map,
                                                      const std::string& name);
[[nodiscard]] std::optional<std::size_t> list_item(const YamlNode& list, const std::string& token);

// The root of the document that tokens mean; see set_settings for which of several that is.
[[nodiscard]] Result<std::size_t> document_of(std::string_view text, const YamlStream& stream, const Tokens& tokens);

// Invalid, by name and place, where what `tokens` mean (the last of `way`, or a new name in it) is seen by another
// pointer, too, unless that one is declared to be set to the same.
[[nodiscard]] Result<void> check_other_places(std::string_view text, const YamlStream& stream,
                                              const std::vector<std::size_t>& way, const Tokens& tokens,
                                              const DeclaredSettings& declared);

}  // namespace autoheal::workflows
