// Trials on top of a blob store do not reach it.
#include "autoheal/store/vault/overlaid_blobs.hpp"

#include <gtest/gtest.h>

#include "autoheal/store/evidence/evidence_bundle.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"

namespace autoheal::store {
namespace {

using engine::BlobNaming;

TEST(OverlaidBlobs, ReadWhatLiesBelowAndKeepWhatIsNewThemselves) {
  MemoryBlobs below;
  const auto old = *below.put("old", BlobNaming::plain);
  OverlaidBlobs blobs(below);
  const auto fresh = *blobs.put("new", BlobNaming::keyed);
  EXPECT_EQ(fresh, below.name_of("new", BlobNaming::keyed)) << "both call it the same";
  EXPECT_EQ(blobs.get(fresh).value_or("nothing"), "new");
  EXPECT_EQ(blobs.get(old).value_or("nothing"), "old");
  EXPECT_FALSE(below.get(fresh));
  EXPECT_FALSE(blobs.get(sha256_name("unknown")));
}

TEST(OverlaidBlobs, NameASecretAlsoWhereTheVaultsKeyIsNot) {
  const std::map<engine::BlobName, std::string> nothing;
  const BundleBlobs below(nothing);
  ASSERT_EQ(below.name_of("a secret", BlobNaming::keyed), "");
  OverlaidBlobs blobs(below);
  const auto name = *blobs.put("a secret", BlobNaming::keyed);
  EXPECT_TRUE(name.starts_with("hmac-sha256:")) << name;
  EXPECT_NE(name, blobs.name_of("another", BlobNaming::keyed));
  EXPECT_EQ(blobs.get(name).value_or("nothing"), "a secret");
}

}  // namespace
}  // namespace autoheal::store
