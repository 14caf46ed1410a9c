// .env files: an edit is judged right or refused, is not needed twice, and no text brings a reader down. NAME, VALUE,
// perhaps DIALECT, and the file, as parts.
#include <vector>

#include "autoheal/workflows/judge/env_readers.hpp"
#include "autoheal/workflows/plan/env_edit.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace autoheal;
using fuzz::require;
using workflows::EnvReader;

std::string dialect_of(std::string_view part) {
  constexpr std::string_view dialects[] = {"", "shell", "systemd", "compose", "dotenv", "docker", "expand"};
  return std::string(dialects[part.empty() ? 0 : static_cast<unsigned char>(part.front()) % std::size(dialects)]);
}

void check_edit(std::string_view text, const workflows::EnvDeclaration& declared) {
  const auto edited = workflows::edit_env(text, declared);
  if (!edited) return require(!edited.error().message.empty(), "what is refused has a reason", "");
  require(workflows::judge_env(text, edited->text, declared).empty(), "an edit is judged right", edited->text);
  const auto again = workflows::edit_env(edited->text, declared);
  require(again && again->text == edited->text && again->changed.empty(), "an edit is not needed twice", edited->text);
}

// A reader's findings are in the text, in order, and its units cover all of it.
void check_readings(std::string_view text) {
  for (const EnvReader reader : workflows::all_env_readers) {
    const auto reading = workflows::read_env_as(reader, text);
    std::size_t at = 0;
    for (const auto& unit : reading.units) {
      require(unit.begin == at && unit.end > unit.begin, "units follow one another", name_of(reader));
      at = unit.end;
    }
    require(at == text.size(), "units are all of the text", name_of(reader));
    std::size_t begin = 0;
    for (const auto& one : reading.statements) {
      require(one.begin >= begin && one.end >= one.begin && one.end <= text.size(), "statements are in order",
              name_of(reader));
      begin = one.begin;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text_of(data, size);
  const std::string name(fuzz::take_part(rest)), value(fuzz::take_part(rest));
  const bool declared = rest.find("\n--\n") != std::string_view::npos;
  const std::string dialect = dialect_of(declared ? fuzz::take_part(rest) : std::string_view());
  check_readings(rest);
  check_edit(rest, {{{name, value}}, {}, {}, dialect});
  check_edit(rest, {{}, {name}, {}, dialect});
  return 0;
}
