// Whether a ledger is what its writer left: everything that can be known without its keys and without knowing what its
// workflows mean. Replay adds the legal path of each workflow, the checkpoints add the proof.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/ledger_reader.hpp"

namespace autoheal::store {

struct VerifyReport {
  std::uint64_t entries = 0;  // that were read
  engine::Position head;
  std::vector<std::string> problems;  // sentences, in the ledger's order, at most most_problems
  [[nodiscard]] bool sound() const { return problems.empty(); }
};

inline constexpr std::size_t most_problems = 100;

// Called for each entry in order; a sentence is one more problem.
using EntryCheck = std::function<std::optional<std::string>(const engine::Entry&)>;
// Called now and then with how far it came.
using VerifyProgress = std::function<void(engine::Position done, engine::Position head)>;

// Reads every entry that was there when it began: seq and stream versions without gaps, well-formed types, times and
// data, the table of open streams, and the file itself. Either callback may be empty. Beside a writer, on the reader's
// thread. An error means that it could not be read to the end; what is merely wrong stands in the report.
[[nodiscard]] Result<VerifyReport> verify_ledger(const LedgerReader& ledger, const EntryCheck& check = {},
                                                 const VerifyProgress& progress = {});

}  // namespace autoheal::store
