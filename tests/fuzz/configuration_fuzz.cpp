// autoheal.yaml: what is wrong is told with its place; what is right always loads as the same, and each engine as the
// vault keeps it reads as it was loaded.
#include "autoheal/engine/base/digest.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "tests/fuzz/fuzz_folder.hpp"
#include "tests/fuzz/property.hpp"
#include "tools/config/configuration.hpp"

namespace {

using namespace autoheal;
using fuzz::require;

// The folder of the examples, which name baselines and programs beside them.
const std::filesystem::path& file_to_load() {
  static const fuzz::Folder folder;
  static const std::filesystem::path file = [] {
    const std::filesystem::path examples = AUTOHEAL_SOURCE_DIR "/tests/unit/config";
    std::filesystem::copy(examples / "good", folder / "good", std::filesystem::copy_options::recursive);
    std::filesystem::copy(examples / "broken/support", folder / "support", std::filesystem::copy_options::recursive);
    fuzz::write_file(folder / "good/fuzzed.yaml", {});
    std::filesystem::permissions(folder / "good/fuzzed.yaml", std::filesystem::perms(0644));
    return folder / "good/fuzzed.yaml";
  }();
  return file;
}

std::expected<config::Configuration, std::vector<config::Problem>> load() {
  return config::load(file_to_load().string(), {.environment = {}, .keep_baseline = [](const std::string& content) {
                                                  return sha256_name(content);
                                                }});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::write_file(file_to_load(), fuzz::text_of(data, size));
  const auto loaded = load();
  if (!loaded) {
    require(!loaded.error().empty() && loaded.error().size() <= 101, "there are problems, and not too many");
    for (const auto& problem : loaded.error()) {
      const std::string text = to_text(problem);
      require(!problem.message.empty() && !problem.file.empty(), "a problem has its place and a sentence", text);
      require(text.find('\0') == std::string::npos, "a problem is plain text", text);
    }
    return 0;
  }
  require(!loaded->engines.empty(), "a configuration has engines");
  for (const auto& spec : loaded->engines) {
    const std::string text = workflows::encode_engine_spec(spec);
    require(workflows::decode_engine_spec(text) == spec, "an engine is kept as it was loaded", text);
  }
  const auto again = load();
  require(again && again->digest == loaded->digest && again->engines == loaded->engines, "it loads the same again");
  return 0;
}
