// Self-test entries as ledger text and back. The only place that knows the keys of selftest.* data.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>

#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"
#include "autoheal/workflows/stored/stored_field.hpp"
#include "autoheal/workflows/supervision/self_test.hpp"

namespace autoheal::workflows {

namespace {

struct StoredWorkflow {
  static constexpr std::string_view name = "selftest/1";

  static void write(JsonWriter& out, const SelfTestStarted&, const SelfTestStarted&) { out.field("workflow", name); }
  static void read(const EntryJson& in, SelfTestStarted&) {
    if (in.at("workflow").text() != name) throw std::invalid_argument("written by a later version of the self-test");
  }
};

}  // namespace

template <>
inline constexpr std::array<std::string_view, 4> kinds_of<SelfTestEntry> = {
    "selftest.started", "selftest.engine_tested", "selftest.engine_healed", "selftest.completed"};
static_assert(kinds_of<SelfTestEntry>.size() == std::variant_size_v<SelfTestEntry>);

template <>
inline constexpr auto stored_fields<EngineToTest> = std::tuple{
    always<&EngineToTest::name>("name"),
    unless_default<&EngineToTest::depends_on>("depends_on"),
};
template <>
inline constexpr auto stored_fields<SelfTestStarted> = std::tuple{
    StoredWorkflow{},
    always<&SelfTestStarted::test_id>("test_id"),
    always<&SelfTestStarted::engines>("engines"),
    always<&SelfTestStarted::heals>("heals"),
    always<&SelfTestStarted::at>("at"),
    StoredBy<&SelfTestStarted::by>{},
};
template <>
inline constexpr auto stored_fields<EngineTested> = std::tuple{
    always<&EngineTested::engine>("engine"),
    always<&EngineTested::outcome>("outcome"),
    unless_default<&EngineTested::error>("error"),
    always<&EngineTested::took>("took_us"),
    unless_default<&EngineTested::reported>("reported"),
};
template <>
inline constexpr auto stored_fields<HealOutcome> = std::tuple{
    unless_default<&HealOutcome::heal>("heal"),
    always<&HealOutcome::certified>("certified"),
    unless_default<&HealOutcome::strategy>("strategy"),
    always<&HealOutcome::attempts>("attempts"),
    always<&HealOutcome::took>("took_us"),
    unless_default<&HealOutcome::skipped>("skipped"),
    unless_default<&HealOutcome::error>("error"),
    unless_default<&HealOutcome::reason>("reason"),
    unless_default<&HealOutcome::problem>("problem"),
};
template <>
inline constexpr auto stored_fields<EngineHealed> = std::tuple{
    always<&EngineHealed::engine>("engine"),
    MembersOf<&EngineHealed::outcome>{},
};
template <>
inline constexpr auto stored_fields<SelfTestCompleted> = std::tuple{
    always<&SelfTestCompleted::status>("status"),
    always<&SelfTestCompleted::engines_total>("engines_total"),
    always<&SelfTestCompleted::engines_verified>("engines_verified"),
    always<&SelfTestCompleted::autoheal_invocations>("autoheal_invocations"),
    always<&SelfTestCompleted::runtime>("runtime_us"),
};

std::string_view name_of(TestOutcome outcome) { return word_of<TestOutcome>(words_for<TestOutcome>, outcome); }

engine::Encoded SelfTest::encode(const State& state, const Entry& entry) {
  JsonWriter out;
  std::visit([&out](const auto& one) { StoredJson::write(out, one); }, entry);
  std::string subject;
  if (const auto* tested = std::get_if<EngineTested>(&entry)) subject = tested->engine;
  if (const auto* healed = std::get_if<EngineHealed>(&entry)) subject = healed->engine;
  return {std::string(kinds_of<SelfTestEntry>[entry.index()]), 1, state.facts.by.principal, std::move(subject),
          out.take()};
}

Result<SelfTestEntry> SelfTest::decode(std::string_view entry_type, unsigned dataversion, std::string_view data) {
  constexpr auto& types = kinds_of<SelfTestEntry>;
  const auto* known = std::ranges::find(types, entry_type);
  if (known == types.end() || dataversion != 1) {
    return failure(ErrorKind::invalid, fmt::format("entries of type {}, data version {}, are not known to this version",
                                                   entry_type, dataversion));
  }
  try {
    const EntryJsonDocument document(data);
    auto entry = empty_of_kind<SelfTestEntry>(static_cast<std::size_t>(known - types.begin()));
    std::visit([&](auto& one) { StoredJson::read(document.root(), one); }, entry);
    return entry;
  } catch (const std::exception& problem) {
    return failure(ErrorKind::corrupt, std::string(entry_type) + ": its data cannot be read: " + problem.what());
  }
}

}  // namespace autoheal::workflows
