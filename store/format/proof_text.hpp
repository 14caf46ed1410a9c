// One entry with its proof in one file that is checked off line (C2SP tlog-proof): its place, the hashes from its leaf
// up to the root, and the checkpoint that signs the root.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/format/merkle_tree.hpp"

namespace autoheal::store {

inline constexpr std::size_t max_proof_hashes = 63;  // a tree has less than 2^63 leaves
inline constexpr std::size_t max_tlog_proof_bytes = 512 * 1024;

struct TlogProof {
  std::uint64_t index = 0;  // of the leaf, from 0
  std::vector<Hash> hashes;
  std::string checkpoint;  // the signed note, byte for byte
  std::string extra;       // not covered by any signature; empty: none
  friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

[[nodiscard]] std::string to_text(const TlogProof& proof);
// invalid: another spelling, or too many hashes. The checkpoint itself is checked by check_tlog_proof alone.
[[nodiscard]] Result<TlogProof> parse_tlog_proof(std::string_view text);

struct ProvenLeaf {
  std::uint64_t index = 0;
  Checkpoint checkpoint;
};

// That a log of one of `keys` holds exactly these leaf bytes. invalid: it is no such file; corrupt: it does not verify.
[[nodiscard]] Result<ProvenLeaf> check_tlog_proof(std::string_view text, std::string_view leaf,
                                                  std::span<const VerifierKey> keys);

}  // namespace autoheal::store
