// Lints OpenAPI files with @redocly/openapi-core: node openapi_lint.js FILE... prints [[{rule, where, said}...]...],
// one list for each file. Asks nothing of the network.
'use strict';
const { createConfig, lint } = require('@redocly/openapi-core');

const rules = {
  'array-parameter-serialization': 'error',
  'component-name-unique': 'error',
  'no-http-verbs-in-paths': 'error',
  'no-required-schema-properties-undefined': 'error',
  'no-schema-type-mismatch': 'error',
  'operation-parameters-unique': 'error',
  'operation-singular-tag': 'error',
  'operation-tag-defined': 'error',
  'parameter-description': 'error',
  'path-not-include-query': 'error',
  'paths-kebab-case': 'error',
  'tag-description': 'error',
  // A Unix socket has no other name.
  'no-server-example.com': 'off',
};

async function main() {
  const config = await createConfig({ extends: ['recommended-strict'], rules });
  const problems = async (ref) =>
    (await lint({ ref, config })).map((one) => ({
      rule: one.ruleId, where: one.location[0].pointer, said: one.message,
    }));
  console.log(JSON.stringify(await Promise.all(process.argv.slice(2).map(problems))));
}
main();
