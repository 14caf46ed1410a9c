// Settings in JSON and YAML files: an edit is refused with a sentence, or it is right for the judge, who reads with
// other libraries, or he says why not; what is right stays to the byte. json or yaml, pointer, value and the file, as
// parts.
#include "autoheal/workflows/edit/settings_edit.hpp"
#include "autoheal/workflows/judge/settings_judge.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace autoheal;
using fuzz::require;

// The value at the pointer of an edit that was judged to be right is the one to be set.
void check_edited(std::string_view before, const std::string& after, workflows::SettingsFormat format,
                  const std::string& pointer, const std::string& scalar) {
  const auto reasons = workflows::judge_settings(before, after, format, {{pointer, scalar}});
  for (const std::string& reason : reasons) require(!reason.empty(), "a reason has a sentence", after);
  require(workflows::set_setting(after, format, pointer, scalar) == after, "what is right stays to the byte", after);
  if (!reasons.empty()) {
    // A file that the judge could not read before, or whose aliases have no end, is not certified; nothing else is
    // wrong.
    const bool was_unread =
        reasons.front().starts_with("before the edit") || reasons.back().contains("without measure");
    return require(was_unread, "an edit of what both can read is right", after + "\n" + reasons.front());
  }
  const auto seen = workflows::read_setting(after, format, pointer);
  require(seen && *seen && (*seen)->kind != workflows::SettingSeen::Kind::unclear, "the value is seen", after);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text_of(data, size);
  const auto format =
      fuzz::take_part(rest) == "yaml" ? workflows::SettingsFormat::yaml : workflows::SettingsFormat::json;
  const std::string pointer(fuzz::take_part(rest)), scalar(fuzz::take_part(rest));
  (void)workflows::read_setting(rest, format, pointer);
  (void)workflows::judge_settings(rest, scalar, format, {{pointer, "1"}});
  const auto edited = workflows::set_setting(rest, format, pointer, scalar);
  if (!edited) {
    require(!edited.error().message.empty(), "a refusal has a sentence");
    return 0;
  }
  check_edited(rest, *edited, format, pointer, scalar);
  return 0;
}
