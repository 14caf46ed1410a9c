// Changes a database that others may have open: in one transaction, in a child process, and only if it still holds what
// the plan saw. Put back the same way.
#pragma once

#include "tools/host/change/change_site.hpp"

namespace autoheal::host {

// For changes whose `after` is a database. Blocks for as long as a lock of others is waited for, and for the copying.
[[nodiscard]] workflows::ChangeOutcome apply_to_database(const RootFolder& root, ChangeSite& site, unsigned number);

// `outcome` is what apply reported, or null if a crash swallowed it. If the database holds more than was restored,
// its content is kept in the vault.
[[nodiscard]] workflows::UndoOutcome restore_database(const RootFolder& root, ChangeSite& site,
                                                      const workflows::ChangeOutcome* outcome, unsigned number);

}  // namespace autoheal::host
