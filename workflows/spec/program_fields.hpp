// Programs and calls as they are stored. Their keys in a configuration are other ones: see probe_fields.hpp and
// repair_fields.hpp.
#pragma once

#include <tuple>

#include "autoheal/workflows/spec/engine_spec.hpp"
#include "autoheal/workflows/stored/stored_field.hpp"

namespace autoheal::workflows {

template <>
inline constexpr auto stored_fields<ProgramRun> = std::tuple{
    always<&ProgramRun::argv>("argv"),
    unless_default<&ProgramRun::cwd>("cwd"),
    unless_default<&ProgramRun::user>("user"),
    unless_default<&ProgramRun::environment>("environment"),
    unless_default<&ProgramRun::reproducible>("reproducible"),
    unless_default<&ProgramRun::unit>("unit"),
    or_nothing<&ProgramRun::timeout>("timeout_us"),
};

template <>
inline constexpr auto stored_fields<HttpCall> = std::tuple{
    always<&HttpCall::url>("url"),
    always<&HttpCall::method>("method"),
    unless_default<&HttpCall::body>("body"),
    or_nothing<&HttpCall::timeout>("timeout_us"),
};

}  // namespace autoheal::workflows
