/** Global parameters: Kamailio's grammar has a rule for each, so an unknown name or a value of another kind is a syntax error. */
import type { GlobalParam } from '../ast.js';
import * as d2 from '../diagnostics/2xxx-syntax.js';
import type { Diagnostics } from '../diagnostics/define.js';
import { nearTo } from '../diagnostics/near.js';
import type { Catalog } from '../host.js';

const words: Readonly<Record<string, string>> = {
  number: 'a number from 0 up, or yes and no',
  int: 'a number',
  string: 'a string',
  id: 'a word',
  host: 'an address or host name',
  ip4: 'an IPv4 address',
  ip6: 'an IPv6 address',
  proto: 'a transport',
  'tls-method': 'a TLS method',
};

export function checkSetting({ name, value }: GlobalParam, core: Catalog['core'], diagnostics: Diagnostics): void {
  if (name.text === 'cfgengine' || core.globals.length === 0) return; // a host without the catalog says nothing
  if (!core.globals.includes(name.text)) {
    diagnostics.report(d2.unknownSetting, name.span, nearTo(name.text, core.globals));
    return;
  }
  const takes = core.globalValues?.[name.text] ?? ['number'];
  const has = (...kinds: string[]): boolean => kinds.some((kind) => takes.includes(kind));
  const fits =
    value.kind === 'int'
      ? has('int') || (has('number') && value.value >= 0)
      : value.kind === 'str'
        ? has('string', 'host')
        : !takes.every((kind) => kind === 'int' || kind === 'number' || kind === 'string');
  if (fits || (value.kind === 'word' && /^[0-9]\w*$/.test(value.value))) return; // `08`: reported as no number
  const list = takes.map((kind) => words[kind] ?? kind).join(', or ');
  diagnostics.report(d2.wrongSetting, value.span, { name: name.text, takes: list });
}
