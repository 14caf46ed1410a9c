#include "tools/host/facts/observation.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "tools/host/facts/obstacles.hpp"
#include "tools/host/system/access_lists.hpp"
#include "tools/host/system/folder_names.hpp"
#include "tools/host/system/system_error.hpp"
#include "tools/host/system/user_account.hpp"

namespace autoheal::host {

namespace {

using workflows::Observation;
using workflows::ObserveRequest;
using workflows::TargetKind;

constexpr std::size_t secret_limit = 64U << 10U;

class Observer {
 public:
  Observer(const RootFolder& root, const workflows::EngineSpec& spec, engine::BlobStore& blobs, const OwnFiles& own)
      : root_(root), spec_(spec), blobs_(blobs), own_(own) {}

  Result<void> target(const ObserveRequest::Target& wanted) {
    // A missing file is a fact, too; a folder is observed as far as it exists.
    if (auto looked = one(wanted.path, wanted); !looked) return looked;
    if (auto looked = folders_above(wanted.path); !looked || !wanted.recursive) return looked;
    return walk(root_, wanted.path, own_, [&](const std::string& path, const struct stat&) -> Result<Walk> {
      AUTOHEAL_TRY(one(path, wanted));
      return Walk::on;
    });
  }
  Result<void> owner(const std::string& name) {
    const auto ids = owner_of(name);
    AUTOHEAL_TRY(ids);
    observation_.owners[name] = *ids;
    return {};
  }
  Result<void> acl(const std::string& declared) {
    auto resolved = resolved_list(declared);
    AUTOHEAL_TRY(resolved);
    observation_.acls[declared] = std::move(*resolved);
    return {};
  }
  Result<void> secret(const std::string& key, const std::string& file);
  Observation take();

 private:
  Result<void> one(const std::string& path, const ObserveRequest::Target& wanted);
  Result<void> folders_above(const std::string& path);
  [[nodiscard]] Error in_words(const std::string& path, Error error) const;

  const RootFolder& root_;
  const workflows::EngineSpec& spec_;
  engine::BlobStore& blobs_;
  const OwnFiles& own_;
  std::map<std::string, TargetFacts> facts_;
  Observation observation_;
};

Result<void> Observer::one(const std::string& path, const ObserveRequest::Target& wanted) {
  const auto seen_before = facts_.find(path);
  const bool known = seen_before != facts_.end() && (wanted.rights_only || !seen_before->second.digest.empty() ||
                                                     seen_before->second.kind != TargetKind::file);
  if (known && (!wanted.keep_content || observation_.contents.contains(path))) return {};
  Look look;
  const bool keyed =
      (wanted.keyed && path == wanted.path) || workflows::naming_of_target(spec_, path) == BlobNaming::keyed;
  look.naming = keyed ? BlobNaming::keyed : BlobNaming::plain;
  look.keep_content = wanted.keep_content;
  look.aged = true;
  look.digest_needed = wanted.digest_needed || wanted.keep_content;
  look.digest_of_large = !wanted.rights_only;
  auto seen = inspect(root_, path, look, blobs_, own_);
  if (!seen) return std::unexpected(in_words(path, seen.error()));
  tell_obstacles(root_, seen->facts);
  if (wanted.keep_content && seen->facts.kind == TargetKind::file) {
    auto kept = blobs_.put(seen->content, look.naming);
    AUTOHEAL_TRY(kept);
    observation_.contents[path] = std::move(*kept);
  }
  facts_[path] = std::move(seen->facts);
  return {};
}

// Names the obstacle in the path.
Error Observer::in_words(const std::string& path, Error error) const {
  const std::string part = bad_part_of(root_, path);
  if (!part.empty()) error.message += " (" + part + ")";
  return error;
}

// A new folder inherits from the one above: observes each missing folder above a target, and the first existing one.
Result<void> Observer::folders_above(const std::string& path) {
  if (facts_.at(path).kind == TargetKind::file) return {};
  for (std::string here = path; here != ".";) {
    const auto slash = here.rfind('/');
    here = slash == std::string::npos ? "." : here.substr(0, slash);
    if (auto looked = one(here, {here}); !looked) return looked;
    if (facts_.at(here).kind != TargetKind::absent) break;
  }
  return {};
}

Result<void> Observer::secret(const std::string& key, const std::string& file) {
  const UniqueFd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!opened || ::fstat(opened.get(), &status) != 0) return system_failure(file, errno);
  if (!S_ISREG(status.st_mode)) return failure(ErrorKind::invalid, file + " is no regular file");
  auto content = read_all(opened.get(), file, secret_limit);
  AUTOHEAL_TRY(content);
  if (content->ends_with('\n')) content->resize(content->size() - (content->ends_with("\r\n") ? 2 : 1));
  auto kept = blobs_.put(*content, BlobNaming::keyed);
  AUTOHEAL_TRY(kept);
  observation_.secrets[key] = std::move(*kept);
  return {};
}

Observation Observer::take() {
  for (auto& [path, facts] : facts_) observation_.targets.push_back(std::move(facts));
  return std::move(observation_);
}

}  // namespace

Result<Observation> observe_targets(const RootFolder& root, const workflows::EngineSpec& spec,
                                    const ObserveRequest& request, engine::BlobStore& blobs, const OwnFiles& own) {
  Observer observer(root, spec, blobs, own);
  for (const auto& target : request.targets) {
    AUTOHEAL_TRY(observer.target(target));
  }
  for (const std::string& owner : request.owners) {
    AUTOHEAL_TRY(observer.owner(owner));
  }
  for (const std::string& acl : request.acls) {
    AUTOHEAL_TRY(observer.acl(acl));
  }
  for (const auto& [key, file] : request.secrets) {
    AUTOHEAL_TRY(observer.secret(key, file));
  }
  return observer.take();
}

}  // namespace autoheal::host
