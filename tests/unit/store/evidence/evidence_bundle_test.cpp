// Evidence in one archive: the same bytes for the same heal, read back whole, and not one bit of it can be changed.
#include "autoheal/store/evidence/evidence_bundle.hpp"

#include <gtest/gtest.h>

#include <array>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/store/file/tar_file.hpp"
#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "autoheal/store/format/read_leaf.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "tests/support/examples/evidence_examples.hpp"
#include "tests/support/files/remembered_tree.hpp"

namespace autoheal::store {
namespace {

using autoheal::testing::CountedRandomness;

constexpr char ledger_id[] = "019383c0-0000-7000-8000-000000000001";
constexpr char heal_id[] = "019383c0-0000-7000-8000-0000000000aa";

engine::Entry entry(std::uint64_t seq, std::uint64_t version, const std::string& type, const std::string& data) {
  engine::Entry one;
  one.position = {seq};
  one.stream = type.starts_with("heal.") ? heal_id : "ledger";
  one.version = version;
  one.type = type;
  one.time = *parse_timestamp("2026-11-24T10:00:00.250000Z") + std::chrono::seconds(seq);
  one.subject = "Env \"Recon\" \x01";
  one.data = data;
  return one;
}

// A ledger of eight entries: a heal of three, and a change of the key before the checkpoint.
class Bundles : public ::testing::Test {
 protected:
  Bundles() {
    const std::string origin = origin_of(ledger_id);
    const auto old_key = SigningKey::generate(origin, randomness_), new_key = SigningKey::generate(origin, randomness_);
    old_verifier_ = old_key->verifier().text();
    bundle_.key = new_key->verifier().text();
    const std::string note = *sign_note(rotation_text(origin, old_verifier_, bundle_.key), *old_key);
    const std::string content = "a tree, with " + sha256_name("a leaf") + "\n", name = sha256_name(content);
    std::string rotated = R"({"note":)";
    append_quoted(rotated, note);
    const std::array<engine::Entry, 8> entries = {entry(1, 1, "node.started", "{}"),
                                                  entry(2, 1, "heal.triggered", R"({"engine":"EnvRecon"})"),
                                                  entry(3, 2, "ledger.key_rotated", rotated + "}"),
                                                  entry(4, 2, "heal.repair_started", R"({"output":")" + name + R"("})"),
                                                  entry(5, 3, "node.heartbeat", "{}"),
                                                  entry(6, 3, "heal.exhausted", R"({"reason":"cancelled"})"),
                                                  entry(7, 4, "node.stopped", "{}"),
                                                  entry(8, 5, "node.started", "{}")};
    testing::RememberedTree tree;
    for (const auto& one : entries) tree.append(leaf_line(ledger_id, one));
    const TreeHead head = tree.head_at(entries.size());
    bundle_.checkpoint = *sign_checkpoint(*new_key, origin, head);
    for (const auto& one : entries) {
      const std::uint64_t index = one.position.value - 1;
      InclusionProof proof{index, head.size, leaf_line(ledger_id, one), *inclusion_proof(tree, index, head.size)};
      if (one.type == "ledger.key_rotated") bundle_.key_changes.push_back({proof, note});
      if (one.stream == heal_id) bundle_.entries.push_back(std::move(proof));
    }
    bundle_.blobs[name] = content;
  }

  std::vector<VerifierKey> key(const std::string& text) const { return {*VerifierKey::parse(text)}; }
  std::string why_not(const EvidenceBundle& bundle) const {
    const auto proof = check_bundle(bundle, key(bundle_.key));
    return proof ? "it verifies" : proof.error().message;
  }
  std::string archive() const { return *pack(bundle_, Packing::plain); }
  std::vector<NamedContent> files() const {
    return *read_tar(archive(), {.max_files = 100, .max_bytes = max_bundle_bytes});
  }

  CountedRandomness randomness_;
  std::string old_verifier_;
  EvidenceBundle bundle_;
};

TEST_F(Bundles, AreReadAsTheyWerePackedAndPackedTheSameAgain) {
  for (const Packing packing : {Packing::plain, Packing::gzip}) {
    const std::string packed = *pack(bundle_, packing);
    EXPECT_TRUE(looks_like_bundle(packed));
    const auto back = unpack(packed);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, bundle_);
    EXPECT_EQ(*pack(*back, packing), packed);
  }
  EXPECT_LT(pack(bundle_, Packing::gzip)->size(), archive().size());
}

TEST_F(Bundles, VerifyUnderTheKeyThatSignedAndUnderTheOneBefore) {
  const auto proof = check_bundle(bundle_, key(bundle_.key));
  ASSERT_TRUE(proof) << proof.error().message;
  EXPECT_EQ(proof->checkpoint.head.size, 8U);
  EXPECT_TRUE(proof->by_given_key);
  const auto followed = check_bundle(bundle_, key(old_verifier_));
  ASSERT_TRUE(followed) << followed.error().message;
  EXPECT_FALSE(followed->by_given_key);
  bundle_.key_changes.clear();
  EXPECT_FALSE(check_bundle(bundle_, key(old_verifier_)));
}

TEST_F(Bundles, AKeyThatTheBundleBringsAlongProvesNothing) {
  const auto stranger = SigningKey::generate(origin_of(ledger_id), randomness_);
  EXPECT_FALSE(check_bundle(bundle_, key(stranger->verifier().text())));
  // Somebody else's key hands the ledger over to the one that signed.
  KeyChange forged = bundle_.key_changes.front();
  forged.note = *sign_note(rotation_text(origin_of(ledger_id), stranger->verifier().text(), bundle_.key), *stranger);
  bundle_.key_changes = {forged};
  EXPECT_FALSE(check_bundle(bundle_, key(old_verifier_)));
}

TEST_F(Bundles, Case99_NoBitOfOneCanBeChanged) {
  const std::string good = archive();
  const auto keys = key(bundle_.key);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    const auto bundle = unpack(changed);
    ASSERT_FALSE(bundle && check_bundle(*bundle, keys)) << "byte " << at;
  }
}

TEST_F(Bundles, Case99_ABitOfACompressedOneIsRefusedOrChangesNothing) {
  const std::string good = *pack(bundle_, Packing::gzip);
  const auto keys = key(bundle_.key);
  std::size_t tried = 0, without_effect = 0;
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 3, ++tried) {
    std::string changed = good;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const auto bundle = unpack(changed);
    if (!bundle || !check_bundle(*bundle, keys)) continue;
    ASSERT_EQ(*bundle, bundle_) << bit;
    ++without_effect;  // a bit that deflate does not use
  }
  EXPECT_LT(without_effect * 100, tried);
}

TEST_F(Bundles, Case107_OneThatWasCutOrMadeLongerIsRefused) {
  for (const Packing packing : {Packing::plain, Packing::gzip}) {
    const std::string good = *pack(bundle_, packing);
    for (std::size_t size = 0; size < good.size(); size += 97) EXPECT_FALSE(unpack(good.substr(0, size))) << size;
    EXPECT_FALSE(unpack(good + "x"));
    EXPECT_FALSE(unpack(good + std::string(512, '\0')));
    EXPECT_FALSE(unpack(good + good));
  }
}

TEST_F(Bundles, Case99_EntriesChangedOrSwappedNameTheFirst) {
  EvidenceBundle changed = bundle_;
  changed.entries[1].leaf.replace(changed.entries[1].leaf.find("sha256:") + 7, 1, "?");
  EXPECT_EQ(why_not(changed).find("entry 4 "), 0U) << why_not(changed);
  changed = bundle_;
  std::swap(changed.entries[0], changed.entries[1]);
  EXPECT_EQ(why_not(changed), "it verifies") << "both stand in the ledger: their order is the heal's business";
  changed = bundle_;
  std::swap(changed.entries[0].leaf, changed.entries[1].leaf);
  EXPECT_EQ(why_not(changed).find("entry 2"), 0U) << why_not(changed);
}

TEST_F(Bundles, Case102_ProofsWithAHashTooManyOrTooFewNameTheirEntry) {
  for (const int difference : {-1, 1}) {
    EvidenceBundle changed = bundle_;
    auto& hashes = changed.entries[2].hashes;
    difference < 0 ? hashes.pop_back() : hashes.push_back(hashes.front());
    EXPECT_EQ(why_not(changed).find("entry 6 "), 0U) << why_not(changed);
  }
}

TEST_F(Bundles, BlobsMayNameBlobs) {
  EvidenceBundle more = bundle_;
  more.blobs[sha256_name("a leaf")] = "a leaf";
  EXPECT_EQ(why_not(more), "it verifies");
  more.blobs[sha256_name("a leaf")] = "another";
  EXPECT_NE(why_not(more).find("is not what its name says"), std::string::npos);
}

TEST_F(Bundles, BlobsAreThoseThatTheEntriesName) {
  EvidenceBundle changed = bundle_;
  changed.blobs.begin()->second += "more";
  EXPECT_NE(why_not(changed).find("is not what its name says"), std::string::npos);
  changed = bundle_;
  changed.blobs[sha256_name("smuggled")] = "smuggled";
  EXPECT_NE(why_not(changed).find("named by no entry"), std::string::npos);
  changed.blobs[sha256_name("smuggler")] = "smuggler of " + sha256_name("smuggled");
  EXPECT_NE(why_not(changed).find("named by no entry"), std::string::npos) << "by one that nobody named either";
}

TEST_F(Bundles, ArchivesOfOthersAreRefused) {
  const auto refuse = [&](std::vector<NamedContent> list, const std::string& what) {
    const auto tar = write_tar(list, 1763978406);
    EXPECT_FALSE(tar && unpack(*tar)) << what;
  };
  auto list = files();
  refuse(list, "another time");
  list.push_back({"more", "of it"});
  refuse(list, "a file that nobody asked for");
  list.back() = list.front();
  refuse(list, "a name twice");
  list = files();
  std::swap(list[0], list[1]);
  refuse(list, "another order");
  list = files();
  list.erase(list.begin() + 2);
  refuse(list, "a file is missing");
}

// The keys of the ledger above, for those who have them.
struct BundleKeys {
  static SigningKey of(CountedRandomness& randomness) {
    return std::move(*SigningKey::generate(origin_of(ledger_id), randomness));
  }
  CountedRandomness randomness;
  SigningKey old_key = of(randomness), new_key = of(randomness);
};

TEST_F(Bundles, ANoteThatIsNoChangeOfThisKeyHandsNothingOver) {
  const BundleKeys keys;
  const std::string origin = origin_of(ledger_id), old_key = keys.old_key.verifier().text();
  ASSERT_EQ(old_key, old_verifier_);
  const std::string new_key = bundle_.key;
  CountedRandomness randomness;
  const std::string of_another = SigningKey::generate("autoheal/another", randomness)->verifier().text();
  const std::string texts[] = {
      "autoheal key rotation\n",
      "autoheal key rotations\n" + origin + "\n" + old_key + "\n" + new_key + "\n",
      rotation_text(origin, new_key, new_key),
      rotation_text("autoheal/another", old_key, new_key),
      rotation_text(origin, old_key, "no key"),
      rotation_text(origin, old_key, of_another),
  };
  for (const std::string& text : texts) {
    bundle_.key_changes.front().note = *sign_note(text, keys.old_key);
    EXPECT_FALSE(check_bundle(bundle_, key(old_verifier_))) << text;
  }
  bundle_.key_changes.front().note = *sign_note(rotation_text(origin, old_key, new_key), keys.old_key);
  EXPECT_TRUE(check_bundle(bundle_, key(old_verifier_))) << "so it was the text";
  std::vector<VerifierKey> both = key(old_verifier_);
  both.push_back(keys.new_key.verifier());
  EXPECT_TRUE(check_bundle(bundle_, both)->by_given_key);
}

TEST_F(Bundles, AWitnessOfTheLedgerHandsNothingOver) {
  const BundleKeys keys;
  const std::string origin = origin_of(ledger_id);
  // The old key in the role of a witness: what it signs is "I saw this text", not "this is mine".
  const std::string bytes = *from_base64(old_verifier_.substr(old_verifier_.size() - 44));
  PublicKey public_key;
  std::copy_n(bytes.begin() + 1, public_key.size(), public_key.begin());
  const VerifierKey witness = *VerifierKey::of(origin, KeyType::cosignature, public_key);
  const std::string text = rotation_text(origin, witness.text(), bundle_.key);
  const Signature signature = keys.old_key.sign(cosigned_message(7, text));
  const std::string signed_at("\0\0\0\0\0\0\0\7", 8);
  const SignedNote note{text,
                        {{witness.name(), witness.id(), signed_at + std::string(signature.begin(), signature.end())}}};
  ASSERT_TRUE(signers_of(note, std::array{witness})) << "it is a good signature of the witness";
  bundle_.key_changes.front().note = to_text(note);
  EXPECT_FALSE(check_bundle(bundle_, std::array{witness}));
}

TEST_F(Bundles, LinesAndKeysThatAreNoneAreNamed) {
  EvidenceBundle changed = bundle_;
  changed.entries.front().leaf = "no entry";
  EXPECT_EQ(why_not(changed), "entry 2: its line is not that of an entry with this number");
  changed = bundle_;
  for (const std::string& other : {std::string("no key"), SigningKey::generate("x", randomness_)->verifier().text()}) {
    changed.key = other;
    EXPECT_EQ(why_not(changed).find("key: it is neither a key that you gave"), 0U) << why_not(changed);
  }
  changed = bundle_;
  changed.key_changes.front().entry = bundle_.entries.front();
  EXPECT_EQ(why_not(changed), "entry 2 is not the change of keys that the note beside it is of");
  changed = bundle_;
  changed.key_changes.front().note = "another note";
  EXPECT_EQ(why_not(changed), "entry 3 is not the change of keys that the note beside it is of");
}

// One entry, signed by the new key as if it were the whole ledger.
EvidenceBundle bundle_of_one(const std::string& line) {
  const BundleKeys keys;
  testing::RememberedTree tree;
  tree.append(line);
  EvidenceBundle bundle;
  bundle.key = keys.new_key.verifier().text();
  bundle.checkpoint = *sign_checkpoint(keys.new_key, origin_of(ledger_id), tree.head_at(1));
  bundle.entries.push_back({0, 1, line, {}});
  return bundle;
}

TEST_F(Bundles, AnEntryOfAnotherLedgerIsNamedEvenWhereItIsSigned) {
  const engine::Entry one = entry(1, 1, "heal.triggered", "{}");
  EXPECT_EQ(why_not(bundle_of_one(leaf_line(ledger_id, one))), "it verifies");
  EXPECT_EQ(why_not(bundle_of_one(leaf_line("019383c0-0000-7000-8000-000000000002", one))),
            "entry 1 names another ledger than the checkpoint");
}

TEST_F(Bundles, DataThatLiesInABlobNamesBlobsOnceItIsThere) {
  const std::string inner = "a content", data = R"({"output":")" + sha256_name(inner) + "\"}";
  EvidenceBundle bundle =
      bundle_of_one(leaf_line(ledger_id, entry(1, 1, "heal.triggered", R"({"blob":")" + sha256_name(data) + "\"}")));
  EXPECT_EQ(why_not(bundle), "it verifies") << "contents may stay at home";
  bundle.blobs[sha256_name(data)] = data;
  bundle.blobs[sha256_name(inner)] = inner;
  EXPECT_EQ(why_not(bundle), "it verifies");
  bundle.blobs.erase(sha256_name(data));
  EXPECT_NE(why_not(bundle).find("named by no entry"), std::string::npos);
}

TEST_F(Bundles, WhatIsNoEvidenceIsNotPacked) {
  EvidenceBundle changed = bundle_;
  changed.entries[1].leaf = "no entry";
  EXPECT_FALSE(pack(changed, Packing::plain));
  changed.entries[0].leaf = "no entry";
  EXPECT_FALSE(pack(changed, Packing::plain));
  changed.entries.clear();
  EXPECT_NE(pack(changed, Packing::plain).error().message.find("it has no entries"), std::string::npos);
  changed = bundle_;
  for (std::size_t count = 0; count < max_bundle_files; ++count) changed.blobs[std::to_string(count)];
  const auto refused = pack(changed, Packing::plain);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("250000 files"), std::string::npos) << refused.error().message;
}

TEST_F(Bundles, AMissingProofAndAStrayContentAreNamed) {
  auto list = files();
  std::erase_if(list, [](const NamedContent& file) { return file.name == "proofs/4.tlog-proof"; });
  const auto unpacked = unpack(*write_tar(list, 0));
  ASSERT_FALSE(unpacked);
  EXPECT_NE(unpacked.error().message.find("there is no proofs/4.tlog-proof"), std::string::npos)
      << unpacked.error().message;
  EvidenceBundle stray = bundle_;
  stray.blobs["stray"] = "content";
  const auto back = unpack(*pack(stray, Packing::plain));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(why_not(*back), "blob stray is named by no entry of the bundle");
}

TEST(BlobNames, AreFoundAnywhereInAText) {
  const std::string hex(64, 'a'), plain = "sha256:" + hex, keyed = "hmac-sha256:" + hex;
  EXPECT_EQ(blob_names_in(plain), std::set<engine::BlobName>{plain}) << "at the very beginning";
  EXPECT_EQ(blob_names_in(" " + plain + keyed), (std::set<engine::BlobName>{plain, keyed}));
  EXPECT_EQ(blob_names_in("sha256:" + hex.substr(1)), std::set<engine::BlobName>());
}

TEST(TarFile, NamesThatLeadElsewhereAreNeitherWrittenNorRead) {
  for (const std::string name : {"", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a\\b", "a\nb", "é"}) {
    EXPECT_FALSE(write_tar(std::array{NamedContent{name, "x"}}, 0)) << name;
  }
  std::string tar = *write_tar(std::array{NamedContent{"aa/etc", "x"}}, 0);
  tar.replace(0, 3, "../");  // and its checksum: '.' + '.' + '/' instead of 'a' + 'a' + '/'
  const std::string sum = tar.substr(148, 6);
  char fixed[8];
  std::snprintf(fixed, sizeof fixed, "%06lo", std::stoul(sum, nullptr, 8) + 2 * '.' - 2 * 'a');
  tar.replace(148, 6, fixed, 6);
  const auto read = read_tar(tar, {10, 100'000});
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("under a name"), std::string::npos) << read.error().message;
}

TEST(TarFile, OnlyPlainFilesAreRead) {
  for (const char kind : {'1', '2', '3', '4', '5', '6'}) {
    std::string tar = *write_tar(std::array{NamedContent{"file", ""}}, 0);
    const unsigned long sum = std::stoul(tar.substr(148, 6), nullptr, 8) + static_cast<unsigned>(kind - tar[156]);
    tar[156] = kind;
    char fixed[8];
    std::snprintf(fixed, sizeof fixed, "%06lo", sum);
    tar.replace(148, 6, fixed, 6);
    EXPECT_FALSE(read_tar(tar, {10, 100'000})) << kind;
  }
}

TEST(TarFile, LimitsHold) {
  const std::array files = {NamedContent{"a", std::string(1000, 'a')}, NamedContent{"b", "b"}};
  const std::string tar = *write_tar(files, 0);
  EXPECT_TRUE(read_tar(tar, {2, tar.size()}));
  EXPECT_FALSE(read_tar(tar, {1, tar.size()}));
  EXPECT_FALSE(read_tar(tar, {2, tar.size() - 1}));
  const std::string bomb = *compressed(std::string(10'000'000, '\0'));  // NOLINT(bugprone-string-constructor): large
  EXPECT_LT(bomb.size(), 100'000U);
  EXPECT_TRUE(uncompressed(bomb, 10'000'000));
  EXPECT_FALSE(uncompressed(bomb, 9'999'999));
}

TEST(ReadLeaf, ReadsWhatIsWrittenAndNothingElse) {
  const engine::Entry written = entry(7, 2, "heal.triggered", R"({"a":[1,"\"\\\u0007é"]})");
  const std::string line = leaf_line(ledger_id, written);
  const auto read = read_leaf(line);
  ASSERT_TRUE(read) << line;
  EXPECT_EQ(read->entry, written);
  EXPECT_EQ(read->ledger_id, ledger_id);
  for (std::size_t at = 0; at < line.size(); ++at) {
    EXPECT_FALSE(read_leaf(line.substr(0, at))) << at;
    EXPECT_FALSE(read_leaf(line.substr(0, at) + " \"" + line.substr(at))) << at;
  }
  EXPECT_FALSE(read_leaf(line + "\n"));
  engine::Entry by_somebody = written;
  by_somebody.actor = "anna \\ \"ops\" \x1f";
  const std::string signed_line = leaf_line(ledger_id, by_somebody);
  EXPECT_EQ(read_leaf(signed_line)->entry, by_somebody);
  for (std::size_t at = 0; at < signed_line.size(); ++at) EXPECT_FALSE(read_leaf(signed_line.substr(0, at))) << at;
  std::string later = line;
  later.replace(later.find("\"dataversion\":1"), 15, "\"dataversion\":4294967297");
  EXPECT_FALSE(read_leaf(later)) << "not taken for version 1";
  for (const char* other : {"x", "", "019383c0-0000-7000-8000-00000000000\x10"})
    EXPECT_FALSE(read_leaf(leaf_line(other, written))) << "a ledger is named by a UUID, which needs no escape";
}

TEST(BundleBlobsWithoutTheVaultsKey, KnowAKeyedNameOnlyOfWhatTheyHold) {
  const std::string name = "hmac-sha256:" + std::string(64, 'a');
  const std::map<engine::BlobName, std::string> held = {{name, "PORT=1\n"}, {sha256_name("x"), "x"}};
  const BundleBlobs blobs(held);
  EXPECT_EQ(blobs.name_of("PORT=1\n", engine::BlobNaming::keyed), name);
  EXPECT_EQ(blobs.name_of("PORT=2\n", engine::BlobNaming::keyed), "");
  EXPECT_EQ(blobs.name_of("x", engine::BlobNaming::keyed), "") << "a plain name tells nothing of a keyed one";
  EXPECT_EQ(blobs.name_of("x", engine::BlobNaming::plain), sha256_name("x"));
  EXPECT_EQ(blobs.get(sha256_name("x")).value_or("nothing"), "x");
  EXPECT_EQ(blobs.get(name).value_or("nothing"), "PORT=1\n");
  const std::map<engine::BlobName, std::string> changed = {{sha256_name("x"), "y"}};
  EXPECT_EQ(BundleBlobs(changed).get(sha256_name("x")).error().kind, ErrorKind::corrupt);
  const auto missing = blobs.get("hmac-sha256:" + std::string(64, 'b'));
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("--with-secrets"), std::string::npos);
}

}  // namespace
}  // namespace autoheal::store
