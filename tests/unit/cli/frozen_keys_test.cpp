// The digests of keys are frozen: after an upgrade `config.loaded` names only keys that somebody changed.
#include <gmock/gmock.h>

#include "tests/unit/config/every_key.hpp"
#include "tools/autoheal/configuration/configuration_keys.hpp"

namespace autoheal::cli {
namespace {

// Names contents by their plain digest.
class PlainNames : public engine::BlobStore {
 public:
  engine::BlobName name_of(std::string_view content, engine::BlobNaming) const override {
    return sha256_name(testing::without_own_folder(std::string(content)));
  }
  Result<engine::BlobName> put(std::string_view content, engine::BlobNaming naming) override {
    return name_of(content, naming);
  }
  Result<std::string> get(const engine::BlobName&) const override { return failure(ErrorKind::not_found, "not kept"); }
};

TEST(FrozenKeys, EachKeySetToAnotherValue) {
  const PlainNames names;
  const testing::EveryKey all = testing::of_every_key(
      [&](const config::Configuration& settings) { return to_json(digests_by_key(settings, names)); });
  testing::expect_frozen("keys.txt", all.lines);
  EXPECT_THAT(all.like_default, ::testing::Each(::testing::StartsWith("checkpoints.")))
      << "only the checkpoints have no digests";
}

}  // namespace
}  // namespace autoheal::cli
