#include "autoheal/engine/base/system_error.hpp"

#include <system_error>

namespace autoheal {

std::string system_words(int error_number) { return std::generic_category().message(error_number); }

Error system_error(ErrorKind kind, std::string_view what, int error_number) {
  return {kind, std::string(what) + ": " + system_words(error_number), {}};
}

}  // namespace autoheal
