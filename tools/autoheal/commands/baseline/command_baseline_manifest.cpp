// baseline manifest: what a release holds, written beside it by its build. Needs no configuration and no
// ledger.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/output/new_file.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/host/release/release_manifest.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::cli {

namespace {

struct ManifestOptions {
  std::string folder, manifest = "MANIFEST.sha256";
  std::vector<std::string> ignore;
};

constexpr const char* manifest_example = R"(
Example:
  autoheal baseline manifest releases/1.2 --ignore 'logs/**' --ignore '**/*.pid'
writes releases/1.2/MANIFEST.sha256, which `sha256sum -c MANIFEST.sha256` checks in that folder, too.
In a glob * and ? stop at a slash, ** does not. No configuration is needed.
)";

constexpr const char* temporary = ".autoheal-manifest.new";

Result<host::RootFolder> open_release(const std::string& folder) {
  std::error_code problem;
  const auto kind = std::filesystem::status(folder, problem).type();
  if (kind == std::filesystem::file_type::not_found)
    return failure(ErrorKind::not_found, "there is no folder " + folder);
  if (!problem && kind != std::filesystem::file_type::directory)
    return failure(ErrorKind::not_found, folder + " is not a folder");
  auto opened = host::RootFolder::open(std::filesystem::absolute(folder).string());
  if (!opened) return failure(ErrorKind::failed, fmt::format("cannot read {}: {}", folder, opened.error().message));
  return opened;
}

// A reader sees the old manifest or the new one, never a part.
Result<void> write_manifest(int folder, const std::string& name, const std::string& text, const std::string& path) {
  const auto failed = [&](int error_number) {
    return failure(ErrorKind::unavailable, fmt::format("cannot write {}: {}", path, host::reason_of(error_number)));
  };
  const UniqueFd file(
      ::openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file && errno == EEXIST)
    return failure(ErrorKind::busy, fmt::format("cannot write {}: {} lies beside it", path, temporary),
                   "another `baseline manifest` writes there; if none runs, one was interrupted: remove the file");
  if (!file) return failed(errno);
  if (!write_durably(file.get(), text) || ::renameat(folder, temporary, folder, name.c_str()) != 0) {
    const int why = errno;
    ::unlinkat(folder, temporary, 0);
    return failed(why);
  }
  if (::fsync(folder) != 0) return failed(errno);
  return {};
}

void report(Console& console, OutputFormat format, const std::string& path, std::size_t files) {
  if (console.json()) {
    JsonWriter out;
    return console.data(out.begin_object().field("manifest", path).field("files", files).end_object().take());
  }
  if (format == OutputFormat::csv)
    return print(console, {{"manifest", "files"}, {{path, std::to_string(files)}}}, format);
  console.data(fmt::format("{}{} lists {}", console.paint(Tone::good, "✓ "), printable(path), plural(files, "file")));
}

Result<std::size_t> list_release(const ManifestOptions& options, const std::string& path) {
  const auto folder = open_release(options.folder);
  AUTOHEAL_TRY(folder);
  const auto text = host::manifest_of(*folder, options.manifest, options.ignore, {});
  AUTOHEAL_TRY(text);
  AUTOHEAL_TRY(write_manifest(folder->descriptor(), options.manifest, *text, path));
  return static_cast<std::size_t>(std::ranges::count(*text, '\n'));
}

int run_baseline_manifest(const Session& session, const ManifestOptions& options) {
  const std::string path = (std::filesystem::path(options.folder) / options.manifest).string();
  const auto files = list_release(options, path);
  if (!files) return session.fail(files.error());
  report(session.console, session.options.output, path, *files);
  return exit_done;
}

}  // namespace

void add_baseline_manifest(CommandLine& line) {
  auto [command, options] = line.add("baseline manifest", "list every file of a release with its SHA-256",
                                     Needs::nothing, run_baseline_manifest);
  command.footer(manifest_example);
  command.argument("folder", options.folder, "DIR", "the release's folder").required();
  command.option("--name", options.manifest, "FILE", "the manifest's file name in it").shows_default();
  command.option("--ignore", options.ignore, "GLOB",
                 "files that are not listed, relative to the folder; may be repeated");
}

}  // namespace autoheal::cli
