/**
 * Probes of the language: small pieces of cfg, generated from tables, each a route block of its own. A message with the
 * probe's name as user runs it; what it logs is its result. `refused` is the result of a probe that does not compile.
 */

export interface Probe {
  /** A route name: letters, digits and _. */
  readonly name: string;
  /** The statements of its block, on one line. */
  readonly code: string;
}
export interface ProbeTable {
  readonly name: string;
  /** Of the probes in it, how many cells of the semantics they cover: one a probe, unless it observes several. */
  readonly probes: readonly Probe[];
  /** Top-level text besides the probes: routes they call, definitions. */
  readonly extra?: string;
  /** Differences on purpose: name of a probe → why. */
  readonly explained?: ReadonlyMap<string, string>;
}

/** Name → what it logged, or `refused`. */
export type Results = ReadonlyMap<string, string>;

export const refused = 'refused';

/** Where both listen: `uri==myself` looks at it. No run of the differential suite moves its ports here (test/support/ports.ts). */
export const probePort = 21_940;
export const peerPort = 21_941;

const head = `debug=2
log_stderror=yes
children=1
listen=udp:127.0.0.1:PORT
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "sl.so"
loadmodule "tm.so"
`;

/** The cfg of these probes, each on a line of its own; and the probe on each line. */
export function probeCfg(
  table: ProbeTable,
  probes: readonly Probe[],
): { text: string; at: ReadonlyMap<number, Probe> } {
  const lines = [...head.replace('PORT', String(probePort)).trimEnd().split('\n'), ...(table.extra ?? '').split('\n')];
  // What a probe logs stands between its B line and the next message's; `P end` is missing where it ended the script.
  lines.push(
    'request_route { xlog("L_ERR", "B $rU\\n"); if ($rU =~ "^sync") exit; $var(probe) = $rU; route($var(probe)); xlog("L_ERR", "P end $rc\\n"); }',
  );
  const at = new Map<number, Probe>();
  for (const probe of probes) {
    lines.push(`route[${probe.name}] { ${probe.code} }`);
    at.set(lines.length, probe);
  }
  return { text: `${lines.join('\n')}\n`, at };
}

/** A statement that notes `text`, which may hold pseudo-variables. */
export const note = (text: string): string => `xlog("L_ERR", "P ${text}\\n");`;

export function probeMessage(name: string): string {
  return [
    `OPTIONS sip:${name}@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${peerPort};branch=z9hG4bK${name}`,
    'From: <sip:a@x>;tag=1',
    'To: <sip:127.0.0.1>',
    `Call-ID: ${name}`,
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    'User-Agent: probe',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}

/** Results as a file: a line each, in the order of the table. */
export function printResults(table: ProbeTable, results: Results): string {
  return `${table.probes.map(({ name }) => `${name}: ${results.get(name) ?? ''}`).join('\n')}\n`;
}
export function readResults(text: string): Results {
  const rows = text.trimEnd().split('\n');
  return new Map(rows.map((row) => [row.slice(0, row.indexOf(':')), row.slice(row.indexOf(':') + 2)]));
}

/** Notes of one message, joined; the end mark stays: a probe that ends the script has none. */
export const resultOf = (notes: readonly string[]): string => notes.join(' | ');
