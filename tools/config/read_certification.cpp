// Requirements of certification: time limits, hashes, tests and rules of security.
#include <fmt/core.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "autoheal/workflows/spec/engine_fields.hpp"
#include "tools/config/engine_parts.hpp"

namespace autoheal::config {

namespace {

using namespace workflows;  // every line below makes one of its values

TestSpec read_test(const EngineParts& parts, const Node& node, const std::string& path) {
  auto test = parts.from_group<TestSpec>(node, path);
  const Node* matrix = node.find("matrix");
  if (matrix == nullptr) return test;
  std::size_t cells = 1;
  for (std::size_t index = 0; index < matrix->keys.size(); ++index) {
    std::vector<std::string> values;
    for (const Node& value : matrix->items[index].items) values.push_back(value.text);
    cells *= values.size();
    test.matrix.emplace_back(matrix->keys[index].text, std::move(values));
    if (cells > 10'000) {
      parts.context.wrong(*matrix, join(path, "matrix"), "the matrix has more than 10,000 cells, expected fewer");
      break;
    }
  }
  return test;
}

}  // namespace

void read_certification(EngineParts& parts, const Node& engine, const std::string& engine_path) {
  parts.spec.certify.hold = usual_hold;
  const Node* certify = engine.find("certify");
  if (certify == nullptr) return;
  const std::string path = join(engine_path, "certify");
  CertifySpec& into = parts.spec.certify;
  read_fields(*certify, into);
  std::map<std::string, int> names;  // to their lines
  each_group(*certify, "tests", path, [&](const Node& node, const std::string& here) {
    into.tests.push_back(read_test(parts, node, here));
    if (const auto [first, is_new] = names.emplace(into.tests.back().name, node.line); !is_new)
      parts.context.wrong(
          node, here,
          fmt::format(
              "the test name \"{}\" stands here twice, first in line {}, expected one name per test of an engine",
              into.tests.back().name, first->second));
  });
  const Node* security = certify->find("security");
  if (security == nullptr) return;
  read_fields(*security, into.security);
  parts.try_expressions(*security, join(path, "security"));
}

}  // namespace autoheal::config
