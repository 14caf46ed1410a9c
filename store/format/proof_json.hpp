// Inclusion and consistency proofs as JSON, for tools that rather read JSON than C2SP texts. Written byte-stable; read
// with exactly these keys, in any order, hashes as 64 lower-case hex digits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/store/format/merkle_tree.hpp"

namespace autoheal::store {

inline constexpr std::size_t max_proof_json_bytes = 4 * 1024 * 1024;

// {"index":5,"tree_size":8,"leaf_hex":"..","hashes_hex":["..",".."]}
struct InclusionProof {
  std::uint64_t index = 0;  // from 0
  std::uint64_t tree_size = 0;
  std::string leaf;  // its bytes
  std::vector<Hash> hashes;
  friend bool operator==(const InclusionProof&, const InclusionProof&) = default;
};

// {"old_size":3,"new_size":8,"old_root_hex":"..","new_root_hex":"..","hashes_hex":[".."]}
struct ConsistencyProof {
  TreeHead older;
  TreeHead newer;
  std::vector<Hash> hashes;
  friend bool operator==(const ConsistencyProof&, const ConsistencyProof&) = default;
};

// One line without a newline.
[[nodiscard]] std::string to_json(const InclusionProof& proof);
[[nodiscard]] std::string to_json(const ConsistencyProof& proof);

// invalid: no such object, a number of 2^63 or more, too many hashes. One newline at the end is passed over.
[[nodiscard]] Result<InclusionProof> parse_inclusion_json(std::string_view json);
[[nodiscard]] Result<ConsistencyProof> parse_consistency_json(std::string_view json);

// Against heads that somebody signed; what the proof says of sizes and roots must be the same. corrupt: it does not
// hold.
[[nodiscard]] Result<void> check_inclusion(const InclusionProof& proof, const TreeHead& head);
[[nodiscard]] Result<void> check_consistency(const ConsistencyProof& proof, const TreeHead& older,
                                             const TreeHead& newer);

}  // namespace autoheal::store
