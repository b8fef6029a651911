/**
 * The `.ladder` format (STYLE.md "Tests"): one call flow a file.
 *
 *   # title
 *   cfg examples/office/kamailio.cfg       or  cfg:  and the cfg itself, indented
 *   domain 127.0.0.1                       host part of the users' URIs
 *   peer trunk tcp 127.0.0.1:5081          protocol and address of a peer; else udp on a port of its own
 *   dns example.net a 127.0.0.1            srv.example.net srv PORT TARGET [PRIORITY], or x.example.net silent
 *   wire loss=0.1 seed=4                   faults; see `Faults`; delayMs=40 each way
 *
 *   alice -> proxy : INVITE sip:bob@x ; Expires: 5 ; body hello        sent; `Name:` alone leaves the header out
 *   alice -> proxy : REGISTER ; Authorization: with alice:secret        answers the challenges so far
 *   alice -> proxy : INVITE again                                      the same bytes once more
 *   bob   -> proxy : 180 Ringing to INVITE tag=b1                      answers the last request of that method
 *   proxy -> alice : 180 ; To.tag is b1, Via.branch is the INVITE's     expected, in order per peer
 *   proxy -> bob   : INVITE again 6 times within 32s
 *   alice -> proxy : PING, proxy -> alice : PONG                       the empty lines of RFC 5626 §4.4.1, over TCP
 *   after 33s      : no transaction is left
 *   cut bob | heal bob | close bob
 */

export interface Place {
  readonly line: number;
  readonly text: string;
}
export interface SendStep extends Place {
  readonly kind: 'send';
  readonly peer: string;
  /** A method, or null for a response. */
  readonly method: string | null;
  readonly status: number;
  readonly reason: string | null;
  /** `to METHOD`: the request a response is for. */
  readonly about: string | null;
  readonly uri: string | null;
  readonly tag: string | null;
  readonly from: string | null;
  readonly again: boolean;
  /** `Name: value`; an empty value leaves the header out. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}
export interface ExpectStep extends Place {
  readonly kind: 'expect';
  readonly peer: string;
  readonly method: string | null;
  readonly status: number;
  readonly about: string | null;
  readonly uri: string | null;
  readonly again: boolean;
  readonly times: number;
  readonly withinMs: number | null;
  readonly checks: readonly string[];
}
export interface AfterStep extends Place {
  readonly kind: 'after';
  readonly ms: number;
  readonly checks: readonly string[];
}
export interface WireStep extends Place {
  readonly kind: 'cut' | 'heal' | 'close';
  readonly peer: string;
}
export type Step = SendStep | ExpectStep | AfterStep | WireStep;

export interface PeerSpec {
  readonly name: string;
  readonly proto: 'udp' | 'tcp';
  /** Null: one of its own. */
  readonly address: { readonly ip: string; readonly port: number } | null;
}
export interface LadderFile {
  readonly path: string;
  readonly title: string;
  /** A path from the project's folder, or the text itself. */
  readonly cfg: { readonly path: string } | { readonly text: string };
  readonly domain: string;
  readonly peers: readonly PeerSpec[];
  readonly dns: readonly { readonly name: string; readonly type: string; readonly values: readonly string[] }[];
  readonly wire: Readonly<Record<string, number>>;
  readonly steps: readonly Step[];
}

export class LadderSyntaxError extends Error {
  constructor(path: string, line: number, what: string) {
    super(`${path}:${line}: ${what}`);
  }
}

const isMethod = (word: string) => /^[A-Z]{3,}$/.test(word);
const isStatus = (word: string) => /^[1-6]\d\d$/.test(word);

export function durationMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|min|h)$/.exec(text);
  if (!match) return null;
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };
  return Number(match[1]) * units[match[2]!]!;
}

export function parseLadder(path: string, text: string): LadderFile {
  const fail = (line: number, what: string): never => {
    throw new LadderSyntaxError(path, line, what);
  };
  let title = '';
  let cfg: LadderFile['cfg'] | null = null;
  let domain = '127.0.0.1';
  const peers = new Map<string, PeerSpec>();
  const dns: LadderFile['dns'][number][] = [];
  const wire: Record<string, number> = {};
  const steps: Step[] = [];
  const know = (name: string) => {
    if (!peers.has(name)) peers.set(name, { name, proto: 'udp', address: null });
    return name;
  };

  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    const source = lines[index]!.trimEnd();
    const trimmed = source.trim();
    if (trimmed === '') continue;
    if (trimmed.startsWith('#')) {
      title ||= trimmed.replace(/^#+\s*/, '');
      continue;
    }
    if (trimmed === 'cfg:') {
      const block: string[] = [];
      while (index + 1 < lines.length && (lines[index + 1]!.trim() === '' || /^\s/.test(lines[index + 1]!)))
        block.push(lines[++index]!);
      cfg = { text: `${block.map((each) => each.replace(/^(\t| {1,2})/, '')).join('\n')}\n` };
      continue;
    }
    const place: Place = { line, text: trimmed };
    const arrow = /^(\S+)\s*->\s*(\S+)\s*:\s*(.*)$/.exec(trimmed);
    if (arrow) {
      const [, from, to, rest] = arrow as unknown as [string, string, string, string];
      if ((from === 'proxy') === (to === 'proxy')) fail(line, 'one end of an arrow has to be the proxy');
      steps.push(to === 'proxy' ? sendStep(place, know(from), rest, fail) : expectStep(place, know(to), rest, fail));
      continue;
    }
    const after = /^after\s+(\S+)\s*(?::\s*(.*))?$/.exec(trimmed);
    if (after) {
      const ms = durationMs(after[1]!) ?? fail(line, `${after[1]} is not a duration: write 500ms, 32s, 2min`);
      steps.push({ ...place, kind: 'after', ms, checks: splitChecks(after[2] ?? '') });
      continue;
    }
    const [word, ...args] = trimmed.split(/\s+/) as [string, ...string[]];
    switch (word) {
      case 'cfg':
        cfg = { path: args[0] ?? fail(line, 'cfg needs a path') };
        break;
      case 'domain':
        domain = args[0] ?? fail(line, 'domain needs a host');
        break;
      case 'peer':
        peers.set(args[0] ?? fail(line, 'peer needs a name'), peerSpec(args, line, fail));
        break;
      case 'dns':
        if (args.length < 3 && args[1] !== 'silent') fail(line, 'write: dns NAME TYPE VALUE …, or dns NAME silent');
        dns.push({ name: args[0]!, type: args[1]!, values: args.slice(2) });
        break;
      case 'wire':
        for (const pair of args) {
          const [name, value] = pair.split('=');
          if (!name || Number.isNaN(Number(value))) fail(line, `write name=number, not ${pair}`);
          wire[name!] = Number(value);
        }
        break;
      case 'cut':
      case 'heal':
      case 'close':
        steps.push({ ...place, kind: word, peer: know(args[0] ?? fail(line, `${word} needs a peer`)) });
        break;
      default:
        fail(line, `cannot read: ${trimmed}`);
    }
  }
  if (!cfg) return fail(1, 'there is no cfg line');
  return { path, title, cfg, domain, peers: [...peers.values()], dns, wire, steps };
}

type Fail = (line: number, what: string) => never;

function peerSpec(args: readonly string[], line: number, fail: Fail): PeerSpec {
  let proto: PeerSpec['proto'] = 'udp';
  let address: PeerSpec['address'] = null;
  for (const word of args.slice(1)) {
    const match = /^(.+):(\d+)$/.exec(word);
    if (word === 'udp' || word === 'tcp') proto = word;
    else if (match) address = { ip: match[1]!, port: Number(match[2]) };
    else fail(line, `cannot read ${word}: write udp, tcp or ip:port`);
  }
  return { name: args[0]!, proto, address };
}

function sendStep(place: Place, peer: string, rest: string, fail: Fail): SendStep {
  const [head, ...notes] = rest.split(/\s+;\s+|\s+;$/) as [string, ...string[]];
  const headers: [string, string][] = [];
  let body = '';
  for (const note of notes) {
    const header = /^([A-Za-z][\w-]*)\s*:\s*(.*)$/.exec(note);
    if (header) headers.push([header[1]!, header[2]!]);
    else if (note.startsWith('body ')) body = note.slice(5);
    else if (note !== '') fail(place.line, `cannot read "${note}": write Header: value, or body text`);
  }
  const words = head.split(/\s+/).filter((word) => word !== '');
  const first = words.shift() ?? '';
  const response = isStatus(first);
  if (!response && !isMethod(first)) fail(place.line, `${first} is neither a method nor a status`);
  let about: string | null = null;
  let uri: string | null = null;
  let tag: string | null = null;
  let from: string | null = null;
  let again = false;
  const reason: string[] = [];
  while (words.length > 0) {
    const word = words.shift()!;
    if (word === 'again') again = true;
    else if (word === 'to' && words.length > 0 && isMethod(words[0]!)) about = words.shift()!;
    else if (word.startsWith('tag=')) tag = word.slice(4);
    else if (word.startsWith('from=')) from = word.slice(5);
    else if (!response && uri === null && word.includes(':')) uri = word;
    else if (response) reason.push(word);
    else fail(place.line, `cannot read ${word}`);
  }
  return {
    ...place,
    kind: 'send',
    peer,
    method: response ? null : first,
    status: response ? Number(first) : 0,
    reason: reason.length > 0 ? reason.join(' ') : null,
    about,
    uri,
    tag,
    from,
    again,
    headers,
    body,
  };
}

function expectStep(place: Place, peer: string, rest: string, fail: Fail): ExpectStep {
  const semicolon = rest.indexOf(';');
  const head = semicolon < 0 ? rest : rest.slice(0, semicolon);
  const words = head.split(/\s+/).filter((word) => word !== '');
  const first = words.shift() ?? '';
  const response = isStatus(first);
  if (!response && !isMethod(first)) fail(place.line, `${first} is neither a method nor a status`);
  let about: string | null = null;
  let uri: string | null = null;
  let again = false;
  let times = 1;
  let withinMs: number | null = null;
  while (words.length > 0) {
    const word = words.shift()!;
    if (word === 'again') again = true;
    else if (word === 'to' && words.length > 0 && isMethod(words[0]!)) about = words.shift()!;
    else if (words[0] === 'times' && /^\d+$/.test(word)) {
      times = Number(word);
      words.shift();
    } else if (word === 'within')
      withinMs = durationMs(words.shift() ?? '') ?? fail(place.line, 'within needs a duration');
    else if (!response && uri === null && word.includes(':')) uri = word;
    else fail(place.line, `cannot read ${word}`);
  }
  return {
    ...place,
    kind: 'expect',
    peer,
    method: response ? null : first,
    status: response ? Number(first) : 0,
    about,
    uri,
    again,
    times,
    withinMs,
    checks: splitChecks(semicolon < 0 ? '' : rest.slice(semicolon + 1)),
  };
}

/** At commas outside quotes. */
function splitChecks(text: string): string[] {
  return (text.match(/(?:"[^"]*"|[^,"])+/g) ?? []).map((check) => check.trim()).filter((check) => check !== '');
}
