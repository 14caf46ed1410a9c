// The options that every command takes. Those of one command stand in its own file.
#pragma once

#include <string>

#include "tools/autoheal/output/output_format.hpp"

namespace autoheal::cli {

struct Options {
  std::string config_file;  // empty: the usual places
  OutputFormat output = OutputFormat::text;
  std::string color = "auto";
  std::string reason;
};

}  // namespace autoheal::cli
