// Reads what is sent off the host: `checkpoints:`, with its defaults beside the ledger, `webhooks:` and `witnesses:`.
#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "autoheal/store/format/verifier_key.hpp"
#include "tools/config/machine_fields.hpp"
#include "tools/config/read_context.hpp"
#include "tools/config/read_fields.hpp"
#include "tools/outward/address_judge.hpp"
#include "tools/outward/url.hpp"

namespace autoheal::config {

namespace {

constexpr std::string_view placeholder = "{checkpoint}";
constexpr Duration longest_call = std::chrono::seconds(10);

workflows::ProgramRun program_of(ReadContext& context, const Node& node, const Node& list, const std::string& path) {
  workflows::ProgramRun run;
  run.cwd = context.file.parent_path().string();
  for (const Node& item : list.items) run.argv.push_back(item.text);
  run.argv.front() = context.program(list.items.front(), path + ".command[0]");
  read(node, "timeout", run.timeout);
  return run;
}

workflows::ProgramRun read_command(ReadContext& context, const Node& node, const Node& list) {
  workflows::ProgramRun run = program_of(context, node, list, "checkpoints");
  const bool is_told =
      std::ranges::any_of(list.items, [](const Node& item) { return item.text.contains(placeholder); });
  if (!is_told)
    context.wrong(list, "checkpoints.command",
                  "no argument says {checkpoint}, expected one where the file's path goes");
  return run;
}

std::string absolute_or_empty(const ReadContext& context, const Node& node, std::string_view key) {
  const Node* const named = node.find(key);
  return named == nullptr ? std::string() : context.absolute(named->text);
}

void check_allow(ReadContext& context, const Node& node, const std::string& path,
                 const std::vector<std::string>& allow) {
  if (const auto list = outward::AllowList::of(allow); !list)
    context.wrong(*node.find("allow"), path + ".allow", list.error().message);
}

bool is_topic(std::string_view text) { return text.find('*') >= text.size() - 1; }

void check(ReadContext& context, const Node& node, const std::string& path, const WebhookSpec& spec) {
  for (const std::string& topic : spec.topics) {
    if (!is_topic(topic))
      context.wrong(*node.find("topics"), path + ".topics",
                    fmt::format("found \"{}\", expected a topic, or its beginning followed by *", topic));
  }
  if (!spec.next_secret_file.empty() && spec.secret_file.empty())
    context.wrong(node, path + ".next_secret_file", "there is no secret_file beside it, expected the one in use");
  check_allow(context, node, path, spec.allow);
  for (const std::string_view key : {"secret_file", "next_secret_file", "allow", "ca_file"}) {
    if (spec.command && node.find(key) != nullptr)
      context.wrong(*node.find(key), fmt::format("{}.{}", path, key), "it belongs to a url, not to a command");
  }
  if (spec.format == EventFormat::otlp && !spec.topics.empty())
    context.wrong(*node.find("topics"), path + ".topics", "traces are sent when a heal has ended, expected no topics");
  if (spec.command) return;
  if (const auto url = outward::read_url(spec.url); !url)
    context.wrong(*node.find("url"), path + ".url", url.error().message);
  if (spec.timeout > longest_call)
    context.wrong(*node.find("timeout"), path + ".timeout", "more than 10s, expected at most 10s for a url");
}

void check(ReadContext& context, const Node& node, const std::string& path, const WitnessSpec& spec) {
  check_allow(context, node, path, spec.allow);
  const auto url = outward::read_url(spec.url);
  const std::string at = path + ".url";
  if (!url) context.wrong(*node.find("url"), at, url.error().message);
  if (url && url->target.contains('?'))
    context.wrong(*node.find("url"), at, "a query stands behind it, expected the submission prefix alone");
  if (url && url->target.ends_with("/add-checkpoint"))
    context.wrong(*node.find("url"), at, "it ends in /add-checkpoint, expected what stands before that");
  const auto key = store::VerifierKey::parse(spec.key);
  if (!key) context.wrong(*node.find("key"), path + ".key", key.error().message);
  if (key && key->type() != store::KeyType::cosignature)
    context.wrong(*node.find("key"), path + ".key",
                  "it is the key of one that signs a log, expected that of a witness (type 4)");
}

}  // namespace

std::vector<WitnessSpec> read_witnesses(ReadContext& context, const Node& top) {
  std::vector<WitnessSpec> all;
  for (const Node& node : list_at(top, "witnesses")) {
    const std::string path = fmt::format("witnesses[{}]", all.size());
    auto spec = from_fields<WitnessSpec>(node);
    spec.ca_file = absolute_or_empty(context, node, "ca_file");
    check(context, node, path, spec);
    if (std::ranges::find(all, spec.key, &WitnessSpec::key) != all.end())
      context.wrong(node, path, "its key stands here twice, expected each key once");
    all.push_back(std::move(spec));
  }
  return all;
}

std::vector<WebhookSpec> read_webhooks(ReadContext& context, const Node& top) {
  std::vector<WebhookSpec> all;
  for (const Node& node : list_at(top, "webhooks")) {
    const std::string path = fmt::format("webhooks[{}]", all.size());
    auto spec = from_fields<WebhookSpec>(node);
    spec.secret_file = absolute_or_empty(context, node, "secret_file");
    spec.next_secret_file = absolute_or_empty(context, node, "next_secret_file");
    spec.ca_file = absolute_or_empty(context, node, "ca_file");
    if (const Node* list = node.find("command"); list != nullptr && !list->items.empty())
      spec.command = program_of(context, node, *list, path);
    check(context, node, path, spec);
    if (std::ranges::find(all, spec.name, &WebhookSpec::name) != all.end())
      context.wrong(node, path, fmt::format("\"{}\" stands here twice, expected each name once", spec.name));
    all.push_back(std::move(spec));
  }
  return all;
}

CheckpointsSpec read_checkpoints(ReadContext& context, const Node* node) {
  CheckpointsSpec spec;
  if (node == nullptr) return spec;
  if (const Node* key = node->find("key")) spec.key = context.absolute(key->text);
  if (const Node* file = node->find("file")) spec.file = context.absolute(file->text);
  if (const Node* list = node->find("command"); list != nullptr && !list->items.empty()) {
    spec.command = read_command(context, *node, *list);
  }
  return spec;
}

void place_beside_ledger(CheckpointsSpec& checkpoints, const std::string& ledger) {
  if (checkpoints.key.empty()) checkpoints.key = ledger + ".key";
  if (checkpoints.file.empty() && checkpoints.command) checkpoints.file = ledger + ".checkpoint";
}

}  // namespace autoheal::config
