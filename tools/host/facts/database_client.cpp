#include "tools/host/facts/database_client.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "autoheal/engine/base/digest.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using nlohmann::json;
using workflows::EffectMark;
using workflows::RunOutcome;
using workflows::RunRequest;

constexpr Duration time_to_work = std::chrono::minutes(5);
constexpr std::size_t longest_line = 64U << 10U;
constexpr std::size_t largest_content = 1U << 30U;

struct Answer {
  json line;
  std::string content;
};

std::unexpected<Error> no_answer(const std::string& path, const std::string& why) {
  return failure(ErrorKind::failed, fmt::format("{}: the process that opens databases {}", path, why));
}

Result<std::string> real_path_of(int folder) {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(folder)).c_str(), path.data(), path.size());
  if (size < 0) return system_failure("the folder's path", errno);
  if (static_cast<std::size_t>(size) == path.size()) return system_failure("the folder's path", ENAMETOOLONG);
  return std::string(path.data(), static_cast<std::size_t>(size));
}

// Identifies the file by properties that no rename changes.
Result<json> request_for(const char* op, const RootFolder& root, const std::string& path) {
  const auto place = root.place_of(path);
  AUTOHEAL_TRY(place);
  struct stat found{};
  if (::fstatat(place->folder.get(), place->name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    return system_failure(path, errno);
  }
  if (!S_ISREG(found.st_mode)) return failure(ErrorKind::refused, path + " is not a file");
  const auto folder = real_path_of(place->folder.get());
  AUTOHEAL_TRY(folder);
  return json{
      {"op", op}, {"folder", *folder}, {"name", place->name}, {"device", found.st_dev}, {"inode", found.st_ino}};
}

void set_wait(json& request, Duration busy) {
  request["busy_ms"] = std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(busy).count());
}

Result<Answer> answer_in(RunOutcome& outcome, const std::string& path) {
  if (!outcome.started) return no_answer(path, "could not be started: " + outcome.message);
  if (outcome.output_cut) return no_answer(path, "answered more than can be taken");
  if (outcome.exit_code != 0 || outcome.timed_out) {
    return no_answer(path, outcome.message.empty() ? "gave no answer" : "gave no answer: " + outcome.message);
  }
  std::string& output = outcome.standard_output;
  const auto line_end = std::min(output.find('\n'), output.size());
  Answer answer{json::parse(output.begin(), output.begin() + static_cast<std::ptrdiff_t>(line_end), nullptr, false),
                {}};
  if (!answer.line.is_object() || line_end == output.size()) return no_answer(path, "gave no answer that can be read");
  output.erase(0, line_end + 1);
  answer.content = std::move(output);
  return answer;
}

struct Worker {
  const std::string& program;
  const DatabaseClient::Run& run;
  const std::string& path;
  const EffectMark& mark;

  Result<Answer> ask(const json& request, Duration busy, std::size_t content_limit = 0) const {
    RunRequest wanted;
    try {
      wanted.run.argv = {program, "database-worker", request.dump()};
    } catch (const json::exception&) {
      return failure(ErrorKind::invalid, path + ": its path is not UTF-8");
    }
    wanted.run.timeout = std::max(busy, Duration(0)) + time_to_work;
    wanted.mark = mark;
    wanted.output_limit = longest_line + content_limit;
    auto outcome = run(wanted);
    return answer_in(outcome, path);
  }
};

std::string text(const Answer& answer, const char* field) {
  const auto found = answer.line.find(field);
  return found != answer.line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number(const Answer& answer, const char* field) {
  const auto found = answer.line.find(field);
  return found != answer.line.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string sentence(const std::string& path, const Answer& answer) { return path + ": " + text(answer, "message"); }

ErrorKind kind_of(const std::string& status) {
  if (status == "damaged") return ErrorKind::corrupt;
  if (status == "busy" || status == "in_use") return ErrorKind::busy;
  if (status == "changed") return ErrorKind::changed;
  return ErrorKind::failed;
}

DatabaseLook unseen(DatabaseLook::Status status, std::string message) {
  DatabaseLook look;
  look.status = status;
  look.message = std::move(message);
  return look;
}

DatabaseLook look_in(Answer answer, const std::string& path, bool content) {
  using Status = DatabaseLook::Status;
  const std::string status = text(answer, "status");
  if (status != "database") {
    const ErrorKind kind = kind_of(status);
    return unseen(kind == ErrorKind::corrupt   ? Status::damaged
                  : kind == ErrorKind::busy    ? Status::busy
                  : kind == ErrorKind::changed ? Status::changed
                                               : Status::failed,
                  sentence(path, answer));
  }
  DatabaseLook look{Status::database,
                    {},
                    static_cast<unsigned>(number(answer, "page_size")),
                    number(answer, "size"),
                    text(answer, "digest"),
                    std::move(answer.content)};
  if (content && (look.content.size() != look.size || sha256_name(look.content) != look.digest)) {
    return unseen(Status::failed, path + ": the content came over incomplete");
  }
  return look;
}

DatabaseRestore unrestored(DatabaseRestore::Status status, std::string message) {
  return {status, std::move(message), {}, {}};
}

DatabaseRestore restore_in(const Answer& answer, const std::string& path) {
  using Status = DatabaseRestore::Status;
  const std::string status = text(answer, "status");
  if (status == "restored") return {Status::restored, {}, text(answer, "digest"), text(answer, "previous")};
  const ErrorKind kind = kind_of(status);
  return unrestored(kind == ErrorKind::busy      ? Status::busy
                    : kind == ErrorKind::changed ? Status::changed
                                                 : Status::failed,
                    sentence(path, answer));
}

}  // namespace

DatabaseLook DatabaseClient::look(const RootFolder& root, const std::string& path, const EffectMark& mark,
                                  Duration busy, bool content) const {
  auto request = request_for("look", root, path);
  if (!request) return unseen(DatabaseLook::Status::failed, request.error().message);
  set_wait(*request, busy);
  (*request)["content"] = content;
  auto answer = Worker{program_, run_, path, mark}.ask(*request, busy, content ? largest_content : 0);
  if (!answer) return unseen(DatabaseLook::Status::failed, answer.error().message);
  return look_in(std::move(*answer), path, content);
}

DatabaseLook DatabaseClient::read_copy(const std::string& file, const EffectMark& mark) const {
  const std::filesystem::path path(file);
  const json request = {
      {"op", "read"}, {"folder", path.parent_path().string()}, {"name", path.filename().string()}, {"content", true}};
  auto answer = Worker{program_, run_, file, mark}.ask(request, Duration(0), largest_content);
  if (!answer) return unseen(DatabaseLook::Status::failed, answer.error().message);
  return look_in(std::move(*answer), file, true);
}

DatabaseRestore DatabaseClient::restore(const RootFolder& root, const std::string& path, const EffectMark& mark,
                                        Duration busy, const std::string& from, const engine::BlobName& expect) const {
  auto request = request_for("restore", root, path);
  if (!request) return unrestored(DatabaseRestore::Status::failed, request.error().message);
  set_wait(*request, busy);
  (*request)["from"] = from;
  (*request)["expect"] = expect;
  const auto answer = Worker{program_, run_, path, mark}.ask(*request, busy);
  if (!answer) return unrestored(DatabaseRestore::Status::failed, answer.error().message);
  return restore_in(*answer, path);
}

Result<void> DatabaseClient::nobody_has_open(const RootFolder& root, const std::string& path,
                                             const EffectMark& mark) const {
  const auto request = request_for("in_use", root, path);
  if (!request && request.error().kind == ErrorKind::not_found) return {};
  AUTOHEAL_TRY(request);
  const auto answer = Worker{program_, run_, path, mark}.ask(*request, Duration(0));
  AUTOHEAL_TRY(answer);
  const std::string status = text(*answer, "status");
  if (status == "free") return {};
  return failure(kind_of(status), sentence(path, *answer));
}

Result<engine::BlobName> DatabaseClient::snapshot(const RootFolder& root, const std::string& path,
                                                  const EffectMark& mark, Duration busy, const std::string& to) const {
  auto request = request_for("snapshot", root, path);
  AUTOHEAL_TRY(request);
  set_wait(*request, busy);
  (*request)["to"] = to;
  const auto answer = Worker{program_, run_, path, mark}.ask(*request, busy);
  AUTOHEAL_TRY(answer);
  const std::string status = text(*answer, "status");
  if (status == "taken") return text(*answer, "digest");
  return failure(kind_of(status), sentence(path, *answer));
}

}  // namespace autoheal::host
