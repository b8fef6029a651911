/** Which names the test suite uses: in the cfgs of scenarios, call flows and examples, in the probes, and in tables. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { probesCfg, selectsCfg, valuesCfg } from '../test/differential/probes/cfg.js';

const folders = ['test', 'examples', 'stdlib-modules', 'runtime'];
const holdsTests = (path: string): boolean =>
  !/(^|[/])(node_modules|goldens|dist)[/]/.test(path) &&
  (/[.](cfg|ladder|test[.]ts)$/.test(path) || path.includes('scenarios/'));

/** `$rU`, `t_relay(`, `s.len`, `@ruri.user`, `fr_timer`: is it used? */
export function namesInTests(root: string): (entry: string) => boolean {
  const texts = [probesCfg(), selectsCfg(), valuesCfg()];
  for (const folder of folders)
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }))
      if (holdsTests(path)) texts.push(readFileSync(join(root, folder, path), 'latin1'));
  const pvs = new Set<string>();
  const words = new Set<string>();
  const calls = new Set<string>();
  const selects = new Set<string>();
  for (const text of texts) {
    for (const [, name] of text.matchAll(/\$\(?([\w.?]+)/g)) pvs.add(`$${name}`);
    for (const [, name] of text.matchAll(/\b(\w+)\(/g)) calls.add(`${name}(`);
    for (const [, name] of text.matchAll(/[{'"]([a-z0-9]+\.[a-z0-9.]+)/g)) words.add(name!);
    for (const [, name] of text.matchAll(/["']([\w.]+)["']|^\s*(\w+)\s*=/gm)) if (name) words.add(name);
    for (const [, name] of text.matchAll(/^\s*([a-z]\w+)\s*=/gm)) words.add(name!);
    for (const [path] of text.matchAll(/@[a-z][\w.]*(?:\[[^\]]*\][\w.]*)*/g)) selects.add(shape(path));
    for (const [, path] of text.matchAll(/\$\(?sel\(([^(){}]+)\)/g)) selects.add(shape(`@${path}`));
  }
  return (entry) => {
    if (entry.startsWith('$')) return pvs.has(entry);
    if (entry.startsWith('@')) return selects.has(shape(entry));
    return entry.endsWith('(') ? calls.has(entry) : words.has(entry) || words.has(entry.replaceAll('.', '_'));
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
    .replace(/^@(hf_value2?)\.[\w*]+/, '@$1.*')
    .replace(/^@(hf_value\.\*\.p(?:aram)?)\.\w+/, '@$1.*')
    .replace(/^@((?:proxy_)?authorization)\.[\w*]+/, '@$1.*')
    .replace(/^@(hf_value_exists|cfg_get)\.[\w*]+\.[\w*]+/, '@$1.*.*');
}
