#include "tools/autoheal/kept_images.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/large_data.hpp"
#include "workflows/json_writer.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

constexpr const char* entry_type = "image.kept";

using Roots = std::map<std::string, std::string>;  // root -> an engine that has it

Roots roots_of(const LoadedConfiguration& configuration) {
  Roots roots;
  for (const auto& spec : configuration.settings.engines) roots.emplace(spec.root, spec.name);
  return roots;
}

std::string key_of(const KeptImageOfRoot& kept) {
  return kept.root + "/" + kept.image.path + '\0' + kept.image.written + (kept.image.who.empty() ? "" : "open");
}

std::string sentence(const std::string& heal, const std::string& file, const std::string& who,
                     const std::string& written) {
  const std::string what = "what heal " + heal + " replaced";
  if (!who.empty())
    return what + " is still open for writing by " + who + ": it stays as " + file + " until it is closed";
  if (written.empty()) return what + " could not be put away: it stays as " + file;
  return what + " was written to afterwards: that lies in " + file + ", and in the vault as " + written;
}

}  // namespace

std::string sentence_of(const KeptImageOfRoot& kept) {
  return kept.engine + ": " +
         sentence(kept.image.heal, kept.root + "/" + kept.image.path, kept.image.who, kept.image.written);
}

std::set<std::string> KeptImages::open_heals() const {
  const auto open = healer_.ledger().open_streams();
  return open ? std::set<std::string>(open->begin(), open->end()) : std::set<std::string>();
}

engine::NewEntry KeptImages::entry_of(const KeptImageOfRoot& kept) const {
  workflows::JsonWriter out;
  out.begin_object().field("heal", kept.image.heal).field("file", kept.root + "/" + kept.image.path);
  out.optional_field("open_by", kept.image.who).optional_field("written", kept.image.written);
  engine::NewEntry entry;
  entry.type = entry_type;
  entry.time = healer_.clock().now();
  entry.actor = healer_.configuration()->settings.principals.actor;
  entry.subject = kept.engine;
  entry.data = out.end_object().take();
  return entry;
}

bool KeptImages::is_recorded_as_open(const KeptImageOfRoot& kept) const {
  const auto entries = healer_.ledger().read_types("ledger", {entry_type});
  return entries && std::ranges::any_of(*entries, [&](const engine::Entry& entry) {
           const auto text = engine::lengthen(healer_.vault(), entry.data);
           const auto data = nlohmann::json::parse(text.value_or(""), nullptr, false);
           return data.is_object() && data.contains("open_by") &&
                  data.value("file", std::string()) == kept.root + "/" + kept.image.path;
         });
}

asio::awaitable<std::size_t> KeptImages::settle() {
  const Roots roots = roots_of(*healer_.configuration());
  // Named first, judged then: a heal that began meanwhile is none of those that have ended.
  const auto names = [&healer = healer_, roots] {
    std::set<std::string> heals;
    for (const auto& [root, engine] : roots) heals.merge(healer.heals_left(root));
    return heals;
  };
  std::set<std::string> ended = co_await healer_.on_pool(names);
  if (ended.empty() || !healer_.ledger().open_streams()) co_return 0;
  for (const std::string& heal : open_heals()) ended.erase(heal);
  const auto job = [&healer = healer_, roots, ended = std::move(ended)] {
    std::vector<KeptImageOfRoot> kept;
    for (const auto& [root, engine] : roots) {
      for (host::KeptImage& image : healer.settle_ended(root, ended)) kept.push_back({engine, root, std::move(image)});
    }
    return kept;
  };
  const std::vector<KeptImageOfRoot> kept = co_await healer_.on_pool(job);
  for (const KeptImageOfRoot& one : kept) {
    if (!told_.insert(key_of(one)).second) continue;
    tell_(sentence_of(one));
    // Recorded when it came: what was written by its name in the vault, that it is open by an earlier entry.
    const bool recorded = one.image.who.empty() ? !one.image.is_new : is_recorded_as_open(one);
    if (recorded) continue;
    auto entry = entry_of(one);
    (void)co_await healer_.record(std::move(entry));
  }
  co_return static_cast<std::size_t>(
      std::ranges::count_if(kept, [](const KeptImageOfRoot& one) { return !one.image.who.empty(); }));
}

std::vector<std::string> images_kept_of(const std::string& heal, const engine::LedgerView& ledger,
                                        const engine::BlobStore& blobs) {
  std::vector<std::string> sentences;
  const auto entries = ledger.read_types("ledger", {entry_type});
  if (!entries) return sentences;
  for (const engine::Entry& entry : *entries) {
    const auto text = engine::lengthen(blobs, entry.data);
    const auto data = nlohmann::json::parse(text.value_or(""), nullptr, false);
    if (!data.is_object() || data.value("heal", std::string()) != heal) continue;
    sentences.push_back(sentence(heal, data.value("file", std::string()), data.value("open_by", std::string()),
                                 data.value("written", std::string())));
  }
  return sentences;
}

}  // namespace autoheal::cli
