// Proofs as files: the published ones to the byte, and a table of all that is not quite one.
#include <gtest/gtest.h>

#include <array>

#include "autoheal/store/file/leaves_file.hpp"
#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/proof_json.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "tests/support/examples/evidence_examples.hpp"
#include "tests/support/examples/evidence_vectors.hpp"
#include "tests/support/files/remembered_tree.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::log_key;
using autoheal::testing::RememberedTree;
using autoheal::testing::vector_tree;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  return text.replace(text.find(what), what.size(), by);
}

TEST(TlogProof, ThePublishedFileIsWrittenReadAndHolds) {
  const std::string text = vectors::tlog_proof_5_of_8();
  const TlogProof made{5, inclusion_proof(vector_tree(), 5, 8).value(), vectors::cosigned_8(), {}};
  EXPECT_EQ(to_text(made), text);
  EXPECT_EQ(parse_tlog_proof(text).value(), made);
  const ProvenLeaf proven = check_tlog_proof(text, vectors::leaves()[5], std::array{log_key}).value();
  EXPECT_EQ(proven.index, 5U);
  EXPECT_EQ(proven.checkpoint.head, vectors::head(8));
}

TEST(TlogProof, ExtraDataIsCarriedAndNotBelieved) {
  TlogProof proof = parse_tlog_proof(vectors::tlog_proof_5_of_8()).value();
  proof.extra = "anything";
  const std::string text = to_text(proof);
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nextra YW55dGhpbmc=\nindex 5\n")) << text;
  EXPECT_EQ(parse_tlog_proof(text).value(), proof);
  EXPECT_TRUE(check_tlog_proof(text, vectors::leaves()[5], std::array{log_key}).has_value());
}

TEST(TlogProof, OneEntryNeedsNoHash) {
  const SigningKey key = SigningKey::parse(vectors::signing_key).value();
  const std::string checkpoint = sign_checkpoint(key, vectors::origin, vectors::head(1)).value();
  const std::string text = to_text(TlogProof{0, {}, checkpoint, {}});
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nindex 0\n\nledger.example/test\n1\n")) << text;
  EXPECT_TRUE(check_tlog_proof(text, "", std::array{log_key}).has_value());
  EXPECT_FALSE(check_tlog_proof(text, "x", std::array{log_key}).has_value());
}

TEST(TlogProof, WhatIsNotQuiteOneIsRefused) {
  const std::string good = vectors::tlog_proof_5_of_8();
  const std::string hash = "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n";
  std::string many;
  for (int count = 0; count < 64; ++count) many += hash;
  const std::pair<const char*, std::string> wrong[] = {
      {"empty", ""},
      {"a later version", replaced(good, "@v1", "@v2")},
      {"an empty line first", "\n" + good},
      {"carriage returns", replaced(good, "@v1\n", "@v1\r\n")},
      {"no index", replaced(good, "index 5\n", "")},
      {"no number", replaced(good, "index 5", "index ")},
      {"a leading zero", replaced(good, "index 5", "index 05")},
      {"a sign", replaced(good, "index 5", "index +5")},
      {"two spaces", replaced(good, "index 5", "index  5")},
      {"a space after it", replaced(good, "index 5", "index 5 ")},
      {"an index of 2^63", replaced(good, "index 5", "index 9223372036854775808")},
      {"two indexes", replaced(good, "index 5\n", "index 5\nindex 5\n")},
      {"extra after the index", replaced(good, "index 5\n", "index 5\nextra AAAA\n")},
      {"extra of nothing", replaced(good, "index 5\n", "extra \nindex 5\n")},
      {"extra twice", replaced(good, "index 5\n", "extra AAAA\nextra AAAA\nindex 5\n")},
      {"extra in another spelling", replaced(good, "index 5\n", "extra AAB=\nindex 5\n")},
      {"a hash in another spelling", replaced(good, "nms=", "nmt=")},
      {"a hash of 31 bytes", replaced(good, hash, to_base64(std::string(31, 'x')) + "\n")},
      {"a hexadecimal hash", replaced(good, hash, std::string(vectors::roots[8].hex) + "\n")},
      {"64 hashes", replaced(good, hash, many)},
      {"no empty line", replaced(good, "\n\n", "\n")},
      {"no checkpoint", good.substr(0, good.find("\n\n") + 1)},
      {"cut within a hash", good.substr(0, 60)},
      {"too long", good + std::string(max_tlog_proof_bytes, 'x')},
  };
  for (const auto& [what, text] : wrong) {
    const auto parsed = parse_tlog_proof(text);
    ASSERT_FALSE(parsed.has_value()) << what;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid) << what;
    EXPECT_FALSE(check_tlog_proof(text, vectors::leaves()[5], std::array{log_key}).has_value()) << what;
  }
  EXPECT_FALSE(check_tlog_proof(good.substr(0, good.find("\n\n") + 2), vectors::leaves()[5], std::array{log_key}));
}

TEST(ProofJson, ThePublishedInclusionProofsAreWrittenReadAndHold) {
  const RememberedTree tree = vector_tree();
  const std::pair<InclusionProof, std::string_view> known[] = {
      {{5, 8, vectors::leaves()[5], {}}, vectors::inclusion_5_of_8},
      {{6, 7, vectors::leaves()[6], {}}, vectors::inclusion_6_of_7},
      {{2, 7, vectors::leaves()[2], {}}, vectors::inclusion_2_of_7},
      {{0, 1, "", {}}, R"({"index":0,"tree_size":1,"leaf_hex":"","hashes_hex":[]})"}};
  for (auto [proof, json] : known) {
    proof.hashes = inclusion_proof(tree, proof.index, proof.tree_size).value();
    EXPECT_EQ(to_json(proof), json);
    EXPECT_EQ(parse_inclusion_json(json).value(), proof);
    EXPECT_TRUE(check_inclusion(proof, vectors::head(proof.tree_size)).has_value()) << json;
  }
}

TEST(ProofJson, ThePublishedConsistencyProofsAreWrittenReadAndHold) {
  const RememberedTree tree = vector_tree();
  const std::string roots_8 = R"(","new_root_hex":")" + std::string(vectors::roots[8].hex) + R"(","hashes_hex":[]})";
  const std::pair<std::size_t, std::string> known[] = {
      {3, std::string(vectors::consistency_3_to_8)},
      {4, std::string(vectors::consistency_4_to_8)},
      {6, std::string(vectors::consistency_6_to_8)},
      {8, R"({"old_size":8,"new_size":8,"old_root_hex":")" + std::string(vectors::roots[8].hex) + roots_8},
      {0, R"({"old_size":0,"new_size":8,"old_root_hex":")" + std::string(vectors::roots[0].hex) + roots_8}};
  for (const auto& [size, json] : known) {
    const ConsistencyProof proof{vectors::head(size), vectors::head(8), consistency_proof(tree, size, 8).value()};
    EXPECT_EQ(to_json(proof), json);
    EXPECT_EQ(parse_consistency_json(json).value(), proof);
    EXPECT_TRUE(check_consistency(proof, vectors::head(size), vectors::head(8)).has_value()) << json;
    EXPECT_FALSE(check_consistency(proof, vectors::head(7), vectors::head(8)).has_value()) << json;
    EXPECT_FALSE(check_consistency(proof, vectors::head(size), vectors::head(7)).has_value()) << json;
  }
}

TEST(ProofJson, OrderAndBlanksDoNotMatter) {
  EXPECT_TRUE(
      parse_inclusion_json("{ \"tree_size\": 1,\n\t\"hashes_hex\": [ ], \"index\": 0, \"leaf_hex\": \"00\" }\n"));
}

TEST(ProofJson, WhatIsNotQuiteAnInclusionProofIsRefused) {
  const std::string good(vectors::inclusion_5_of_8);
  const std::string hash = R"("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",)";
  std::string many;
  for (int count = 0; count < 64; ++count) many += hash;
  const std::pair<const char*, std::string> wrong[] = {
      {"empty", ""},
      {"no object", "[]"},
      {"nothing in it", "{}"},
      {"null", "null"},
      {"cut", good.substr(0, good.size() - 1)},
      {"more after it", good + "{}"},
      {"a key more", replaced(good, "{", R"({"extra":0,)")},
      {"a key twice", replaced(good, "{", R"({"index":5,)")},
      {"a key less", replaced(good, R"("index":5,)", "")},
      {"another key", replaced(good, "index", "indeX")},
      {"an escaped key", replaced(good, "index", "ind\\u0065x")},
      {"a comma at the end", replaced(good, "]}", "],}")},
      {"a comma at the end of the list", replaced(good, "\"]", "\",]")},
      {"a negative index", replaced(good, ":5", ":-5")},
      {"a float", replaced(good, ":5", ":5.0")},
      {"an exponent", replaced(good, ":5", ":5e0")},
      {"a leading zero", replaced(good, ":5", ":05")},
      {"a number as text", replaced(good, ":5", ":\"5\"")},
      {"an index of 2^63", replaced(good, ":5", ":9223372036854775808")},
      {"upper-case hex", replaced(good, "bc1a", "BC1A")},
      {"a hash of 31 bytes", replaced(good, "bc1a", "bc")},
      {"a hash that is a number", replaced(good, hash, "5,")},
      {"a list in the list", replaced(good, hash, "[],")},
      {"64 hashes", replaced(good, hash, many)},
      {"half a byte", replaced(good, "40414243", "4041424")},
      {"a leaf that is a list", replaced(good, "\"40414243\"", "[]")},
      {"a carriage return", replaced(good, ",", ",\r\n")},
      {"a zero byte", replaced(good, "40", std::string_view("4\0", 2))},
      {"a consistency proof", std::string(vectors::consistency_3_to_8)},
      {"too long", std::string(max_proof_json_bytes, ' ') + good},
      {"deep", std::string(1000000, '[')},
  };
  for (const auto& [what, json] : wrong) {
    const auto parsed = parse_inclusion_json(json);
    ASSERT_FALSE(parsed.has_value()) << what;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid) << what;
  }
}

TEST(ProofJson, WhatIsNotQuiteAConsistencyProofIsRefused) {
  const std::string good(vectors::consistency_3_to_8);
  const std::pair<const char*, std::string> wrong[] = {
      {"an inclusion proof", std::string(vectors::inclusion_5_of_8)},
      {"a key more", replaced(good, "{", R"({"index":0,)")},
      {"a key less", replaced(good, R"("old_size":3,)", "")},
      {"a root of 31 bytes", replaced(good, "aeb6", "ae")},
      {"upper-case hex", replaced(good, "aeb6", "AEB6")},
      {"a root that is a number",
       replaced(good, "\"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77\"", "0")},
      {"a size of 2^63", replaced(good, ":8", ":9223372036854775808")},
      {"more after it", good + "\n\nx"},
  };
  for (const auto& [what, json] : wrong) EXPECT_FALSE(parse_consistency_json(json).has_value()) << what;
  EXPECT_TRUE(parse_consistency_json(good + std::string(max_proof_json_bytes - good.size(), ' ')));
  EXPECT_FALSE(parse_consistency_json(good + std::string(max_proof_json_bytes - good.size() + 1, ' '))) << "too long";
}

TEST(LeavesFile, TheVectorsAreWrittenAndRead) {
  std::string text, expected;
  for (const std::string& leaf : vectors::leaves()) text += leaf_to_hex_line(leaf);
  for (const std::string_view hex : vectors::leaves_hex) expected += std::string(hex) + "\n";
  EXPECT_EQ(text, expected);
  std::vector<std::string> leaves;
  EXPECT_EQ(each_leaf(text, [&](std::string_view leaf) { leaves.emplace_back(leaf); }).value(), 8U);
  EXPECT_EQ(leaves, vectors::leaves());
  EXPECT_EQ(each_leaf("", [](std::string_view) { FAIL(); }).value(), 0U);
}

TEST(LeavesFile, AnythingElseIsRefusedWithItsLine) {
  for (const std::string_view text : {"00\n01", "00\n0\n", "00\nAB\n", "00\n01\r\n", "00\n 01\n", "00\nzz\n"}) {
    const auto read = each_leaf(text, [](std::string_view) {});
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_NE(read.error().message.find("line 2"), std::string::npos) << read.error().message;
  }
}

}  // namespace
}  // namespace autoheal::store
