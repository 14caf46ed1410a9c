// Observations as they are stored: the one list of members of each of their structs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "autoheal/workflows/plan/observation.hpp"
#include "autoheal/workflows/stored/stored_field.hpp"

namespace autoheal::workflows {

template <>
struct StoredWord<ServiceState> {
  static std::string_view of(ServiceState state) { return name_of(state); }
  static ServiceState read(std::string_view word) { return service_state_of(word); }  // a later version may have more
};

constexpr bool is_there(const TargetFacts& facts) { return facts.kind != TargetKind::absent; }

template <>
inline constexpr auto stored_fields<TargetFacts> = std::tuple{
    always<&TargetFacts::path>("path"),
    always<&TargetFacts::kind>("kind"),
    only_if<is_there>(std::tuple{
        always<&TargetFacts::mode>("mode"),
        always<&TargetFacts::uid>("uid"),
        always<&TargetFacts::gid>("gid"),
        always<&TargetFacts::device>("device"),
        always<&TargetFacts::inode>("inode"),
        always<&TargetFacts::size>("size"),
        always<&TargetFacts::links>("links"),
        always<&TargetFacts::mtime_ns>("mtime_ns"),
        always<&TargetFacts::ctime_ns>("ctime_ns"),
        unless_default<&TargetFacts::digest>("digest"),
        unless_default<&TargetFacts::link_target>("link_target"),
        unless_default<&TargetFacts::generation>("generation"),
        unless_default<&TargetFacts::acl>("acl"),
        unless_default<&TargetFacts::default_acl>("default_acl"),
        unless_default<&TargetFacts::capability>("capability"),
    }),
    unless_default<&TargetFacts::cannot_change>("cannot_change"),
    unless_default<&TargetFacts::cannot_replace>("cannot_replace"),
};

template <>
inline constexpr auto stored_fields<ReleaseFacts> = std::tuple{
    always<&ReleaseFacts::name>("name"),
    always<&ReleaseFacts::whole>("whole"),
    unless_default<&ReleaseFacts::message>("message"),
    unless_default<&ReleaseFacts::manifest_digest>("manifest_digest"),
};
template <>
inline constexpr auto stored_fields<ReleasesFacts> = std::tuple{
    unless_default<&ReleasesFacts::names>("names"),
    unless_default<&ReleasesFacts::checked>("checked"),
};

template <>
inline constexpr auto stored_fields<SnapshotFacts> = std::tuple{
    always<&SnapshotFacts::name>("name"),
    unless_default<&SnapshotFacts::problem>("problem"),
    unless_default<&SnapshotFacts::content>("content"),
    or_nothing<&SnapshotFacts::age>("age_us"),
    always<&SnapshotFacts::page_size>("page_size"),
    always<&SnapshotFacts::mode>("mode"),
};
template <>
inline constexpr auto stored_fields<StateFacts> = std::tuple{
    always<&StateFacts::page_size>("page_size"),
    unless_default<&StateFacts::damage>("damage"),
    unless_default<&StateFacts::snapshots>("snapshots"),
};

// Each: name, user id, group id.
struct AsOwners {
  using Owners = std::map<std::string, std::pair<std::uint32_t, std::uint32_t>>;

  static void write(JsonWriter& out, const Owners& owners) {
    out.begin_array();
    for (const auto& [name, ids] : owners) out.begin_array().value(name).value(ids.first).value(ids.second).end_array();
    out.end_array();
  }
  static void read(const EntryJson& in, Owners& owners) {
    for (const EntryJson one : in)
      owners[one.at(0).get<std::string>()] = {one.at(1).get<std::uint32_t>(), one.at(2).get<std::uint32_t>()};
  }
};

template <>
inline constexpr auto stored_fields<Observation> = std::tuple{
    unless_default<&Observation::targets>("targets"),
    unless_default<&Observation::contents, AsPairs>("contents"),
    unless_default<&Observation::secrets, AsPairs>("secrets"),
    unless_default<&Observation::owners, AsOwners>("owners"),
    unless_default<&Observation::acls, AsPairs>("acls"),
    unless_default<&Observation::releases, AsPairs>("releases"),
    unless_default<&Observation::states, AsPairs>("states"),
    unless_default<&Observation::outputs>("outputs"),
    unless_default<&Observation::running>("running"),
    unless_default<&Observation::services>("services"),
    always<&Observation::service_running>("service_running"),
    always<&Observation::self_test_passes>("self_test_passes"),
    unless_default<&Observation::recovered>("recovered"),
};

}  // namespace autoheal::workflows
