/**
 * Which names the test suite uses. What can be read counts where a golden of the differential suite has a value of it; functions and
 * parameters where a cfg of scenarios, call flows and examples, a probe or a table names them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modulesCfg, probesCfg, selectsCfg, valuesCfg } from '../test/differential/probes/cfg.js';
import { namesInGoldens } from './read-in-goldens.js';

const folders = ['test', 'examples', 'stdlib-modules', 'runtime'];
const holdsTests = (path: string): boolean =>
  !/(^|[/])(node_modules|goldens|dist)[/]/.test(path) &&
  (/[.](cfg|ladder|test[.]ts)$/.test(path) || path.includes('scenarios/'));

/**
 * `$rU`, `@ruri.user`, `s.len`: does a recorded transcript of Kamailio show a value of it? `t_relay(`, `fr_timer`: does a test
 * use it?
 */
export async function namesInTests(root: string): Promise<(entry: string) => boolean> {
  const texts = [probesCfg(), selectsCfg(), valuesCfg(), modulesCfg()];
  for (const folder of folders)
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }))
      if (holdsTests(path)) texts.push(readFileSync(join(root, folder, path), 'latin1'));
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
  return (entry) => {
    if (entry.startsWith('$')) return read.pvs.has(entry.slice(1));
    if (entry.startsWith('@')) return selects.has(shape(entry));
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
    .replace(/^@((?:proxy_)?authorization)\.[\w*]+/, '@$1.*')
    .replace(/^@(hf_value_exists|cfg_get)\.[\w*]+\.[\w*]+/, '@$1.*.*');
}
