// Writes evidence of ledgers of every size up to 600 into a folder, for checkers that share no code with it: keys,
// leaves, signed checkpoints, proofs of all kinds; the published vectors beside it, and what must be refused.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

#include "autoheal/store/file/leaves_file.hpp"
#include "autoheal/store/format/proof_json.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "tests/support/examples/evidence_vectors.hpp"
#include "tests/support/files/remembered_tree.hpp"

namespace {

namespace vectors = autoheal::store::vectors;
using namespace autoheal::store;
using autoheal::testing::example_leaf;
using autoheal::testing::example_tree;
using autoheal::testing::indexes_to_try;
using autoheal::testing::RememberedTree;

constexpr std::uint64_t largest = 600;
constexpr std::uint64_t all_up_to = 80;

class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) { std::filesystem::create_directories(path_); }
  void write(const std::string& name, std::string_view content) const {
    std::ofstream file(path_ / name, std::ios::binary);
    file << content;
    file.close();
    if (!file) throw std::runtime_error("writing " + (path_ / name).string());
  }
  [[nodiscard]] Folder below(const std::string& name) const { return Folder(path_ / name); }

 private:
  std::filesystem::path path_;
};

std::string line(std::string_view text) { return std::string(text) + '\n'; }

SigningKey vectors_key() { return SigningKey::parse(vectors::signing_key).value(); }

std::string checkpoint_of(const TreeHead& head) {
  return sign_checkpoint(vectors_key(), vectors::origin, head).value();
}

void write_vectors(const Folder& folder) {
  std::string leaves;
  for (const std::string_view hex : vectors::leaves_hex) leaves += line(hex);
  folder.write("leaves.hex", leaves);
  folder.write("checkpoint-3", vectors::checkpoint_3);
  folder.write("checkpoint-8", vectors::checkpoint_8);
  folder.write("cosigned-8", vectors::cosigned_8());
  folder.write("5.tlog-proof", vectors::tlog_proof_5_of_8());
  folder.write("leaf-5", vectors::leaves()[5]);
  folder.write("inclusion-5-of-8.json", vectors::inclusion_5_of_8);
  folder.write("inclusion-6-of-7.json", vectors::inclusion_6_of_7);
  folder.write("inclusion-2-of-7.json", vectors::inclusion_2_of_7);
  folder.write("consistency-3-to-8.json", vectors::consistency_3_to_8);
  folder.write("consistency-4-to-8.json", vectors::consistency_4_to_8);
  folder.write("consistency-6-to-8.json", vectors::consistency_6_to_8);
  folder.write("foreign-key", line(vectors::foreign_key));
  folder.write("foreign-note", vectors::foreign_note);
}

void write_leaves(const Folder& folder) {
  std::string hex, lines;
  for (std::uint64_t index = 0; index < largest; ++index) {
    hex += leaf_to_hex_line(example_leaf(index));
    lines += line(example_leaf(index));
  }
  folder.write("leaves.hex", hex);
  folder.write("history.jsonl", lines);
}

void write_checkpoints(const Folder& checkpoints, const Folder& proofs, const RememberedTree& tree) {
  for (std::uint64_t size = 1; size <= largest; ++size) {
    const std::string checkpoint = checkpoint_of(tree.head_at(size));
    checkpoints.write(std::to_string(size), checkpoint);
    const TlogProof proof{size / 2, inclusion_proof(tree, size / 2, size).value(), checkpoint, {}};
    proofs.write(std::to_string(size) + ".tlog-proof", to_text(proof));
  }
}

std::string inclusion_lines(const RememberedTree& tree) {
  std::string lines;
  for (std::uint64_t size = 1; size <= largest; ++size) {
    for (const std::uint64_t index : indexes_to_try(size)) {
      lines +=
          line(to_json(InclusionProof{index, size, example_leaf(index), inclusion_proof(tree, index, size).value()}));
    }
  }
  return lines;
}

std::string consistency_lines(const RememberedTree& tree) {
  std::string lines;
  const auto add = [&](std::uint64_t older, std::uint64_t newer) {
    lines += line(to_json(
        ConsistencyProof{tree.head_at(older), tree.head_at(newer), consistency_proof(tree, older, newer).value()}));
  };
  for (std::uint64_t newer = 1; newer <= all_up_to; ++newer) {
    for (std::uint64_t older = 1; older <= newer; ++older) add(older, newer);
  }
  for (std::uint64_t size = all_up_to + 1; size <= largest; ++size) add(size - 1, size);
  for (std::uint64_t size = 1; size <= largest; ++size) add(size, largest);
  return lines;
}

class KnownRandomness final : public autoheal::engine::Randomness {
 public:
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, std::uint8_t{1}); }
};

// Properly signed, and still to be refused.
void write_hostile(const Folder& folder, const RememberedTree& tree) {
  const auto signed_body = [&](const std::string& name, const std::string& body) {
    folder.write(name, sign_note(body, vectors_key()).value());
  };
  const std::string origin = line(vectors::origin), root = std::string(vectors::roots[8].base64);
  signed_body("leading-zero", origin + "08\n" + line(root));
  signed_body("extension-line", origin + "8\n" + line(root) + "more\n");
  signed_body("root-in-another-spelling", origin + "8\n" + root.substr(0, 42) + "h=\n");
  const TreeHead head = tree.head_at(largest);
  KnownRandomness randomness;
  const SigningKey other = SigningKey::generate(std::string(vectors::origin), randomness).value();
  folder.write("other-key", sign_checkpoint(other, vectors::origin, head).value());
  signed_body("other-origin", checkpoint_body({"ledger.example/other", head}));
  folder.write("too-large", checkpoint_of({largest + 1, head.root}));
  folder.write("other-root", checkpoint_of({largest, tree.head_at(largest - 1).root}));
}

void write_all(const Folder& folder) {
  folder.write("key", line(vectors::verifier_key));
  folder.write("witness-key", line(vectors::witness_key));
  write_vectors(folder.below("vectors"));
  write_leaves(folder);
  const RememberedTree tree = example_tree(largest);
  write_checkpoints(folder.below("checkpoints"), folder.below("proofs"), tree);
  folder.write("inclusion.jsonl", inclusion_lines(tree));
  folder.write("consistency.jsonl", consistency_lines(tree));
  write_hostile(folder.below("hostile"), tree);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: evidence_files FOLDER\n";
    return 2;
  }
  try {
    write_all(Folder(argv[1]));
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
  return 0;
}
