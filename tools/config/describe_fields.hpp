// Presents the table of fields to editors and to people: a JSON Schema (draft-07), a text, a page of Markdown.
#pragma once

#include <string>

namespace autoheal::config {

[[nodiscard]] std::string json_schema();
[[nodiscard]] std::string field_reference();
// docs/configuration.md, without the line feed at its end.
[[nodiscard]] std::string reference_page();

}  // namespace autoheal::config
