/** Selects as operands: text, undefined, by path and by index, with every kind of operator. */
import { note, type Probe, type ProbeTable } from '../probe.js';
import { operators } from './operators.js';

const selects: Readonly<Record<string, string>> = {
  method: '@method',
  user: '@ruri.user',
  host: '@ruri.host',
  port: '@ruri.port',
  param: '@ruri.params.none',
  tag: '@f.tag',
  totag: '@to.tag',
  cseq: '@cseq.num',
  maxfwd: '@max_forwards',
  agent: '@msg.header["User-Agent"]',
  absent: '@msg.header.X_None',
  via: '@via[1].branch',
  via2: '@via[2].branch',
  dst: '@dst_uri',
};
const others: Readonly<Record<string, string>> = { num: '1', text: '"127.0.0.1"', empty: '""', none: '$null' };

const probes: Probe[] = Object.entries(selects).flatMap(([name, select]) => [
  { name: `${name}_value`, code: `$var(r) = "unset"; $var(r) = ${select}; ${note('$var(r) $rc')}` },
  { name: `${name}_true`, code: `if (${select}) ${note('true')} else ${note('false')}` },
  { name: `${name}_not`, code: `if (!${select}) ${note('true')} else ${note('false')}` },
  { name: `${name}_defined`, code: `if (defined ${select}) ${note('true')} else ${note('false')}` },
  { name: `${name}_strlen`, code: `$var(r) = strlen(${select}); ${note('$var(r)')}` },
  { name: `${name}_int`, code: `$var(r) = (int)${select}; ${note('$var(r)')}` },
  { name: `${name}_call`, code: `if (is_method(${select})) ${note('true')} else ${note('false')}` },
  {
    name: `${name}_switch`,
    code: `switch (${select}) { case "OPTIONS": ${note('one')} break; default: ${note('other')} }`,
  },
  ...Object.entries(operators).flatMap(([word, operator]) =>
    Object.entries(others).flatMap(([of, other]) => [
      {
        name: `${name}_${word}_${of}`,
        code: `$var(r) = "unset"; $var(r) = ${select} ${operator} ${other}; ${note('$var(r)')} if (${select} ${operator} ${other}) ${note('true')}`,
      },
    ]),
  ),
]);

export const selectTable: ProbeTable = { name: 'selects', probes };
