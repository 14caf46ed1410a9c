// `checkpoints:`, with its defaults beside the ledger.
#include <string>
#include <string_view>

#include "tools/config/read_context.hpp"

namespace autoheal::config {

namespace {

constexpr std::string_view placeholder = "{checkpoint}";

workflows::ProgramRun read_command(ReadContext& context, const Node& node, const Node& list) {
  workflows::ProgramRun run;
  run.cwd = context.file.parent_path().string();
  bool is_told = false;
  for (const Node& item : list.items) {
    run.argv.push_back(item.text);
    is_told = is_told || item.text.contains(placeholder);
  }
  run.argv.front() = context.program(list.items.front(), "checkpoints.command[0]");
  read(node, "timeout", run.timeout);
  if (!is_told)
    context.wrong(list, "checkpoints.command",
                  "no argument says {checkpoint}, expected one where the file's path goes");
  return run;
}

}  // namespace

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
