// Observations after a repair, by criterion. Truth judges them and never looks at the world itself.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "autoheal/workflows/plan/observation.hpp"
#include "autoheal/workflows/plan/port_finding.hpp"
#include "autoheal/workflows/stored/enum_words.hpp"

namespace autoheal::workflows {

enum class ProbeVerdict { pass, warning, fail, unknown };
template <>
inline constexpr auto words_for<ProbeVerdict> = std::array<NamedValue<ProbeVerdict>, 4>{{
    {ProbeVerdict::pass, "pass"},
    {ProbeVerdict::warning, "warning"},
    {ProbeVerdict::fail, "fail"},
    {ProbeVerdict::unknown, "unknown"},
}};

struct ProbeResult {
  std::string name;
  ProbeVerdict verdict = ProbeVerdict::unknown;
  bool heal = true;
  std::string message;  // why, without secrets
  Duration took{0};
  std::string program_sha256 = {};  // this and what follows: of a command or plugin
  std::string user = {};            // the OS user it ran as
  int exit_code = 0;
  BlobName output = {};      // what it printed, without secrets: evidence of a certification
  std::string printed = {};  // the same as it came, secrets and all: never recorded
  friend bool operator==(const ProbeResult&, const ProbeResult&) = default;
};

struct HashFinding {
  std::string path;
  std::string digest;  // empty: missing
  friend bool operator==(const HashFinding&, const HashFinding&) = default;
};

struct TestResult {
  std::string name;  // "smoke" or "smoke[mode=fast]"
  bool passed = false;
  std::string message;  // why not
  int exit_code = 0;
  bool timed_out = false;
  std::string program_sha256;
  std::string user;  // the OS user it ran as
  Duration took{0};
  BlobName output;
  friend bool operator==(const TestResult&, const TestResult&) = default;
};

struct SecurityFinding {
  std::string path;
  std::string rule;  // max_mode, owner, forbid, setid, capability, symlink, outside
  std::string message;
  bool passing = false;  // in what an editor leaves beside a file while it is at work: reported, and refuses nothing
  friend bool operator==(const SecurityFinding&, const SecurityFinding&) = default;
};

struct AuthorizedChange {
  unsigned number = 0;
  std::string principal;
  std::string role;  // as it was when the change was made
  bool allowed = false;
  friend bool operator==(const AuthorizedChange&, const AuthorizedChange&) = default;
};

// A document that was edited, as somebody else than its editor reads it.
struct DocumentFinding {
  std::string path;
  std::string problem;  // why it is not as declared; empty: it is
  friend bool operator==(const DocumentFinding&, const DocumentFinding&) = default;
};

struct Evidence {
  std::vector<HashFinding> hashes;  // of what `hashes` matches and of every changed file
  std::vector<ProbeResult> probes;  // the self-test, once all pass and have held
  std::vector<TestResult> tests;    // every cell
  std::vector<SecurityFinding> findings;
  std::vector<std::string> scanned;  // security paths that were looked at
  std::vector<AuthorizedChange> authorized;
  std::vector<TargetFacts> targets;              // of every change, taken last
  std::map<std::string, ReleaseFacts> releases;  // by link: the release it leads to, verified once more
  std::vector<DocumentFinding> documents;        // every document whose values are declared, read as it is now
  std::vector<PortFinding> ports;                // of each network probe, after its service was touched
  std::string problem;                           // why evidence could not be gathered, or empty
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

}  // namespace autoheal::workflows
