// Plans, observations, outcomes and evidence as JSON text and back: the nested parts of heal entries.
#pragma once

#include <string>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/plan/evidence.hpp"
#include "autoheal/workflows/plan/plan.hpp"

namespace autoheal {
class OwnJson;
}

namespace autoheal::workflows {

void write(JsonWriter& json, const ProgramRun& run);
void write(JsonWriter& json, const HttpCall& call);
void write(JsonWriter& json, const Observation& observation);
void write(JsonWriter& json, const Plan& plan);
void write(JsonWriter& json, const ChangeOutcome& outcome);
void write(JsonWriter& json, const UndoOutcome& outcome);
void write(JsonWriter& json, const Evidence& evidence);

// These throw std::invalid_argument on anything that write() did not make; heal_codec.cpp
// turns that into an Error.
void read(const OwnJson& json, ProgramRun& run);
void read(const OwnJson& json, HttpCall& call);
void read(const OwnJson& json, Observation& observation);
void read(const OwnJson& json, Plan& plan);
void read(const OwnJson& json, ChangeOutcome& outcome);
void read(const OwnJson& json, UndoOutcome& outcome);
void read(const OwnJson& json, Evidence& evidence);

// "sha256:..." of the plan's canonical text: what a certificate names.
[[nodiscard]] std::string plan_digest(const Plan& plan);

}  // namespace autoheal::workflows
