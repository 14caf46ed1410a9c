// Takes the network and the right to write away from this process and all that it starts, except one folder: for work
// that must not touch the machine it runs on. By Linux namespaces, so it needs no rights where the kernel allows that.
#pragma once

#include <string>

namespace autoheal::host {

// Empty if it was done; else why it could not be had, as the end of a sentence.
struct ClosedOff {
  std::string network;
  std::string files;
};

// Before the process has a second thread (network_namespaces(7), user_namespaces(7)); there is no way back.
// `writable_folder` is absolute and there. Files that are open stay open.
[[nodiscard]] ClosedOff close_off(const std::string& writable_folder);

}  // namespace autoheal::host
