// The one argument of the commands that change who is a witness.
#pragma once

#include <string>

namespace autoheal::cli {

struct WitnessArgument {
  std::string key;
};

}  // namespace autoheal::cli
