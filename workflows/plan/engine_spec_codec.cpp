#include "autoheal/workflows/plan/engine_spec_codec.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/spec/engine_fields.hpp"
#include "autoheal/workflows/spec/program_fields.hpp"
#include "autoheal/workflows/stored/stored_field.hpp"

namespace autoheal::workflows {

namespace {

constexpr unsigned format_version = 1;

template <class Spec>
constexpr auto stored_order() {
  std::array<Stored, number_of_fields<Spec>> how{};
  std::array<std::size_t, number_of_fields<Spec>> order{};
  std::size_t at = 0;
  each_field<Spec>([&](const auto& one) {
    how[at] = one.stored;
    order[at] = at;
    ++at;
  });
  std::ranges::sort(order, [&](std::size_t left, std::size_t right) {
    return std::tuple(how[left].place, how[left].later, left) < std::tuple(how[right].place, how[right].later, right);
  });
  return order;
}

template <class Spec, std::size_t At>
constexpr auto letters_of_key() {
  constexpr auto key = std::get<At>(fields_of<Spec>).stored_key();
  std::array<char, key.first.size() + key.second.size()> letters{};
  std::ranges::copy(key.second, std::ranges::copy(key.first, letters.begin()).out);
  return letters;
}
template <class Spec, std::size_t At>
constexpr std::array stored_key = letters_of_key<Spec, At>();

template <class Spec, std::size_t At>
constexpr auto stored_member() {
  constexpr const auto& one = std::get<At>(fields_of<Spec>);
  constexpr auto when = one.stored.later ? Presence::unless_default : Presence::always;
  constexpr const auto& key = stored_key<Spec, At>;
  return StoredField<one.member, when, StoredJson>{std::string_view(key.data(), key.size())};
}

}  // namespace

// A described struct is stored as its description says.
template <Described Spec>
inline constexpr auto stored_fields<Spec> = []<std::size_t... At>(std::index_sequence<At...>) {
  constexpr auto order = stored_order<Spec>();
  return std::tuple{stored_member<Spec, order[At]>()...};
}(std::make_index_sequence<number_of_fields<Spec>>{});

template <>
inline constexpr std::array<std::string_view, 9> kinds_of<decltype(Probe::what)> = {
    "file", "env", "tcp", "http", "command", "plugin", "process", "settings", "link"};
template <>
inline constexpr std::array<std::string_view, 2> kinds_of<Hook> = platform_kinds;

std::string encode_engine_spec(const EngineSpec& spec) {
  JsonWriter out;
  out.begin_object().field("format", format_version).key("engine");
  StoredJson::write(out, spec);
  return out.end_object().take();
}

Result<EngineSpec> decode_engine_spec(std::string_view text) {
  try {
    const EntryJsonDocument parsed(text);
    const EntryJson document = parsed.root();
    if (document.at("format").get<unsigned>() != format_version) {
      return failure(ErrorKind::corrupt, "this engine configuration was stored by another version of autoheal");
    }
    EngineSpec spec;
    StoredJson::read(document.at("engine"), spec);
    return spec;
  } catch (const std::exception& exception) {
    return failure(ErrorKind::corrupt,
                   std::string("a stored engine configuration cannot be read: ") + exception.what());
  }
}

}  // namespace autoheal::workflows
