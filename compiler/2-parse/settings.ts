/** Global parameters: Kamailio's grammar has a rule for each, so an unknown name or a value of another kind is a syntax error. */
import { keywordKind } from '../0-lex/keywords.js';
import type { GlobalParam, GlobalValue } from '../ast.js';
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
  if (name.text.startsWith(CORE_PARAM)) {
    checkCoreParam(name, value, diagnostics);
    return;
  }
  if (name.text === 'coreparam') {
    diagnostics.report(d2.wrongSetting, value.span, {
      name: name.text,
      takes: 'a name in brackets: coreparam[iuid]="…"',
    });
    return;
  }
  if (!core.globals.includes(name.text)) {
    diagnostics.report(d2.unknownSetting, name.span, nearTo(name.text, core.globals));
    return;
  }
  const takes = core.globalValues?.[name.text] ?? ['number'];
  const fits = takes.some((kind) => isOf(kind, value));
  if (fits || (value.kind === 'word' && /^[0-9]\w*$/.test(value.value))) return; // `08`: reported as no number
  const list = takes.map((kind) => words[kind] ?? kind).join(', or ');
  diagnostics.report(d2.wrongSetting, value.span, { name: name.text, takes: list });
}

const CORE_PARAM = 'coreparam.';
/** Those of coreparam.c: `coreparam[iuid]="…"`. */
const coreParams: Readonly<Record<string, 'string' | 'number'>> = {
  iuid: 'string',
  random_engine: 'string',
  timer_sanity_check: 'number',
};
function checkCoreParam({ text, span }: GlobalParam['name'], value: GlobalValue, diagnostics: Diagnostics): void {
  const name = text.slice(CORE_PARAM.length);
  const takes = Object.hasOwn(coreParams, name) ? coreParams[name] : undefined;
  if (takes === undefined) diagnostics.report(d2.unknownSetting, span, nearTo(name, Object.keys(coreParams)));
  else if (!isOf(takes, value))
    diagnostics.report(d2.wrongSetting, value.span, { name: `coreparam[${name}]`, takes: words[takes] ?? takes });
}

/** A value that was several tokens is never a word of the grammar; `listen` and its kin have rules of their own. */
function isOf(kind: string, value: GlobalValue): boolean {
  if (value.kind === 'int') return kind === 'int' || (value.value >= 0 && (kind === 'number' || kind === 'host'));
  if (value.kind === 'str') return kind === 'string' || kind === 'host';
  if (value.kind === 'list') return false;
  const keyword = keywordKind(value.value);
  switch (kind) {
    case 'id':
      return keyword === undefined && /^[A-Za-z_]\w*$/.test(value.value);
    case 'host':
      return keyword === undefined;
    case 'ip4':
      return /^\d+(?:\.\d+){3}$/.test(value.value);
    case 'ip6':
      return value.value.includes(':');
    case 'proto':
      return keyword === 'p';
    case 'tls-method':
      return /^(?:sslv|tlsv)/i.test(value.value) && keyword !== undefined;
    default:
      return kind === 'socket-list';
  }
}
