// replay --import: a heal that was packed somewhere else, checked and then decided again from nothing but its file.
#include "tools/autoheal/commands/parts/bundle_file.hpp"
#include "tools/autoheal/commands/replay/replay_commands.hpp"
#include "tools/autoheal/output/printable.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {

Result<void> check_wishes_of_import(const ReplayOptions& options) {
  const bool more = !options.heal.empty() || options.all || options.step || !options.at.empty() ||
                    !options.what_if.empty() || !options.with_config.empty() || !options.since.empty() ||
                    !options.export_file.empty() || options.with_secrets;
  if (!more) return {};
  return failure(ErrorKind::invalid,
                 "--import replays the one heal of its file, and goes with --key and --reproduce alone",
                 "for example: autoheal replay --import heal.tar.gz --key KEY");
}

// A file that does not verify is refused as `ledger check` refuses it.
int refuse_import(Console& console, Error error) {
  error.message = "it does not verify, so nothing is replayed: " + error.message;
  console.error(error, exit_failed);
  return exit_failed;
}

void tell_what_was_checked(Console& console, const ReplayOptions& options, const CheckedBundle& checked) {
  const std::string what = fmt::format("{}: {} entries and {} contents", printable(options.import_file),
                                       checked.entries.size(), checked.bundle.blobs.size());
  if (!options.keys.empty()) {
    console.note(what + " verify by the key that was given");
  } else {
    console.note(what +
                 " are as somebody packed them; no --key was given, so it is not known who: the key in the file "
                 "would prove nothing");
  }
  if (checked.proof.keyed_blobs > 0) {
    console.note(fmt::format(
        "{} contents of env files and secrets are taken as they are: only the ledger's owner can check these",
        checked.proof.keyed_blobs));
  }
}

}  // namespace

int replay_import(const Session& session, const ReplayOptions& options) {
  Console& console = session.console;
  if (auto clear = check_wishes_of_import(options); !clear) return session.fail(clear.error());
  auto keys = verifier_keys(options.keys);
  if (!keys) return session.fail(keys.error());
  const auto content = read_evidence_file(options.import_file);
  if (!content) return session.fail(content.error());
  const auto checked = checked_bundle(*content, std::move(*keys));
  if (!checked) return refuse_import(console, checked.error());
  tell_what_was_checked(console, options, *checked);
  const store::BundleBlobs blobs(checked->bundle.blobs);
  const ReplayableHeal heal = carried_heal(checked->entries, blobs);
  if (options.reproduce.empty()) return replay_and_tell(console, heal);
  if (options.keys.empty())
    console.note("no program of it is run, not even those marked reproducible: nobody vouches for them");
  return reproduce_and_tell(console, heal, options.reproduce, !options.keys.empty());
}

}  // namespace autoheal::cli
