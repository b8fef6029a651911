/** Core functions take literals of certain kinds (cfg.y has a rule for each form): `strip(2)`, never `strip("2")` or `strip($x)`. */
import type { CallExpression, Expression, RouteBlock } from '../ast.js';
import * as d2 from '../diagnostics/2xxx-syntax.js';
import type { Diagnostics } from '../diagnostics/define.js';
import type { Catalog } from '../host.js';
import { walkItem } from '../visit.js';

const withTransport = /^(?:udp|tcp|tls|sctp|\*):/i;
const withPort = /[^:]:\d+$/;

const kinds: Readonly<Record<string, { readonly name: string; readonly fits: (e: Expression) => boolean }>> = {
  number: { name: 'a number', fits: (e) => e.kind === 'int' && e.value >= 0 },
  int: { name: 'a number', fits: (e) => e.kind === 'int' },
  string: { name: 'a string', fits: (e) => e.kind === 'str' },
  flag: { name: 'the name of a flag', fits: (e) => e.kind === 'word' || (e.kind === 'str' && !isNumber(e.value)) },
  host: { name: 'a host name', fits: (e) => (e.kind === 'word' && isHost(e.text)) || e.kind === 'str' },
  ip: { name: 'an address', fits: (e) => e.kind === 'word' && isHost(e.text) },
  hostport: { name: '[transport:]host[:port]', fits: (e) => e.kind === 'word' || e.kind === 'str' },
  'avp|string': {
    name: 'an AVP',
    fits: (e) =>
      (e.kind === 'pv' && e.orAttribute === true) ||
      (e.kind === 'attribute' && !e.text.endsWith(']')) ||
      e.kind === 'str',
  },
  'keyword uri:host': { name: 'uri:host', fits: (e) => e.kind === 'keyword' && e.name === 'uri:host' },
  'keyword uri:port': { name: 'uri:port', fits: (e) => e.kind === 'keyword' && e.name === 'uri:port' },
  proto: { name: 'a transport', fits: (e) => e.kind === 'word' },
  expr: { name: 'a value', fits: () => true },
  id: { name: 'a name', fits: (e) => e.kind === 'word' },
};

const isNumber = (text: string): boolean => /^\s*(?:0x[\da-f]+|\d+)\s*$/i.test(text);
/** Where the blanks before `at` begin. */
function blanksBefore(text: string, at: number): number {
  let start = at;
  while (/\s/.test(text[start - 1] ?? '')) start--;
  return start;
}
/** Does the argument stand in brackets of its own? Looks back from it: from the start of the file, calls would cost its length each. */
function bracketed({ span: { file, start } }: Expression): boolean {
  const bracket = blanksBefore(file.text, start) - 1;
  if (file.text[bracket] !== '(') return false;
  const before = file.text[blanksBefore(file.text, bracket) - 1];
  return before === '(' || before === ',';
}

function isHost(text: string): boolean {
  return !withTransport.test(text) && (!withPort.test(text) || /:.*:/.test(text));
}

export function checkCoreCalls(block: RouteBlock, core: Catalog['core'], diagnostics: Diagnostics): void {
  walkItem(block, {
    expression(e) {
      if (e.kind === 'call' && Object.hasOwn(core.functions, e.name.text))
        checkCall(e, core.functions[e.name.text]!, diagnostics);
      return undefined;
    },
  });
}

/** The number of arguments is not looked at: it is checked where all functions are. */
function checkCall(call: CallExpression, forms: readonly string[], diagnostics: Diagnostics): void {
  const same = forms
    .filter((form) => form !== '' && form !== 'bare')
    .map((form) => form.split(', '))
    .filter((form) => form.length === call.args.length);
  const wrongIn = (form: readonly string[]): number =>
    form.findIndex((k, i) => k !== 'expr' && (bracketed(call.args[i]!) || !(kinds[k]?.fits(call.args[i]!) ?? true)));
  const wrong = same.map(wrongIn);
  if (wrong.length === 0 || wrong.includes(-1)) return;
  const at = Math.max(...wrong);
  const takes = new Set(same.filter((_, i) => wrong[i] === at).map((form) => kinds[form[at]!]?.name ?? form[at]!));
  diagnostics.report(d2.coreArgument, call.args[at]!.span, {
    name: call.name.text,
    takes: [...takes].join(' or '),
  });
}
