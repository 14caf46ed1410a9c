// replay --reproduce: an incident built again in a folder and healed there once more, for real.
#include <fmt/core.h>

#include <filesystem>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/commands/replay/replay_commands.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/reproduce/reproduce_heal.hpp"

namespace autoheal::cli {

namespace {

void write_texts(JsonWriter& out, std::string_view key, const std::vector<std::string>& texts) {
  out.key(key).begin_array();
  for (const std::string& text : texts) out.value(text);
  out.end_array();
}

std::string_view verdict_of(const Reproduction& found) {
  return found.same() ? "same" : found.tells() ? "different" : "set_aside";
}

std::string reproduction_json(const ReplayableHeal& heal, const std::string& folder, const Reproduction& found) {
  JsonWriter out;
  out.begin_object().field("heal_id", heal.id).field("folder", folder).field("verdict", verdict_of(found));
  out.key("compared").begin_array();
  for (const replay::Compared& row : found.rows) {
    out.begin_object().field("what", row.what).field("same", row.same()).field("recorded", row.recorded);
    out.field("here", row.here).field("from_record", found.rows_of_record.contains(row.what)).end_object();
  }
  out.end_array();
  write_texts(out, "for_real", found.for_real);
  write_texts(out, "from_record", found.from_record);
  write_texts(out, "not_rebuilt", found.missing);
  write_texts(out, "stand_ins", found.stand_ins);
  out.field("owners", found.owners).field("network_closed_off", found.closed_off.network.empty());
  out.field("files_closed_off", found.closed_off.files.empty());
  return out.end_object().take();
}

void print_texts(Console& console, const std::string& label, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) console.data(label + printable(text));
}

void print_closing(Console& console, const host::ClosedOff& closed) {
  const auto tell = [&console](const std::string& done, const std::string& not_done, const std::string& why) {
    console.data(why.empty()
                     ? "closed off   " + done
                     : fmt::format("{}{}: {}", console.paint(Tone::warning, "not closed off  "), not_done, why));
  };
  tell("the network, by a namespace of its own", "the network could be reached", closed.network);
  tell("all files outside of the folder, read-only in a namespace of its own",
       "files outside of the folder could be written", closed.files);
}

void print_reproduction(Console& console, const ReplayableHeal& heal, const std::string& folder,
                        const Reproduction& found) {
  const bool unknown = verdict_of(found) == "set_aside";
  const std::string verdict = found.same() ? console.paint(Tone::good, "✓ same")
                              : unknown    ? console.paint(Tone::warning, "? set aside")
                                           : console.paint(Tone::bad, "✗ different");
  console.data(fmt::format("{}  {}  {}  healed again in {}", verdict,
                           console.paint(Tone::strong, printable(heal.recorded->entry(0).subject)),
                           console.paint(Tone::dim, heal.id), printable(folder)));
  if (unknown) console.data("not all of it could be rebuilt, so what is different below says nothing of the heal");
  for (const replay::Compared& row : found.rows) {
    if (row.same()) {
      const bool of_record = found.rows_of_record.contains(row.what);
      console.data(
          fmt::format("  ✓ {}  {}", printable(row.what),
                      console.paint(Tone::dim, printable(row.here) + (of_record ? "  (from the record)" : ""))));
      continue;
    }
    console.data(console.paint(Tone::bad, "  ✗ ") + printable(row.what));
    console.data("      recorded  " + printable(row.recorded));
    console.data("      here      " + printable(row.here));
  }
  print_texts(console, "for real     ", found.for_real);
  print_texts(console, "from record  ", found.from_record);
  print_texts(console, console.paint(Tone::warning, "not rebuilt  "), found.missing);
  print_texts(console, console.paint(Tone::warning, "not rebuilt  "), found.stand_ins);
  if (!found.owners) {
    console.data(console.paint(Tone::warning, "not rebuilt  ") +
                 "owners: all belongs to who runs this, and owners are left out of what is compared");
  }
  print_closing(console, found.closed_off);
  console.data(console.paint(Tone::dim, "plans are compared without device, inode, links and times"));
}

}  // namespace

int reproduce_and_tell(Console& console, const ReplayableHeal& heal, const std::string& written, bool runs_programs) {
  std::error_code unknown;
  const auto folder = std::filesystem::absolute(written).lexically_normal();
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", unknown).string();
  const auto found = reproduce(heal, folder, program, runs_programs);
  if (!found) {
    console.error(found.error(), exit_code_of(found.error().kind));
    return exit_code_of(found.error().kind);
  }
  if (console.json()) {
    console.data(reproduction_json(heal, folder.string(), *found));
  } else {
    print_reproduction(console, heal, folder.string(), *found);
  }
  return found->same() ? exit_done : exit_failed;
}

}  // namespace autoheal::cli
