// The table of the API's operations and the OpenAPI file describe the same, whichever of them one begins with.
#include "tools/autoheal/protocol/api_operation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tools/autoheal/api/api_request.hpp"
#include "tools/autoheal/api/openapi.hpp"
#include "tools/autoheal/healer/operations.hpp"

namespace autoheal::cli {
namespace {

using nlohmann::json;

const json& api_document() {
  static const json parsed = json::parse(openapi_document());
  return parsed;
}

json schema_of(const json& holder) {
  if (!holder.contains("$ref")) return holder;
  const auto pointer = holder.at("$ref").get<std::string>().substr(1);
  return api_document().at(json::json_pointer(pointer));
}

const json& described_as(const ApiOperation& operation) {
  const std::string path = std::string(api_prefix) + std::string(operation.path);
  return api_document().at("paths").at(path).at(operation.method == "GET" ? "get" : "post");
}

std::set<std::string> names_in(const json& operation, const std::string& place) {
  std::set<std::string> names;
  for (const json& one : operation.at("parameters")) {
    if (one.at("in") == place) names.insert(one.at("name").get<std::string>());
  }
  return names;
}

std::set<std::string> names_of(const std::vector<ApiParameter>& parameters) {
  std::set<std::string> names;
  for (const ApiParameter& one : parameters) names.insert(std::string(one.name));
  return names;
}

TEST(ApiOperations, EachRowIsDescribed) {
  for (const ApiOperation& one : api_operations()) {
    SCOPED_TRACE(one.id);
    const json& operation = described_as(one);
    EXPECT_EQ(operation.at("operationId"), one.id);
    EXPECT_EQ(names_in(operation, "path"), names_of(one.in_path));
    auto query = names_of(one.in_query);
    if (!one.paging.option.empty()) query.insert({"limit", "cursor"});
    EXPECT_EQ(names_in(operation, "query"), query);
    EXPECT_TRUE(
        operation.at("responses").at(std::to_string(one.status)).at("content").contains(std::string(one.content)));
  }
}

TEST(ApiOperations, EachDescriptionHasARow) {
  std::set<std::string> ids;
  for (const ApiOperation& one : api_operations()) ids.insert(std::string(one.id));
  EXPECT_EQ(ids.size(), api_operations().size()) << "an id is there twice";
  for (const auto& [path, methods] : api_document().at("paths").items()) {
    if (!path.starts_with(api_prefix)) continue;
    for (const auto& [method, operation] : methods.items())
      EXPECT_TRUE(ids.contains(operation.at("operationId"))) << method << " " << path;
  }
}

TEST(ApiOperations, RequiredParametersAndLimitsAreTheSame) {
  for (const ApiOperation& one : api_operations()) {
    SCOPED_TRACE(one.id);
    for (const json& parameter : described_as(one).at("parameters")) {
      if (parameter.at("in") == "header") continue;
      const json& schema = parameter.at("schema");
      if (parameter.at("name") == "limit") {
        EXPECT_EQ(schema.at("maximum"), one.paging.most);
        EXPECT_EQ(schema.at("default"), one.paging.usual);
        continue;
      }
      if (parameter.at("name") == "cursor") continue;
      const auto& declared = parameter.at("in") == "path" ? one.in_path : one.in_query;
      const auto found = std::ranges::find(declared, parameter.at("name").get<std::string>(), &ApiParameter::name);
      ASSERT_NE(found, declared.end());
      EXPECT_EQ(parameter.at("required"), found->required);
      EXPECT_EQ(schema.at("type") == "integer", found->type == ParameterType::number);
    }
  }
}

TEST(ApiOperations, AnActTakesTheKeysAndTheRoleThatItSays) {
  const std::map<workflows::Permission, std::string> who = {{workflows::Permission::run_self_test, "For Captains."},
                                                            {workflows::Permission::hold, "For Captains."},
                                                            {workflows::Permission::heal, "For Admirals."},
                                                            {workflows::Permission::administer, "For Admirals."}};
  for (const ApiOperation& one : api_operations()) {
    if (one.runs != Runs::act) continue;
    SCOPED_TRACE(one.id);
    const json& operation = described_as(one);
    EXPECT_EQ(operation.contains("requestBody"), one.method == "POST");
    if (one.method != "POST") continue;
    const json schema = schema_of(operation.at("requestBody").at("content").at("application/json").at("schema"));
    std::set<std::string> keys;
    for (const auto& [key, part] : schema.at("properties").items()) keys.insert(key);
    EXPECT_EQ(keys, std::set<std::string>(one.in_body.begin(), one.in_body.end()));
    const bool is_open = one.words.front() == "denied";
    const std::string for_whom =
        is_open ? "For everyone." : who.at(Operations::permission_of(std::string(one.words.front())).first);
    EXPECT_TRUE(operation.at("description").get<std::string>().ends_with(for_whom));
  }
}

}  // namespace
}  // namespace autoheal::cli
