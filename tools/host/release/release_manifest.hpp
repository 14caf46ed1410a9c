// The files of a release, as lines that sha256sum writes and checks. The build lists the release once, and Autoheal
// knows whether it is complete before it points a link at it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/host/system/own_files.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// More is refused.
inline constexpr std::size_t most_manifest_lines = 1'000'000;
inline constexpr std::size_t most_manifest_text = 64U << 20U;

struct ManifestLine {
  std::string path;
  std::string digest;  // 64 lower-case hex digits

  friend bool operator==(const ManifestLine&, const ManifestLine&) = default;
};

// In the order of the text; pure. invalid: a line is not as sha256sum writes it or cut, names a path that
// check_listed_path refuses, or clashes with another line; nothing or too much is listed.
[[nodiscard]] Result<std::vector<ManifestLine>> parse_manifest(std::string_view text);

// The text that parse_manifest reads as `lines` and that `sha256sum -c` accepts. Every path passes check_listed_path.
[[nodiscard]] std::string manifest_text(const std::vector<ManifestLine>& lines);

// invalid: not a path of plain components below a folder, longer than the system takes, not UTF-8, or with control
// characters.
[[nodiscard]] Result<void> check_listed_path(std::string_view path);

// `path` as messages name it: one line of valid UTF-8, cut after 200 bytes.
[[nodiscard]] std::string shown_path(std::string_view path);

struct ReleaseCheck {
  bool whole = false;
  std::string message;          // why not
  std::string manifest_digest;  // "sha256:<hex>" of the manifest file, empty if it could not be read
};

// `release` is a folder below the root, `manifest` a file name in it, `ignore` are globs relative to the release.
// Whole: every listed file is there with its content, as a regular file or as a link to one inside, and nothing else
// but folders, the manifest, what is ignored and Autoheal's own files. Never opens a FIFO, a device or a socket.
[[nodiscard]] ReleaseCheck check_release(const RootFolder& root, const std::string& release,
                                         const std::string& manifest, const std::vector<std::string>& ignore,
                                         const OwnFiles& own);

// The manifest of everything below the folder, sorted by path; the manifest itself, what is ignored, `.autoheal/` and
// Autoheal's own files are left out. invalid: no file name for a manifest; failed: the folder holds what cannot be
// listed, or nothing.
[[nodiscard]] Result<std::string> manifest_of(const RootFolder& folder, const std::string& manifest,
                                              const std::vector<std::string>& ignore, const OwnFiles& own);

}  // namespace autoheal::host
