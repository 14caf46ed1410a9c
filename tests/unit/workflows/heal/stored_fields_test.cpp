// The lists from which structs are written and read: what each item does, and that no member is forgotten.
#include "autoheal/workflows/stored/stored_field.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "autoheal/workflows/heal/heal_entry_fields.hpp"
#include "tests/unit/workflows/number_of_members.hpp"

namespace autoheal::workflows {
namespace {

using autoheal::testing::number_of_members;

enum class Colour { red, green };

struct Inner {
  std::string name;
};
struct Thing {
  unsigned number = 0;
  Duration wait = std::chrono::seconds(10);
  bool heal = true;
  std::optional<std::string> note;
  Colour colour = Colour::red;
  std::vector<std::string> texts;
  std::map<std::string, std::string> pairs;
  std::string only_green;
  std::string if_red;
  Inner inner;
};
constexpr bool is_green(const Thing& thing) { return thing.colour == Colour::green; }
constexpr bool is_red(const Thing& thing) { return thing.colour == Colour::red; }

}  // namespace

template <>
inline constexpr auto words_for<Colour> =
    std::array{NamedValue<Colour>{Colour::red, "red"}, NamedValue<Colour>{Colour::green, "green"}};
template <>
inline constexpr auto stored_fields<Inner> = std::tuple{always<&Inner::name>("name")};
template <>
inline constexpr auto stored_fields<Thing> = std::tuple{
    always<&Thing::number>("number"),
    or_nothing<&Thing::wait>("wait_us"),
    unless_default<&Thing::heal>("heal"),
    unless_default<&Thing::note>("note"),
    always<&Thing::colour>("colour"),
    unless_default<&Thing::texts>("texts"),
    unless_default<&Thing::pairs, AsPairs>("pairs"),
    only_if<is_green>(std::tuple{always<&Thing::only_green>("only_green")}),
    written_if<is_red>(std::tuple{unless_default<&Thing::if_red>("if_red")}),
    MembersOf<&Thing::inner>{},
};

namespace {

std::string text_of(const Thing& thing) {
  JsonWriter out;
  StoredJson::write(out, thing);
  return out.take();
}

Thing thing_of(const std::string& text) {
  const EntryJsonDocument document(text);
  Thing thing;
  StoredJson::read(document.root(), thing);
  return thing;
}

std::string refusal_of(const std::string& text) {
  try {
    (void)thing_of(text);
  } catch (const std::invalid_argument& problem) {
    return problem.what();
  }
  return "none";
}

TEST(StoredFields, AreLeftOutWhereTheySayNothing) {
  Thing thing;
  EXPECT_EQ(text_of(thing), R"({"number":0,"wait_us":10000000,"colour":"red","name":""})");
  thing = {7, Duration(1), false, "", Colour::green, {"a"}, {{"k", "v"}}, "g", "r", {"n"}};
  EXPECT_EQ(text_of(thing),
            R"({"number":7,"wait_us":1,"heal":false,"note":"","colour":"green","texts":["a"],"pairs":[["k","v"]],)"
            R"("only_green":"g","name":"n"})");
  thing.colour = Colour::red;
  EXPECT_TRUE(text_of(thing).ends_with(R"("pairs":[["k","v"]],"if_red":"r","name":"n"})"));
}

TEST(StoredFields, AreReadInAnyOrderAndWhatIsUnknownIsPassedOver) {
  const Thing thing =
      thing_of(R"({"name":"n","later":1,"only_green":"g","pairs":[["k","v"]],"texts":["a"],"colour":"green","note":"",)"
               R"("heal":false,"wait_us":1,"number":7,"if_red":"r"})");
  EXPECT_EQ(text_of(thing), text_of({7, Duration(1), false, "", Colour::green, {"a"}, {{"k", "v"}}, "g", "r", {"n"}}));
  EXPECT_EQ(thing.if_red, "r");
}

TEST(StoredFields, MeanZeroOrTheDefaultWhereTheyLack) {
  const Thing thing = thing_of(R"({"number":7,"colour":"red","only_green":"g","name":"n"})");
  EXPECT_EQ(thing.wait, Duration{0}) << "not its default";
  EXPECT_TRUE(thing.heal);
  EXPECT_EQ(thing.note, std::nullopt);
  EXPECT_EQ(thing.only_green, "") << "its condition does not hold";
}

TEST(StoredFields, RefuseWhatLacksOrIsAnotherKindOfValue) {
  EXPECT_EQ(refusal_of(R"({"colour":"red","name":"n"})"), "it does not say \"number\"");
  EXPECT_EQ(refusal_of(R"({"number":7,"colour":"green","name":"n"})"), "it does not say \"only_green\"");
  EXPECT_EQ(refusal_of(R"({"number":7,"colour":"blue","name":"n"})"), "\"blue\" is not a word of this ledger format");
  EXPECT_EQ(refusal_of(R"({"number":-7,"colour":"red","name":"n"})"),
            "it holds something else where a whole number that fits belongs");
  EXPECT_EQ(refusal_of(R"({"number":7,"note":null,"colour":"red","name":"n"})"),
            "it holds something else where a text belongs");
}

template <class Item>
constexpr std::size_t members_in = 1;
template <>
constexpr std::size_t members_in<StoredAction> = 0;
template <>
constexpr std::size_t members_in<StoredTakeOver> = 2;
template <class... Items>
constexpr std::size_t members_in<std::tuple<Items...>> = (members_in<Items> + ...);
template <auto Condition, bool AlsoWhenRead, class Items>
constexpr std::size_t members_in<StoredIf<Condition, AlsoWhenRead, Items>> = members_in<Items>;

template <class Struct>
constexpr std::size_t number_listed = members_in<std::remove_cvref_t<decltype(stored_fields<Struct>)>>;
template <class Struct>
constexpr std::size_t number_to_list = number_of_members<Struct>();
template <>
constexpr std::size_t number_to_list<Triggered> =
    number_of_members<HealRequest>() + number_of_members<Triggered>() - 1;  // of which its base is one
template <class... Structs>
constexpr bool are_stored_whole = ((number_to_list<Structs> == number_listed<Structs>) && ...);

static_assert(
    are_stored_whole<ProgramRun, HttpCall, TargetFacts, ReleaseFacts, ReleasesFacts, SnapshotFacts, StateFacts,
                     Observation, TargetAfter, Change, Act, Plan, UndoOutcome, HashFinding, TestResult, SecurityFinding,
                     AuthorizedChange, DocumentFinding, PortFinding, Evidence, Refusal>);
// The text that a program printed is not recorded as it came.
static_assert(number_of_members<ProbeResult>() == number_listed<ProbeResult> + 1);
static_assert(number_of_members<ChangeOutcome>() == number_listed<ChangeOutcome> + 1);

template <class Entries>
constexpr bool all_stored_whole = false;
template <class... Entries>
constexpr bool all_stored_whole<std::variant<Entries...>> = are_stored_whole<Entries...>;
static_assert(all_stored_whole<HealEntry>);

}  // namespace
}  // namespace autoheal::workflows
