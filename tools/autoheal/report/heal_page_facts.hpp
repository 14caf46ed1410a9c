// The facts on the page of a heal, out of ledger and vault.
#pragma once

#include "tools/autoheal/report/heal_page.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

// corrupt, invalid: an entry cannot be read. A heal that no checkpoint covers yet has a page without one.
[[nodiscard]] Result<HealPage> page_of(const Past& past, const std::string& heal,
                                       std::function<std::string(std::string_view)> mask);

// The same, with the secrets of the configuration masked.
[[nodiscard]] Result<HealPage> page_for_people(const LoadedConfiguration& configuration, const Past& past,
                                               const std::string& heal);

}  // namespace autoheal::cli
