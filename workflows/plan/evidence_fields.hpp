// Evidence as it is stored: the one list of members of each of its structs.
#pragma once

#include <string_view>
#include <tuple>

#include "autoheal/workflows/plan/evidence.hpp"
#include "autoheal/workflows/plan/observation_fields.hpp"
#include "autoheal/workflows/stored/stored_field.hpp"

namespace autoheal::workflows {

template <>
inline constexpr auto stored_fields<HashFinding> = std::tuple{
    always<&HashFinding::path>("path"),
    always<&HashFinding::digest>("digest"),
};

constexpr bool is_of_program(const ProbeResult& result) { return !result.program_sha256.empty(); }

template <>
inline constexpr auto stored_fields<ProbeResult> = std::tuple{
    always<&ProbeResult::name>("name"),
    always<&ProbeResult::verdict>("verdict"),
    unless_default<&ProbeResult::heal>("heal"),
    unless_default<&ProbeResult::message>("message"),
    written_if<is_of_program>(std::tuple{
        or_nothing<&ProbeResult::exit_code>("exit"),
        unless_default<&ProbeResult::program_sha256>("program_sha256"),
        unless_default<&ProbeResult::user>("user"),
        unless_default<&ProbeResult::output>("output"),
    }),
    or_nothing<&ProbeResult::took>("took_us"),
};

template <>
inline constexpr auto stored_fields<TestResult> = std::tuple{
    always<&TestResult::name>("name"),
    always<&TestResult::passed>("passed"),
    unless_default<&TestResult::message>("message"),
    always<&TestResult::exit_code>("exit"),
    unless_default<&TestResult::timed_out>("timed_out"),
    unless_default<&TestResult::program_sha256>("program_sha256"),
    unless_default<&TestResult::user>("user"),
    unless_default<&TestResult::output>("output"),
    or_nothing<&TestResult::took>("took_us"),
};

template <>
inline constexpr auto stored_fields<SecurityFinding> = std::tuple{
    always<&SecurityFinding::path>("path"),
    always<&SecurityFinding::rule>("rule"),
    always<&SecurityFinding::message>("message"),
    unless_default<&SecurityFinding::passing>("passing"),
};

template <>
inline constexpr auto stored_fields<AuthorizedChange> = std::tuple{
    always<&AuthorizedChange::number>("number"),
    always<&AuthorizedChange::principal>("principal"),
    always<&AuthorizedChange::role>("role"),
    always<&AuthorizedChange::allowed>("allowed"),
};

template <>
inline constexpr auto stored_fields<DocumentFinding> = std::tuple{
    always<&DocumentFinding::path>("path"),
    unless_default<&DocumentFinding::problem>("problem"),
};

template <>
struct StoredWord<PortHolder> {
  static std::string_view of(PortHolder holder) { return name_of(holder); }
  static PortHolder read(std::string_view word) { return port_holder_of(word); }
};

constexpr bool has_process(const PortFinding& finding) { return finding.process > 0; }

template <>
inline constexpr auto stored_fields<PortFinding> = std::tuple{
    always<&PortFinding::probe>("probe"),
    unless_default<&PortFinding::place>("place"),
    or_nothing<&PortFinding::holder>("holder"),
    written_if<has_process>(std::tuple{unless_default<&PortFinding::process>("process")}),
    unless_default<&PortFinding::program>("program"),
    unless_default<&PortFinding::why>("why"),
};

template <>
inline constexpr auto stored_fields<Evidence> = std::tuple{
    unless_default<&Evidence::hashes>("hashes"),       unless_default<&Evidence::probes>("probes"),
    unless_default<&Evidence::tests>("tests"),         unless_default<&Evidence::findings>("findings"),
    unless_default<&Evidence::scanned>("scanned"),     unless_default<&Evidence::authorized>("authorized"),
    unless_default<&Evidence::targets>("targets"),     unless_default<&Evidence::releases, AsPairs>("releases"),
    unless_default<&Evidence::documents>("documents"), unless_default<&Evidence::ports>("ports"),
    unless_default<&Evidence::problem>("problem"),
};

}  // namespace autoheal::workflows
