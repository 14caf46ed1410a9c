// The ledger as a tiled log (C2SP tlog-tiles): the newest checkpoint, the hashes of its tree and its entries as static
// files, so that monitors and witnesses which nobody wrote for Autoheal can follow it. Knows nothing of HTTP.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"

namespace autoheal::store {

struct TlogAnswer {
  std::string body;
  std::string content_type;
  std::chrono::seconds fresh_for{0};  // how long a cache may answer with it
  bool is_immutable = false;          // a full tile or bundle: the same for ever
};

// The answer to `GET path`, where `path` begins with "/tlog/". Nothing beyond the newest checkpoint is ever given out.
// Each read is a short transaction of its own; what was signed never changes, so they agree with every checkpoint that
// was given out before. Blocks on the disk, and reads an archive file for entries that left the ledger; on the reader's
// thread.
// invalid: the path. not_found: the newest checkpoint does not cover it, nothing is signed yet, or the entries were
// archived and their file is gone. corrupt: an entry or a hash is not what was written. Others as LedgerReader.
[[nodiscard]] Result<TlogAnswer> tlog_answer(const LedgerReader& reader, std::string_view path);

}  // namespace autoheal::store
