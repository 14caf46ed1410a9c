// Notices that packages are being installed or removed, which stops and starts services without a fault and without
// intent.
#pragma once

namespace autoheal::host {

// By the locks that apt, dpkg and rpm hold for all that time.
[[nodiscard]] bool packages_are_changed();

}  // namespace autoheal::host
