// Verifies that a ledger is as its writer left it: recomputes everything from its rows, on all cores, up to the signed
// checkpoints. The caller's rules judge the meaning of entries.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/format/stream_rules.hpp"

namespace autoheal::store {

// A tree head that was kept outside the ledger.
struct KeptCheckpoint {
  std::string note;
  bool only_after = false;  // what it covers is taken from the tree, only what came later from the rows
};

struct VerifyOptions {
  unsigned threads = 0;                // 0: one for each core
  const StreamRules* rules = nullptr;  // null: none
  // Called on the caller's thread now and then with entries done and in all.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress = {};
  std::vector<VerifierKey> keys = {};  // from elsewhere: the ledger must be signed by one of them or by its successors
  std::optional<KeptCheckpoint> kept = {};
  // Whether the vault holds a blob of this name; any thread. Empty: data in the vault is not checked.
  std::function<bool(const engine::BlobName& name)> has_blob = {};
  bool unsigned_is_sound = false;  // a copy that was made to be looked at, not to be believed
};

struct VerifyReport {
  std::string ledger;          // its id; empty if there is none
  std::uint64_t entries = 0;   // in the tree
  std::uint64_t read = 0;      // of these, from their rows
  std::uint64_t archived = 0;  // the first so many by their hashes only, since their rows were archived
  std::uint64_t kept = 0;      // the first so many by the checkpoint that was given, if only_after
  std::uint64_t roots = 0, checkpoints = 0, indexes = 0;
  std::optional<std::uint64_t> blobs;      // of the vault, where they were asked for
  std::optional<TreeHead> head;            // recomputed
  std::uint64_t signed_size = 0;           // of the newest checkpoint that verifies
  std::vector<std::string> keys;           // verifier key lines, the first one first
  std::optional<std::uint64_t> first_bad;  // the number of the first entry that is known to be wrong
  std::vector<std::string> problems;       // sentences, at most most_problems
  std::uint64_t problem_count = 0;
  std::vector<std::string> warnings;  // what is no proof of anything
  [[nodiscard]] bool sound() const { return problem_count == 0; }
};

// Everything up to the newest entry when it began; beside a writer, in its own connections. Memory does not grow with
// the ledger. Where no ledger ever was: a report of nothing, sound unless a key or checkpoint of it was given. An error
// means that it could not be looked at; its faults are in the report.
[[nodiscard]] Result<VerifyReport> verify_ledger(const std::filesystem::path& path, const VerifyOptions& options);

}  // namespace autoheal::store
