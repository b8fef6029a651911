/**
 * Which names the test suite uses. What can be read counts where a golden of the differential suite has a value of it, or where the
 * probes show that it never has one; what only a later Kamailio has, where a test reads it. Functions and parameters count where a cfg of
 * scenarios, call flows and examples, a probe or a table names them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modulesCfg, probesCfg, selectsCfg, valuesCfg } from '../test/differential/probes/cfg.js';
import { neverValue } from '../test/differential/probes/unseen.js';
import { namesInGoldens } from './read-in-goldens.js';

const folders = ['test', 'examples', 'stdlib-modules', 'runtime'];
const holdsTests = (path: string): boolean =>
  !/(^|[/])(node_modules|goldens|dist)[/]/.test(path) &&
  (/[.](cfg|ladder|test[.]ts)$/.test(path) || path.includes('scenarios/'));

/** `pvs` and `transformations` that came after 5.6.3, as `module:name`. */
interface Versions {
  readonly newer: Readonly<Record<'pvs' | 'transformations', Readonly<Record<string, string>>>>;
}
/** Names without their module. */
function newerNames(root: string): ReadonlySet<string> {
  const { newer } = JSON.parse(readFileSync(join(root, 'compiler/catalog/kamailio-versions.json'), 'utf8')) as Versions;
  const named = (names: object, mark: (name: string) => string) =>
    Object.keys(names).map((name) => mark(name.slice(name.indexOf(':') + 1)));
  return new Set([...named(newer.pvs, (name) => `$${name}`), ...named(newer.transformations, (name) => `{${name}}`)]);
}
/** Selects of later versions: their tables have no release. */
const newerSelect = /^@tls\.\w+\.count\./;

/**
 * `$rU`, `@ruri.user`, `s.len`: does a recorded transcript of Kamailio show a value of it? `t_relay(`, `fr_timer`: does a test
 * use it?
 */
export async function namesInTests(root: string): Promise<(entry: string) => boolean> {
  const texts = [probesCfg(), selectsCfg(), valuesCfg(), modulesCfg()];
  const reading = new Set<string>();
  for (const folder of folders)
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }))
      if (holdsTests(path)) {
        const text = readFileSync(join(root, folder, path), 'latin1');
        texts.push(text);
        if (!path.endsWith('.test.ts')) continue;
        for (const [, name] of text.matchAll(/\$\(?(\w+)/g)) reading.add(`$${name}`);
        for (const [, name] of text.matchAll(/\{(\w+(?:\.\w+)+)/g)) reading.add(`{${name}}`);
        for (const [path] of text.matchAll(/@\w+(?:\.\w+)+/g)) reading.add(shape(path));
      }
  const words = new Set<string>();
  const calls = new Set<string>();
  for (const text of texts) {
    for (const [, name] of text.matchAll(/\b(\w+)\(/g)) calls.add(`${name}(`);
    for (const [, name] of text.matchAll(/["']([\w.]+)["']|^\s*(\w+)\s*=/gm)) if (name) words.add(name);
    for (const [, name] of text.matchAll(/^\s*([a-z]\w+)\s*=/gm)) words.add(name!);
    // Settings of a unit test, `{ dns_cache_flags: 1 }`, and of a cfg within it, `'sip_warning=yes'`.
    for (const [, name] of text.matchAll(/(?:["'`}]|\\n|\b(?=[a-z]+_\w+:))([a-z]\w+)(?:=|:)/g)) words.add(name!);
  }
  const read = await namesInGoldens();
  const selects = new Set([...read.selects].map((path) => shape(`@${path}`)));
  const newer = newerNames(root);
  return (entry) => {
    if (neverValue.has(entry) || (newer.has(entry) && reading.has(entry))) return true;
    if (entry.startsWith('$')) return read.pvs.has(entry.slice(1));
    if (entry.startsWith('@')) {
      const path = shape(entry);
      return newerSelect.test(entry) ? reading.has(path) : selects.has(path);
    }
    if (entry.startsWith('{')) return read.transformations.has(entry.slice(1, -1));
    return entry.endsWith('(') ? calls.has(entry) : words.has(entry);
  };
}

/** A path with every free word as `*`: the last one below `params`, a header's name, a realm, a parameter's. */
function shape(path: string): string {
  const plain = path
    .replaceAll('\\"', '"')
    .replace(/\[(?:-?\d+|\{int\})\]\??/g, '')
    .replace(/\["([^"]*)"\]/g, '.*')
    .replace(/\{\w+\}\??/g, '*');
  return plain
    .replace(/\.params\.[\w*]+$/, '.params.*')
    .replace(/\.(header|h|line)\.[\w*]+/, '.$1.*')
    .replace(/^@(hf_value2?|cfg_selected)\.[\w*]+/, '@$1.*')
    .replace(/^@(hf_value\.\*\.p(?:aram)?)\.\w+/, '@$1.*')
    .replace(/^@tls\.(\w+)\.count\.[\w*]+/, '@tls.$1.count.*')
    .replace(/^@((?:proxy_)?authorization)\.[\w*]+/, '@$1.*')
    .replace(/^@(hf_value_exists|cfg_get)\.[\w*]+\.[\w*]+/, '@$1.*.*');
}
