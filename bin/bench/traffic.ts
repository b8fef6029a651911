/**
 * What is sent: sipp scenarios, written here so that every server gets the same. One call is one row of `Traffic`; its
 * messages through the server are counted in `messages`.
 */

export interface Traffic {
  readonly doc: string;
  /** Messages the server receives for one call. */
  readonly messages: number;
  /** The caller's scenario. */
  readonly caller: string;
  /** The callee's, when there is one. */
  readonly callee?: string;
  /** At a third party, which the server tries first, when there is one. */
  readonly refuser?: string;
  /** Users registered at the callee before the first call. */
  readonly users?: number;
}

const message = (lines: readonly string[], attributes = '') =>
  `<send${attributes}><![CDATA[\n\n${lines.join('\n')}\n\n]]></send>`;
const scenario = (name: string, steps: readonly string[]) =>
  ['<?xml version="1.0" encoding="ISO-8859-1" ?>', `<scenario name="${name}">`, ...steps, '</scenario>', ''].join('\n');
const expect = (code: number, more = '') => `<recv response="${code}"${more}/>`;
const maybe = (code: number) => expect(code, ' optional="true"');

const via = 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]';
const from = 'From: <sip:caller@[remote_ip]:[remote_port]>;tag=[pid]c[call_number]';
const contact = 'Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>';
const sdp = [
  'Content-Type: application/sdp',
  'Content-Length: [len]',
  '',
  'v=0',
  'o=caller 1 1 IN IP[local_ip_type] [local_ip]',
  's=-',
  'c=IN IP[media_ip_type] [media_ip]',
  't=0 0',
  'm=audio 20000 RTP/AVP 8',
  'a=rtpmap:8 PCMA/8000',
];

const inDialog = (method: string, cseq: number, attributes = '') =>
  message(
    [
      `${method} [next_url] SIP/2.0`,
      via,
      '[routes]',
      'Max-Forwards: 70',
      from,
      '[last_To:]',
      'Call-ID: [call_id]',
      `CSeq: ${cseq} ${method}`,
      'Content-Length: 0',
    ],
    attributes,
  );
const initial = (method: string, uri: string, cseq: number, rest: readonly string[]) => [
  `${method} ${uri} SIP/2.0`,
  via,
  'Max-Forwards: 70',
  from,
  `To: <${uri}>`,
  'Call-ID: [call_id]',
  `CSeq: ${cseq} ${method}`,
  ...rest,
];

/** `[field0]`: the user, from the injected list. */
const user = 'sip:[field0]@[remote_ip]:[remote_port]';

const calling = scenario('caller', [
  message(initial('INVITE', user, 1, [contact, ...sdp]), ' retrans="500"'),
  maybe(100),
  maybe(180),
  expect(200, ' rrs="true"'),
  inDialog('ACK', 1),
  '<pause milliseconds="100"/>',
  inDialog('BYE', 2, ' retrans="500"'),
  expect(200),
]);

const answer = (status: string, rest: readonly string[], attributes = '') =>
  message(
    [
      `SIP/2.0 ${status}`,
      '[last_Via:]',
      '[last_Record-Route:]',
      '[last_From:]',
      '[last_To:];tag=[pid]s[call_number]',
      '[last_Call-ID:]',
      '[last_CSeq:]',
      'Contact: <sip:callee@[local_ip]:[local_port];transport=[transport]>',
      ...rest,
    ],
    attributes,
  );
const answering = scenario('callee', [
  '<recv request="INVITE" crlf="true" rrs="true"/>',
  answer('180 Ringing', ['Content-Length: 0']),
  answer('200 OK', sdp, ' retrans="500"'),
  '<recv request="ACK"/>',
  '<recv request="BYE"/>',
  message([
    'SIP/2.0 200 OK',
    '[last_Via:]',
    '[last_From:]',
    '[last_To:]',
    '[last_Call-ID:]',
    '[last_CSeq:]',
    'Content-Length: 0',
  ]),
]);

const refusing = scenario('refuser', [
  '<recv request="INVITE"/>',
  answer('503 Service Unavailable', ['Content-Length: 0'], ' retrans="500"'),
  '<recv request="ACK"/>',
]);

const registering = (more: readonly string[]) => [
  'REGISTER sip:[remote_ip]:[remote_port] SIP/2.0',
  via,
  'Max-Forwards: 70',
  `From: <${user}>;tag=[pid]r[call_number]`,
  `To: <${user}>`,
  'Call-ID: [call_id]',
  ...more,
  'Contact: <sip:[field0]@[local_ip]:[local_port];transport=[transport]>',
  'Expires: 3600',
  'Content-Length: 0',
];

export const traffics = {
  calls: {
    doc: 'INVITE 180 200 ACK BYE 200, two parties',
    messages: 6,
    caller: calling,
    callee: answering,
  },
  'registered-calls': {
    doc: 'the same, to users that are registered',
    messages: 6,
    caller: calling,
    callee: answering,
    users: 1000,
  },
  'failover-calls': {
    doc: 'the same, after a 503 from a first server one port above the callee',
    messages: 7,
    caller: calling,
    callee: answering,
    refuser: refusing,
  },
  register: {
    doc: 'REGISTER 200, 1,000 users in turn',
    messages: 1,
    caller: scenario('register', [message(registering(['CSeq: 1 REGISTER']), ' retrans="500"'), expect(200)]),
  },
  'register-digest': {
    doc: 'REGISTER 401 REGISTER 200',
    messages: 2,
    caller: scenario('register-digest', [
      message(registering(['CSeq: 1 REGISTER']), ' retrans="500"'),
      expect(401, ' auth="true"'),
      message(registering(['CSeq: 2 REGISTER', '[field1]']), ' retrans="500"'),
      expect(200),
    ]),
  },
  challenge: {
    doc: 'REGISTER 401, and no second try',
    messages: 1,
    caller: scenario('challenge', [message(registering(['CSeq: 1 REGISTER']), ' retrans="500"'), expect(401)]),
  },
  options: {
    doc: 'OPTIONS 200, answered by the server',
    messages: 1,
    caller: scenario('options', [
      message(initial('OPTIONS', 'sip:[remote_ip]:[remote_port]', 1, [contact, 'Content-Length: 0']), ' retrans="500"'),
      expect(200),
    ]),
  },
} as const satisfies Record<string, Traffic>;

export type TrafficName = keyof typeof traffics;
export const trafficNames = Object.keys(traffics) as TrafficName[];

/** Registers each user once, at the callee's address. */
export const enrolment = (calleePort: number): string =>
  scenario('enrol', [
    message(
      registering(['CSeq: 1 REGISTER']).map((line) =>
        line.startsWith('Contact:') ? `Contact: <sip:[field0]@127.0.0.1:${calleePort};transport=[transport]>` : line,
      ),
      ' retrans="500"',
    ),
    expect(200),
  ]);

/** sipp's injection file: the users, one after the other, each with what it proves itself by: its name is its password. */
export const userList = (users: number): string =>
  [
    'SEQUENTIAL',
    ...Array.from({ length: users }, (_, i) => `u${i};[authentication username=u${i} password=u${i}];`),
    '',
  ].join('\n');
