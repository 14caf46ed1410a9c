// The program that listens on the port of a network probe. If it is left over from the last run, or belongs to somebody
// else, the probe says nothing about the service.
#pragma once

#include <string>
#include <string_view>

namespace autoheal::workflows {

enum class PortHolder {
  unknown,   // nobody tells, or the service may well be asked through another: see `why`
  service,   // a process of the service
  stranger,  // a process that is known to be none of its
};

struct PortFinding {
  std::string probe;
  std::string place;  // "127.0.0.1:8080"
  PortHolder holder = PortHolder::unknown;
  long process = 0;     // that listens; 0: not known
  std::string program;  // its name
  std::string why;      // it is unknown, or how it is known to be a stranger's
  friend bool operator==(const PortFinding&, const PortFinding&) = default;
};

[[nodiscard]] std::string_view name_of(PortHolder holder);                   // "stranger"
[[nodiscard]] PortHolder port_holder_of(std::string_view name);              // unknown for any other word
[[nodiscard]] std::string sentence_of_stranger(const PortFinding& finding);  // why it refuses a certificate

}  // namespace autoheal::workflows
