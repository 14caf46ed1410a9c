#include "autoheal/store/evidence/bundle_readme.hpp"

#include <fmt/core.h>

#include "autoheal/store/format/read_leaf.hpp"

namespace autoheal::store {

namespace {

constexpr char what_it_is[] =
    "Evidence of one heal, bundle version 1\n"
    "\n"
    "Autoheal tests systems, repairs what fails, certifies the repair, and records each step in an append-only\n"
    "ledger. This is all that one ledger holds of one heal, with the proof that it stands there.\n"
    "\n";

constexpr char what_the_files_are[] =
    "\n"
    "entries.jsonl         the entries of the heal, in order: each line, without its newline, is a leaf of the\n"
    "                      ledger's Merkle tree (RFC 6962, SHA-256)\n"
    "checkpoint            size and root of that tree, signed (C2SP tlog-checkpoint, Ed25519)\n"
    "proofs/N.tlog-proof   that entry N is in that tree (C2SP tlog-proof)\n"
    "key                   the public key that the ledger names. It proves nothing by itself, since whoever makes a\n"
    "                      false bundle writes a key of their own: get the key by a way that you trust\n"
    "key-changes.jsonl     only where the ledger has changed its key: the entries that say so, and in\n"
    "                      key-changes/N.note each new key signed by the one before it (C2SP signed-note)\n"
    "blobs/sha256-...      contents that the entries name by digest: `sha256sum` gives the name\n"
    "blobs/hmac-sha256-... secret contents, only where they were asked for; their names are keyed digests that\n"
    "                      only the ledger's owner can check\n"
    "\n"
    "Check it with autoheal, on any machine, without a ledger:\n"
    "\n"
    "    autoheal ledger check FILE --key KEY\n"
    "\n"
    "Check it without autoheal: tests/independent/check_bundle.py in its source is a short program for Python 3 and\n"
    "openssl that reads this bundle (`check_bundle.py --key KEY FILE`). Or by hand:\n"
    "\n"
    "    1. The first line of `checkpoint` is the name at the beginning of KEY. Its last line is a dash, that name, "
    "and\n"
    "       base64 of 4 bytes (the key's id) and 64 bytes: the Ed25519 signature of the first three lines, newlines\n"
    "       included. KEY ends in base64 of one byte, 01, and the 32 bytes of the public key.\n"
    "    2. For each line of entries.jsonl: SHA-256 of a zero byte and the line is its leaf hash. The lines below\n"
    "       `index` in its proof are the hashes with which RFC 9162, section 2.1.3.2, leads to the root.\n"
    "    3. `version` in the entries counts from 1 without a gap; the first is heal.triggered, one near the end is\n"
    "       heal.completed or heal.exhausted.\n"
    "    4. `sha256sum blobs/sha256-*` gives each file its name.\n"
    "\n"
    "What this proves: the ledger's owner signed exactly these entries, and cannot deny or change them later without\n"
    "being found out. What it does not: that the host's clock was right, and that what the host wrote about itself is\n"
    "true. Whoever holds the signing key can make a new history; it will not agree with a checkpoint that somebody\n"
    "else kept.\n";

}  // namespace

Result<std::string> bundle_readme(std::span<const InclusionProof> entries) {
  const auto first = read_leaf(entries.front().leaf);
  AUTOHEAL_TRY(first);
  return fmt::format("{}heal    {}\nledger  {}\nentries {}, beginning with entry {}\n{}", what_it_is,
                     first->entry.stream, first->ledger_id, entries.size(), entries.front().index + 1,
                     what_the_files_are);
}

}  // namespace autoheal::store
