/**
 * What two runs of the same scenario cannot share is replaced by a name, numbered by first appearance: equal values keep equal names,
 * so that who uses whose branch or tag is still compared. The list below is all of it.
 *
 * | field | masked when |
 * |---|---|
 * | `branch=`, `tag=`, Call-ID | the server made the value up; the cookie `z9hG4bK` stays |
 * | the number of a record id (registrar) in a temporary GRUU | the server made it |
 * | SIP-ETag | the server made the value up |
 * | the user part of a URI that is a flow token (outbound) | the server made it |
 * | `i=` after `branch=` in Via (the number of a connection) | always |
 * | X-Tm-Id (a transaction's index and label, shown by a cfg) | always |
 * | Date, `nonce=`, `nextnonce=`, `rspauth=`, `timestamp=` and the times of call records (acc), a pid in Warning | always |
 * | acc's `reason=` beside `code=408` | always: for a timeout Kamailio writes what its last reply happened to leave there |
 * | how long an action took (`latency_limit_action`) | always |
 * | Server, User-Agent | the value starts with the server's own name |
 * | the port of a connection a peer opened | always (`<alice>`) |
 * | the number of a dialog in `did=` and `dialog=` (dialog) | always |
 * | in dialogs and published states that nodes tell each other of (KDMQ): `h_id`, times, `puid`, `ruid`, and so Content-Length | always |
 * | pages of xhttp_rpc: the markup around answers | always |
 * | in RPC output: the lines in `rpcFields`; times of dialogs that are set | always |
 * | log lines of pseudo-variable probes marked `s` (clock, process) | always, to their shape: digits become 9, letters x |
 * | the address in `<<xavp:0x…>>` | always |
 * | what libxml2 itself writes to the log after a line (`Entity: line 1: …`, `XPath error : …`) | always |
 */
const serverNames = /^(Server|User-Agent): (?:kamailio|sipc)\b.*$/i;
const rpcFields =
  /^(\s*(?:etag|received_time|Ruid|Expires|Last-Keepalive|Last-Modified|KA-Roundtrip|Tcpconn-Id|HashID|RUID|PID|CID|h_id)\s*[:=]\s*).*$/i;
/** Unix seconds (0 is shown), and how long a call has been up, which is no time here. */
const dialogTimes = /^\s*(?:start_ts|init_ts|end_ts|timeout)\s*[:=]\s*[1-9]\d{8,}$|^\s*duration: \d$/;

export interface Raw {
  readonly peers: Readonly<Record<string, readonly string[]>>;
  readonly log: readonly { level: string; text: string }[];
  readonly rpc: readonly { command: string; output: string }[];
}
export interface Masked {
  readonly peers: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly log: readonly string[];
  readonly rpc: readonly { command: string; output: readonly string[] }[];
}

const serverTokens = [
  { kind: 'branch', pattern: /([;\s]branch=(?:z9hG4bK)?)([^;,\s]+)/gi },
  { kind: 'tag', pattern: /(;\s*tag=)([^;,\s>]+)/gi },
  { kind: 'ruid', pattern: /(\bulo?cx?-)([0-9a-f]+-[0-9a-f]+-[0-9a-f]+)/g },
  { kind: 'flow', pattern: /(<sip:)([A-Za-z0-9+/]{31}=)(?=@)/g },
  { kind: 'etag', pattern: /^(SIP-ETag:\s*)(\S+)$/gim },
  { kind: 'etag', pattern: /("(?:cur_)?etag":")([^"]+)/g },
  { kind: 'call-id', pattern: /^((?:Call-ID|i)\s*:\s*)(\S+)$/gim },
] as const;

/** The branches, tags and Call-IDs in a message. */
export function tokensOf(message: string): string[] {
  const end = message.indexOf('\r\n\r\n');
  const head = (end < 0 ? message : message.slice(0, end)).replaceAll('\r\n', '\n');
  return serverTokens
    .flatMap(({ pattern }) => [...head.matchAll(pattern)].map((match) => match[2] ?? ''))
    .filter((value) => !comparedTokens.has(value));
}
/** tm gives these branches to what has no transaction of its own; they are constants, so they are compared. */
const comparedTokens = new Set(['cydzigwkX', '0']);

/** Probes of what the clock or the process decides (probes/cfg.ts): words of letters, numbers up to the exact shape. */
function shaped(text: string): string {
  text = text.replace(/<<xavp:(?:0x[0-9a-f]+|\(nil\))>>/g, '<<xavp:*>>');
  const probe = /^(<script>: \w+ s [^=]+=\[)(.*)\]$/s.exec(text);
  if (!probe || probe[2] === '<null>') return text;
  return `${probe[1]}${probe[2]!
    .replace(/[0-9a-f]{32}[.-][0-9a-f]+/g, 'h')
    .replace(/\d+/g, '9')
    .replace(/[A-Za-z]+/g, 'x')
    .replace(/ +/g, ' ')}]`;
}

/** Of xhttp_rpc's pages: the status and the lines of the answer, one a line; the rest is design, and the list of all commands. */
function withoutMarkup(message: string): string {
  const end = message.indexOf('\r\n\r\n');
  if (end < 0 || !/RPC (?:Management )?Interface<\/title>/.test(message)) return message;
  const body = message.slice(end);
  const texts = [...body.matchAll(/<td>(\d{3}: [^<]*)<\/td>|<pre>([\s\S]*?)<\/pre>/g)].flatMap(([, status, answer]) =>
    (status ?? answer ?? '').split('<br/>'),
  );
  const plain = texts.map((text) => text.replace(/&(lt|gt|amp|quot|#39);/g, (_, name: string) => entities[name] ?? ''));
  return [message.slice(0, end).replace(/^Content-Length: .*$/m, 'Content-Length: *'), '', ...plain].join('\r\n');
}
/** Of a dialog or a state told to another node: its number and times, and the length they make. */
function withoutNumbers(message: string): string {
  if (!/^KDMQ .*\r\n\r\n\{"action":\d,"(?:h_entry|presentity)":/s.test(message)) return message;
  return message
    .replace(/^Content-Length: .*$/m, 'Content-Length: *')
    .replace(/"(h_id|init_ts|start_ts)":[1-9]\d*/g, '"$1":*')
    .replace(/"recv":\d+/, '"recv":*')
    .replace(/("ruid":"pres-)[^"]*/, '$1*')
    .replace(/(puid\\":\\")[^"\\]*/g, '$1*');
}
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };

export class Masks {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  constructor(
    /** Values the server made up: they came from it before any peer had sent them. */
    readonly made: ReadonlySet<string>,
    /** Port → name of the peer that opened a connection from it. */
    readonly ephemeral: ReadonlyMap<number, string>,
  ) {}

  apply(raw: Raw): Masked {
    const peers: Record<string, string[][]> = {};
    for (const name of Object.keys(raw.peers).sort()) {
      for (const message of raw.peers[name] ?? []) {
        const lines = withoutNumbers(withoutMarkup(message))
          .split('\r\n')
          .map((line) => this.#line(line));
        (peers[name] ??= []).push(lines);
      }
    }
    const log = raw.log.map((line) =>
      this.#known(
        `${line.level}: ${shaped(line.text)
          .replace(/ c=\[[^\]]*\//, ' c=[')
          .replace(/ cfg \[[^\]]*\//, ' cfg [')
          .replace(/took too long \[\d+ us\]/, 'took too long [*]')
          .replace(/timestamp=\d+/g, 'timestamp=*')
          .replace(/\b(start_time|end_time|duration)=\d+\.\d+/g, '$1=*')
          .replace(/;code=408;reason=[^;]*/, ';code=408;reason=*')
          .replace(/\n(?:Entity: line \d|XPath error :)[\s\S]*$/, '')}`,
      ),
    );
    const rpc = raw.rpc.map(({ command, output }) => ({
      command,
      output: output
        .split('\n')
        .map((line) =>
          this.#known(line.replace(rpcFields, '$1*').replace(dialogTimes, (line) => line.replace(/\d+$/, '*'))),
        ),
    }));
    return { peers, log, rpc };
  }

  #line(line: string): string {
    let text = line.replace(serverNames, '$1: *');
    text = text
      .replace(/^Date: .*$/i, 'Date: *')
      .replace(/^\[(Offline|Reminder) message - [^\]]*\]/, '[$1 message - *]')
      .replace(/^X-Tm-Id: .*$/i, 'X-Tm-Id: *')
      .replace(/\b(nonce|nextnonce|rspauth)="[^"]*"/gi, '$1="*"')
      .replace(/\bpid=\d+/g, 'pid=*');
    for (const { kind, pattern } of serverTokens) {
      text = text.replace(pattern, (whole: string, before: string, value: string) =>
        this.made.has(value) ? `${before}${this.#name(kind, value)}` : whole,
      );
    }
    text = this.#dialogs(text);
    text = text.replace(/^(Via:.*;branch=[^;,]*;i=)([0-9a-f]+)/i, (_, before: string, value: string) => {
      return `${before}${this.#name('connection', `i=${value}`)}`;
    });
    return this.#ports(text);
  }

  /** Text outside messages: values already named there keep their names. */
  #known(line: string): string {
    let text = line.replace(/(;(?:from|to)_tag=)([^;]+)/g, (whole, before: string, value: string) =>
      this.made.has(value) ? `${before}${this.#name('tag', value)}` : whole,
    );
    text = this.#dialogs(text);
    for (const [value, name] of this.#names) {
      if (value.length > 5) text = text.replaceAll(value, name);
    }
    return this.#ports(text);
  }

  #dialogs(text: string): string {
    return text.replace(/(;(?:did|dialog)=[0-9a-f]+\.)[0-9a-f]+/g, (whole, before: string) => {
      return `${before}${this.#name('dialog', whole)}`;
    });
  }
  #ports(text: string): string {
    if (this.ephemeral.size === 0) return text;
    return text.replace(/\b\d{5}\b/g, (digits) => {
      const name = this.ephemeral.get(Number(digits));
      return name === undefined ? digits : `<${name}>`;
    });
  }

  #name(kind: string, value: string): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const name = `{${kind}#${count}}`;
    this.#names.set(value, name);
    return name;
  }
}
