/** What functions take: every kind of argument for functions whose parameters are of every kind. */

import { note, type Probe, type ProbeTable } from '../probe.js';
import { explainedArguments } from './arguments-explained.js';

const functions: Readonly<Record<string, (argument: string) => string>> = {
  is_method: (a) => `is_method(${a})`,
  search: (a) => `search(${a})`,
  search_body: (a) => `search_body(${a})`,
  is_present_hf: (a) => `is_present_hf(${a})`,
  append_hf: (a) => `append_hf(${a})`,
  append_hf_2: (a) => `append_hf("X-A: b\\r\\n", ${a})`,
  remove_hf: (a) => `remove_hf(${a})`,
  subst: (a) => `subst(${a})`,
  starts_with: (a) => `starts_with("$rU", ${a})`,
  cmp_str: (a) => `cmp_str(${a}, "1")`,
  has_body: (a) => `has_body(${a})`,
  is_uri: (a) => `is_uri(${a})`,
  uri_param: (a) => `uri_param(${a})`,
  add_uri_param: (a) => `add_uri_param(${a})`,
  is_e164: (a) => `is_e164(${a})`,
  in_list: (a) => `in_list("a", "a,b", ${a})`,
  t_set_fr: (a) => `t_set_fr(${a})`,
  t_on_failure: (a) => `t_on_failure(${a})`,
  t_check_status: (a) => `t_check_status(${a})`,
  t_is_set: (a) => `t_is_set(${a})`,
  setflag: (a) => `setflag(${a})`,
  isflagset: (a) => `isflagset(${a})`,
  strip: (a) => `strip(${a})`,
  sethost: (a) => `sethost(${a})`,
  setport: (a) => `setport(${a})`,
  route: (a) => `route(${a})`,
  xlog: (a) => `xlog(${a})`,
  xlog_level: (a) => `xlog(${a}, "text\\n")`,
};
const kinds: Readonly<Record<string, string>> = {
  none: '',
  text: '"TARGET"',
  digits: '"1"',
  spaced: '" 1 "',
  hex: '"0x1"',
  empty: '""',
  single: "'TARGET'",
  number: '1',
  zero: '0',
  negative: '-1',
  large: '70000',
  sum: '1 + 1',
  joined: '"TAR" + "GET"',
  variable: '$var(one)',
  variable_text: '"$var(one)"',
  text_variable: '$var(text)',
  undefined: '$avp(none)',
  null_value: '$null',
  select: '@ruri.user',
  brackets: '(1)',
  word: 'TARGET',
  two: '"TARGET", "x"',
  truth: '1 == 1',
};
/** The main route, and a route of the name of the probe itself: they do not come back. */
const skipped = /^route_(?:none|zero|select|digits|empty)$/;

const probes: Probe[] = Object.entries(functions)
  .flatMap(([name, call]) =>
    Object.entries(kinds).map(([kind, argument]) => ({
      name: `${name}_${kind}`,
      code: `$var(one) = 1; $var(text) = "TARGET"; ${call(argument)}; ${note('rc $rc')} ${note('$ru')}`,
    })),
  )
  .filter(({ name }) => !skipped.test(name));

const extra =
  'failure_route[TARGET] { exit; }\nfailure_route[1] { exit; }\nroute[TARGET] { return 7; }\nroute[1] { return 8; }';
export const argumentTable: ProbeTable = { name: 'arguments', probes, extra, explained: explainedArguments };
