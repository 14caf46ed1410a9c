#include "autoheal/workflows/heal/by_codec.hpp"

#include <tuple>

#include "autoheal/workflows/stored/stored_field.hpp"

namespace autoheal::workflows {

template <>
inline constexpr auto stored_fields<By> = std::tuple{
    always<&By::principal>("principal"),       always<&By::role>("role"), always<&By::uid>("uid"),
    unless_default<&By::loginuid>("loginuid"), always<&By::via>("via"),   unless_default<&By::reason>("reason"),
};

void write_by(JsonWriter& out, const By& by) {
  if (!by.principal.empty()) StoredJson::write(out.key("by"), by);
}

void read_by(const OwnJson& in, By& by) {
  if (const auto found = in.find("by")) StoredJson::read(*found, by);
}

}  // namespace autoheal::workflows
