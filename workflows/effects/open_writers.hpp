// When a file counts as being written: what is half written is neither tested nor replaced. Open is not writing: a
// program may keep a descriptor for ever. Pure; who has what open is looked up by the host.
#pragma once

#include <string>
#include <vector>

#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::workflows {

inline constexpr Duration quiet_after = std::chrono::seconds(2);          // open, and nothing of it has changed since
inline constexpr Duration empty_settles_after = std::chrono::seconds(1);  // closed and empty: its content may come
inline constexpr Duration longest_wait_for_writers = std::chrono::seconds(10);  // of one attempt, or a run by hand
inline constexpr Duration look_at_writers_every = std::chrono::milliseconds(100);

// Facts that the host found about one file.
struct WritingFacts {
  bool there = true;
  bool open = false;  // somebody has it open for writing, or mapped to write
  bool empty = false;
  Duration unchanged{0};  // since its content or attributes changed; of a file that is not there: since its folder did
};

enum class Writing {
  no,
  changed,   // while it was tested
  settling,  // nobody is known to be at work: it was emptied, or went away, a moment ago
  yes,
};
// The question: also about files that went away, and about those that changed during the last test?
struct WritingQuestion {
  bool gone_too = false;
  Duration changed_within{0};
};
[[nodiscard]] Writing writing_of(const WritingFacts& facts, OpenWriters rule, const WritingQuestion& question);

// A file that should be left alone now.
struct FileInWriting {
  std::string path;
  Writing state = Writing::yes;
  std::string who;  // "pid 12 (vim)", or empty where nobody is known
  friend bool operator==(const FileInWriting&, const FileInWriting&) = default;
};
// "etc/app.conf is being written by pid 12 (vim)"; of several the first, and how many more.
[[nodiscard]] std::string sentence_of(const std::vector<FileInWriting>& files);
// How they stand together: the one that says most.
[[nodiscard]] Writing state_of(const std::vector<FileInWriting>& files);
// Such a state has lasted too long to wait for its end: the file is being changed all the time.
[[nodiscard]] bool waited_enough(Writing state, Duration waited);

// The files whose content the engine declares: what its probes compare, and what its repairs write. In order.
[[nodiscard]] std::vector<std::string> paths_with_content(const EngineSpec& spec);

}  // namespace autoheal::workflows
