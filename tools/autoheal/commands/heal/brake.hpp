// Brakes on an engine, or on all of them, as hold, unhold and reset work them.
#pragma once

#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/protocol/operation_body.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

struct BrakeOptions {
  std::string engine;
  bool all = false;
};

void add_brake_options(const DeclaredCommand& command, BrakeOptions& options);

// Performs `operation`, which is also the command's name; the exit code comes back.
[[nodiscard]] int work_brake(const Session& session, const std::string& operation, const BrakeOptions& options,
                             OperationBody body = {});

}  // namespace autoheal::cli
