#include "tools/host/system/system_error.hpp"

#include <cerrno>

#include "autoheal/engine/base/system_error.hpp"

namespace autoheal::host {

std::string reason_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return "no space is left on the device";
    case EDQUOT:
      return "over quota: no space is left for this user";
    case ELOOP:
      return "a symbolic link stands in the path";
    case EXDEV:
      return "it leads out of the root or lies on another file system";
    case EROFS:
      return "the file system is read-only";
    case ENOTDIR:
      return "something in the path is not a folder";
    default:
      return system_words(error_number);
  }
}

std::unexpected<Error> system_failure(const std::string& what, int error_number) {
  ErrorKind kind = ErrorKind::failed;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
      kind = ErrorKind::unavailable;
      break;
    case ENOENT:
      kind = ErrorKind::not_found;
      break;
    case ELOOP:
    case EACCES:
    case EPERM:
      kind = ErrorKind::refused;
      break;
    case EBUSY:
      kind = ErrorKind::busy;
      break;
    default:
      break;
  }
  return failure(kind, what + ": " + reason_of(error_number));
}

std::unexpected<Error> look_failure(const std::string& what, int error_number) {
  auto failed = system_failure(what, error_number);
  if (error_number == EACCES || error_number == EPERM) failed.error().kind = ErrorKind::unavailable;
  return failed;
}

}  // namespace autoheal::host
