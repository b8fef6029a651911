/** Condition keywords: each with every comparison and every kind of right side, and what of it compiles at all. */
import { note, type Probe, type ProbeTable, peerPort, probePort } from '../probe.js';

const keywords = [
  'method',
  'uri',
  'from_uri',
  'to_uri',
  'src_ip',
  'dst_ip',
  'snd_ip',
  'to_ip',
  'src_port',
  'dst_port',
  'snd_port',
  'to_port',
  'proto',
  'snd_proto',
  'to_proto',
  'af',
  'snd_af',
  'to_af',
  'msg:len',
  'max_len',
  'status',
  'myself',
];
const operators = ['==', '!=', '=~', '<', '>=', 'eq', 'ne', 'ieq', 'ine'];
const names: Readonly<Record<string, string>> = { '==': 'is', '!=': 'isnt', '=~': 'match', '<': 'lt', '>=': 'ge' };
const rights: Readonly<Record<string, string>> = {
  invite: 'INVITE',
  options: 'OPTIONS',
  lower: 'options',
  udp: 'udp',
  UDP: 'UDP',
  number: String(peerPort),
  port: String(probePort),
  negative: '-1',
  zero: '0',
  text: '"OPTIONS"',
  single: "'OPTIONS'",
  textlower: '"options"',
  empty: '""',
  addresstext: '"127.0.0.1"',
  nettext: '"127.0.0.0/8"',
  address: '127.0.0.1',
  net: '127.0.0.0/8',
  netmask: '127.0.0.0/255.0.0.0',
  net6: '::1/128',
  ipv6: '::1',
  bracket: '[::1]',
  host: 'nohost',
  hosttext: '"nohost"',
  domain: 'gw.example.invalid',
  udptext: '"udp"',
  undefined: '$avp(none)',
  numbertext: '$var(text)',
  myself: 'myself',
  null: '$null',
  pv: '$rm',
  variable: '$var(six)',
  call: 'is_method("OPTIONS")',
  sum: `${peerPort - 41} + 41`,
  inet: 'INET',
  inet6: 'INET6',
  regex: '"^O.*S$"',
  sip: '"sip:.*"',
  max: 'max_len',
  keyword: 'method',
  brackets: '("OPTIONS")',
};
const id = (operator: string) => names[operator] ?? operator;

const probes: Probe[] = keywords.flatMap((keyword) => [
  ...operators.flatMap((operator) =>
    // In a request, `status` matches the URI: an accident of a C union (docs/deviations.md).
    Object.entries(keyword === 'status' && operator === '=~' ? {} : rights).map(([name, right]) => ({
      name: `${keyword.replace(':', '_')}_${id(operator)}_${name}`,
      code: `$var(six) = ${peerPort}; $var(text) = "${probePort}"; if (${keyword} ${operator} ${right}) ${note('true')} else ${note('false')}`,
    })),
  ),
  { name: `${keyword.replace(':', '_')}_alone`, code: `if (${keyword}) ${note('true')} else ${note('false')}` },
  { name: `${keyword.replace(':', '_')}_not`, code: `if (!${keyword}) ${note('true')} else ${note('false')}` },
  { name: `${keyword.replace(':', '_')}_value`, code: `$var(r) = ${keyword}; ${note('$var(r)')}` },
  { name: `${keyword.replace(':', '_')}_sum`, code: `$var(r) = ${keyword} + 1; ${note('$var(r)')}` },
  { name: `${keyword.replace(':', '_')}_test`, code: `$var(r) = ${keyword} == 5; ${note('$var(r)')}` },
  {
    name: `${keyword.replace(':', '_')}_turned`,
    code: `if (5060 == ${keyword}) ${note('true')} else ${note('false')}`,
  },
  {
    name: `myself_is_${keyword.replace(':', '_')}_2`,
    code: `if (myself == ${keyword}) ${note('true')} else ${note('false')}`,
  },
  {
    name: `${keyword.replace(':', '_')}_and`,
    code: `if (${keyword} == myself && 1) ${note('true')} else ${note('false')}`,
  },
  {
    name: `${keyword.replace(':', '_')}_negated`,
    code: `if (!(${keyword} == "x")) ${note('true')} else ${note('false')}`,
  },
]);

export const keywordTable: ProbeTable = { name: 'keywords', probes };
