// Reads texts, a line of JSON each, with js-yaml, and writes what it makes of them: all documents, tags that it does not
// know as they stand. What JSON has no word for (dates, NaN) is named.
const path = require('path');
const folder = path.join(__dirname, 'node', 'node_modules', 'js-yaml');
const yaml = require(require('fs').existsSync(folder) ? folder : 'js-yaml');

const unknown = ['scalar', 'sequence', 'mapping'].map((kind) => new yaml.Type('!', {
  kind, multi: true, construct: (data, type) => ({ '': 'tag', tag: type, data }),
}));
const schema = yaml.DEFAULT_SCHEMA.extend(unknown);

function plain(value) {
  if (value === undefined) return null;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return { '': 'number', text: Object.is(value, -0) ? '-0' : String(value) };
  if (value instanceof Date) return { '': 'date', text: String(value.getTime()) };
  if (value instanceof Uint8Array) return { '': 'binary', text: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object')
    return { '': 'map', pairs: Object.keys(value).map((key) => [key, plain(value[key])]) };
  return value;
}

let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => { rest += chunk; });
process.stdin.on('end', () => {
  const out = [];
  for (const line of rest.split('\n')) {
    if (!line) continue;
    try {
      out.push(JSON.stringify({ documents: yaml.loadAll(JSON.parse(line), null, { schema }).map(plain) }));
    } catch (error) {
      out.push(JSON.stringify({ error: String(error.message).split('\n')[0] }));
    }
  }
  process.stdout.write(out.join('\n') + '\n');
});
