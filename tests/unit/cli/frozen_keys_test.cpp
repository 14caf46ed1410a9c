// The digests of keys are frozen: after an upgrade `config.loaded` names only keys that somebody changed.
#include <gtest/gtest.h>

#include "tests/unit/config/every_key.hpp"
#include "tools/autoheal/configuration/configuration_keys.hpp"

namespace autoheal::cli {
namespace {

// Names contents by their plain digest.
class PlainNames : public engine::BlobStore {
 public:
  engine::BlobName name_of(std::string_view content, engine::BlobNaming) const override {
    std::string text(content);
    const std::string folder = testing::own_examples().string();
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder))
      text.replace(at, folder.size(), "FOLDER");
    return sha256_name(text);
  }
  Result<engine::BlobName> put(std::string_view content, engine::BlobNaming naming) override {
    return name_of(content, naming);
  }
  Result<std::string> get(const engine::BlobName&) const override { return failure(ErrorKind::not_found, "not kept"); }
};

TEST(FrozenKeys, EachKeySetToAnotherValue) {
  const PlainNames names;
  testing::expect_frozen("keys.txt", testing::of_every_key([&](const config::Configuration& all) {
                           return to_json(digests_by_key(all, names));
                         }));
}

}  // namespace
}  // namespace autoheal::cli
