// Power cuts (hostile cases 70 and 84, tests/README.md) at every call of a repair, of its undoing and of the vault, on
// a disk that keeps only what it was asked to sync: what was said to be done is there, everything else is old or new,
// and it can be made again and taken back.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "autoheal/store/file/posix_file.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "tests/support/worlds/program.hpp"
#include "tests/unit/host/recorded_folder.hpp"
#include "tests/unit/host/staging_fixture.hpp"
#include "tools/host/facts/folder_tree.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using autoheal::testing::CutFate;
using autoheal::testing::KeptNames;
using autoheal::testing::RecordedFolder;
using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::IsEmpty;

using autoheal::testing::long_runs;

std::vector<CutFate> fates() {
  if (long_runs()) return {CutFate::kept, CutFate::dropped, CutFate::torn, CutFate::garbage, CutFate::mixed};
  return {CutFate::dropped, CutFate::mixed};
}
std::vector<KeptNames> kept_names() {
  if (long_runs()) return {KeptNames::all, KeptNames::none, KeptNames::some};
  return {KeptNames::all, KeptNames::none};
}

// The disk after a cut at one moment, in one of its many forms.
struct Cut {
  std::size_t call;
  CutFate fate;
  KeptNames names;
  [[nodiscard]] std::uint64_t seed() const {
    return call * 31 + static_cast<std::uint64_t>(fate) * 7 + static_cast<std::uint64_t>(names);
  }
  [[nodiscard]] std::string told() const {
    return "cut at call " + std::to_string(call) + ", content " + std::to_string(static_cast<int>(fate)) + ", names " +
           std::to_string(static_cast<int>(names));
  }
};

class PowerCutFiles : public StagingTest {
 protected:
  // Everything below the root but .autoheal: kind, mode, content or link.
  std::string picture() const {
    std::string text;
    for (const fs::path& name : names_of_targets()) {
      const struct stat facts = status(name);
      text += name.string() + " " + std::to_string(facts.st_mode) + " ";
      if (S_ISREG(facts.st_mode)) text += read(name);
      if (S_ISLNK(facts.st_mode)) text += fs::read_symlink(root_ / name).string();
      text += "\n";
    }
    return text;
  }
  std::set<fs::path> names_of_targets() const {
    std::set<fs::path> names;
    for (auto entry = fs::recursive_directory_iterator(root_); entry != fs::recursive_directory_iterator(); ++entry) {
      const fs::path name = entry->path().lexically_relative(root_);
      if (name == ".autoheal") {
        entry.disable_recursion_pending();
      } else {
        names.insert(name);
      }
    }
    return names;
  }
  Change fresh(const std::function<Change()>& make) {
    fs::remove_all(root_);
    fs::create_directories(root_);
    Change change = make();
    before_ = picture();
    return change;
  }
  // Applies with the power cut; false where it was done before that.
  bool cut_applying(const Change& change, const Cut& cut) {
    recorded_->begin();
    recorded_->cut_after(cut.call);
    const auto outcome = apply(change);
    const bool was_cut = !recorded_->has_power();
    recorded_->leave(cut.fate, cut.names, cut.seed());
    if (outcome.status == ChangeStatus::done) {
      EXPECT_EQ(picture(), after_) << "it was said to be done";
    } else {
      EXPECT_THAT(picture(), AnyOf(Eq(before_), Eq(after_)));
    }
    return was_cut;
  }
  bool cut_restoring(const Change& change, const ChangeOutcome* outcome, const Cut& cut) {
    recorded_->begin();
    recorded_->cut_after(cut.call);
    const auto undone = restore(change, outcome);
    const bool was_cut = !recorded_->has_power();
    recorded_->leave(cut.fate, cut.names, cut.seed());
    if (undone.status == UndoStatus::restored) {
      EXPECT_EQ(picture(), before_) << "it was said to be restored";
    } else {
      EXPECT_THAT(picture(), AnyOf(Eq(before_), Eq(after_)));
    }
    return was_cut;
  }
  void expect_taken_back(const Change& change, const ChangeOutcome* outcome) {
    const auto undone = restore(change, outcome);
    EXPECT_EQ(undone.status, UndoStatus::restored) << undone.message;
    EXPECT_EQ(picture(), before_);
    EXPECT_THAT(settle(), IsEmpty());
    EXPECT_THAT(staged(), IsEmpty());
  }
  bool expect_repeated(const std::function<Change()>& make, const Cut& cut);
  void expect_whole_after_every_cut(const std::function<Change()>& make);

  void SetUp() override {
    StagingTest::SetUp();
    recorded_.emplace(root_, base_ / "grave");
  }
  void TearDown() override {
    recorded_.reset();
    StagingTest::TearDown();
  }

  std::optional<RecordedFolder> recorded_;
  std::string before_, after_;
};

// Cut, made again, taken back with another cut, and that finished; and cut twice, then taken back. False: no call was
// left to cut at.
bool PowerCutFiles::expect_repeated(const std::function<Change()>& make, const Cut& cut) {
  SCOPED_TRACE(cut.told());
  const Change change = fresh(make);
  bool was_cut = cut_applying(change, cut);
  const auto outcome = apply(change);
  EXPECT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  EXPECT_EQ(picture(), after_);
  was_cut = cut_restoring(change, &outcome, cut) || was_cut;
  expect_taken_back(change, &outcome);

  const Change again = fresh(make);
  (void)cut_applying(again, cut);
  (void)cut_applying(again, {cut.seed() % (cut.call + 1), cut.fate, cut.names});
  (void)cut_restoring(again, nullptr, cut);
  expect_taken_back(again, nullptr);
  return was_cut;
}

void PowerCutFiles::expect_whole_after_every_cut(const std::function<Change()>& make) {
  const Change change = fresh(make);
  const auto outcome = apply(change);
  ASSERT_EQ(outcome.status, ChangeStatus::done) << outcome.message;
  after_ = picture();
  ASSERT_NE(before_, after_);
  bool was_cut = true;
  for (std::size_t call = 0; was_cut && !HasFailure(); ++call) {
    ASSERT_LT(call, 100U);
    was_cut = false;
    for (const CutFate fate : fates()) {
      for (const KeptNames names : kept_names()) was_cut = expect_repeated(make, {call, fate, names}) || was_cut;
    }
  }
}

TEST_F(PowerCutFiles, Case70_AFileIsOldOrNewAndStaysWhatItWasSaidToBe) {
  for (const bool exchange : {true, false}) {
    exchange_ = exchange;
    expect_whole_after_every_cut([&] {
      write("a.conf", std::string(1200, 'o'), 0604);
      return rewriting("a.conf", std::string(1500, 'n'), 0640);
    });
  }
}

TEST_F(PowerCutFiles, Case70_ANewFileIsThereWholeOrNotAtAll) {
  expect_whole_after_every_cut([&] {
    write("other", "x");
    return rewriting("a.conf", std::string(1500, 'n'));
  });
}

TEST_F(PowerCutFiles, Case70_ARemovedFileIsThereWholeOrNotAtAll) {
  expect_whole_after_every_cut([&] {
    write("a.conf", std::string(1200, 'o'));
    return removing("a.conf");
  });
}

TEST_F(PowerCutFiles, Case70_ALinkLeadsToTheOneOrTheOther) {
  expect_whole_after_every_cut([&] {
    fs::create_symlink("releases/2", root_ / "current");
    Change change;
    change.kind = ChangeKind::links;
    change.before = facts("current");
    change.after = as_after(change.before);
    change.after.link_target = "releases/1";
    return change;
  });
}

TEST_F(PowerCutFiles, Case70_AFolderOfStateIsSwappedWhole) {
  expect_whole_after_every_cut([&] {
    write("queue/old", std::string(1200, 'o'));
    write(base_ / "snapshot" / "deep" / "new", std::string(1500, 'n'));
    std::error_code none;
    fs::create_directory_symlink("deep", base_ / "snapshot" / "link", none);
    const UniqueFd snapshot(::open((base_ / "snapshot").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    Look look;
    look.tree = true;
    const auto seen = inspect(*RootFolder::open(spec_.root), "queue", look, blobs_, own_);
    EXPECT_TRUE(seen);
    Change change;
    change.kind = ChangeKind::state;
    change.before = seen->facts;
    change.after = as_after(change.before);
    change.after.content =
        *blobs_.put(*read_tree(snapshot.get(), "snapshot", &blobs_, own_), engine::BlobNaming::plain);
    return change;
  });
}

// The vault and the ledger's signed head, on the same disk.
class PowerCutVault : public PowerCutFiles {
 protected:
  // `work` with every cut; it says whether it was done. Then `look`.
  void at_every_cut(const std::function<void()>& prepare, const std::function<bool()>& work,
                    const std::function<void(bool was_done)>& look) {
    bool was_cut = true;
    // The many folders of a vault are made by calls that are all alike.
    for (std::size_t call = 0; was_cut && !HasFailure(); call += call < 10 ? 1 : 97) {
      ASSERT_LT(call, 1000U);
      was_cut = false;
      for (const CutFate fate : fates()) {
        for (const KeptNames names : kept_names()) {
          const Cut cut{call, fate, names};
          SCOPED_TRACE(cut.told());
          prepare();
          recorded_->begin();
          recorded_->cut_after(call);
          const bool was_done = work();
          was_cut = !recorded_->has_power() || was_cut;
          recorded_->leave(fate, names, cut.seed());
          look(was_done);
        }
      }
    }
  }
  std::unique_ptr<store::Vault> vault() {
    auto opened = store::Vault::open(root_ / "vault", {}, store::VaultAccess::create);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    return opened ? std::move(*opened) : nullptr;
  }
};

TEST_F(PowerCutVault, Case84_ABlobThatWasPutIsThereAndNoOtherIsEverWrong) {
  const std::string content(1500, 'b');
  for (const auto naming : {engine::BlobNaming::plain, engine::BlobNaming::keyed}) {
    std::unique_ptr<store::Vault> opened;
    const auto prepare = [&] {
      opened = vault();
      ASSERT_NE(opened, nullptr);
      ASSERT_TRUE(opened->remove(opened->name_of(content, naming), Duration(-1)));
    };
    const auto look = [&](bool was_done) {
      opened = vault();
      ASSERT_NE(opened, nullptr);
      const auto name = opened->name_of(content, naming);
      const auto found = opened->get(name);
      EXPECT_TRUE(found || !was_done) << "it was said to be there";
      EXPECT_EQ(found.value_or(content), content);
      EXPECT_TRUE(found || found.error().kind == ErrorKind::not_found) << found.error().message;
      ASSERT_TRUE(opened->put(content, naming));
      EXPECT_EQ(opened->get(name).value_or(""), content);
    };
    at_every_cut(prepare, [&] { return opened->put(content, naming).has_value(); }, look);
  }
}

TEST_F(PowerCutVault, Case84_AVaultThatIsMadeCanBeOpenedAgainAndKeepsItsKey) {
  engine::BlobName keyed;
  const auto name_of_secret = [](const store::Vault& vault) {
    return vault.name_of("a secret", engine::BlobNaming::keyed);
  };
  const auto work = [&] {
    const auto made = store::Vault::open(root_ / "vault", {}, store::VaultAccess::create);
    if (made) keyed = name_of_secret(**made);
    return made.has_value();
  };
  const auto look = [&](bool was_done) {
    const auto after = vault();
    ASSERT_NE(after, nullptr);
    EXPECT_TRUE(!was_done || name_of_secret(*after) == keyed);
  };
  at_every_cut([&] { fs::remove_all(root_ / "vault"); }, work, look);
}

TEST_F(PowerCutVault, Case84_AFileThatIsReplacedHoldsTheOneOrTheOther) {
  const std::string old(1200, 'o');
  const std::string fresh_text(1500, 'n');
  at_every_cut([&] { ASSERT_TRUE(store::replace_file(root_ / "ledger.signed", old, 0640)); },
               [&] { return store::replace_file(root_ / "ledger.signed", fresh_text, 0640).has_value(); },
               [&](bool was_done) {
                 EXPECT_THAT(read("ledger.signed"), AnyOf(Eq(fresh_text), Eq(was_done ? fresh_text : old)));
               });
}

}  // namespace
}  // namespace autoheal::host
