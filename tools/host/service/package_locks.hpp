// Whether packages are being installed or removed: that stops and starts services, which is nobody's fault and nobody's
// wish.
#pragma once

namespace autoheal::host {

// By the locks that apt, dpkg and rpm hold for all that time.
[[nodiscard]] bool packages_are_changed();

}  // namespace autoheal::host
