#include "tools/database/database_worker.hpp"

#include <exception>
#include <nlohmann/json.hpp>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/store/file/posix_file.hpp"
#include "tools/database/canonical_copy.hpp"
#include "tools/database/database_acts.hpp"

namespace autoheal::database {

namespace {

using nlohmann::json;

struct Answer {
  json line;
  std::string content = {};
};

Answer said(const char* status, const std::string& message) { return {{{"status", status}, {"message", message}}}; }

Answer problem(const Error& error) {
  switch (error.kind) {
    case ErrorKind::corrupt:
      return said("damaged", error.message);
    case ErrorKind::busy:
      return said("busy", error.message);
    case ErrorKind::changed:
      return said("changed", error.message);
    default:
      return said("failed", error.message);
  }
}

Answer bad_request(const std::string& why) { return said("failed", "the request cannot be read: " + why); }

std::string path_in(const json& request) {
  return request.at("folder").get<std::string>() + "/" + request.at("name").get<std::string>();
}

DatabaseFile file_in(const json& request) {
  return {request.at("folder").get<std::string>(), request.at("name").get<std::string>(),
          request.at("device").get<dev_t>(), request.at("inode").get<ino_t>(),
          std::chrono::milliseconds(request.at("busy_ms").get<std::int64_t>())};
}

Answer look(const json& request, Result<std::string> copy) {
  const bool with_content = request.at("content").get<bool>();
  if (!copy) return problem(copy.error());
  Answer answer{{{"status", "database"},
                 {"page_size", page_size_of(*copy)},
                 {"size", copy->size()},
                 {"digest", sha256_name(*copy)}}};
  if (with_content) answer.content = std::move(*copy);
  return answer;
}

Answer restore(const json& request) {
  const auto restored = restore_database(
      {file_in(request), request.at("from").get<std::string>(), request.at("expect").get<std::string>()});
  if (restored) return {{{"status", "restored"}, {"digest", restored->digest}, {"previous", restored->previous}}};
  // Damaged is not how it was when `expect` was taken.
  if (restored.error().kind == ErrorKind::corrupt) return said("changed", restored.error().message);
  return problem(restored.error());
}

Answer snapshot(const json& request) {
  const auto copy = take_snapshot(file_in(request), request.at("to").get<std::string>());
  if (!copy) return problem(copy.error());
  return {{{"status", "taken"}, {"digest", sha256_name(*copy)}, {"size", copy->size()}}};
}

Answer in_use(const json& request) {
  const auto alone = nobody_has_open(path_in(request));
  if (alone) return {{{"status", "free"}}};
  return alone.error().kind == ErrorKind::busy ? said("in_use", alone.error().message) : problem(alone.error());
}

Answer answer_to(const json& request) {
  const std::string name = request.at("name").get<std::string>();
  if (!request.at("folder").get<std::string>().starts_with('/')) return bad_request("its folder is not absolute");
  if (name.empty() || name.find('/') != std::string::npos) return bad_request("its name is not a file's");
  const std::string op = request.at("op").get<std::string>();
  if (op == "look") return look(request, sound_copy(file_in(request)));
  if (op == "read") return look(request, read_copy(path_in(request)));
  if (op == "restore") return restore(request);
  if (op == "in_use") return in_use(request);
  if (op == "snapshot") return snapshot(request);
  return bad_request("it asks for something unknown");
}

Answer answer_without_throwing(std::string_view request_json) {
  try {
    return answer_to(json::parse(request_json));
  } catch (const json::exception&) {
    return bad_request("it is not the JSON that is wanted");
  } catch (const std::exception& exception) {
    return said("failed", exception.what());
  }
}

}  // namespace

int run_database_worker(std::string_view request_json, int output_descriptor) {
  try {
    const Answer answer = answer_without_throwing(request_json);
    const std::string line = answer.line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    const auto written = store::write_all(output_descriptor, line, "the answer");
    return written && store::write_all(output_descriptor, answer.content, "the answer") ? 0 : 1;
  } catch (const std::exception&) {
    return 1;
  }
}

}  // namespace autoheal::database
