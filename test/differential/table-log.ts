/**
 * Logs of probes, as goldens keep them: the same reads come again in each kind of route, so a row holds one read and what it gave
 * in each pass. `expandLog(compactLog(log))` is the log again, line by line; a log without passes stays a list of lines.
 */

/** `["r ru", "sip:a@b", null, "sip:c"]`: per pass, null for what the pass before gave; passes left out at the end are the same too. */
export type Row = readonly [name: string, ...values: (string | null)[]];
export interface LogTable {
  /** Word that opens each line of a pass: the kind of route. */
  readonly passes: readonly string[];
  readonly rows: readonly Row[];
  /** Every other line, with how many lines stand before it. */
  readonly others: readonly (readonly [at: number, line: string])[];
}
export type StoredLog = readonly string[] | LogTable;

const probe = /^NOTICE: <script>: ([a-z]+) (\S+ .*?)=\[(.*)\]$/s;

export function compactLog(log: readonly string[]): StoredLog {
  const passes: { kind: string; cells: Map<string, string> }[] = [];
  const others: (readonly [number, string])[] = [];
  for (const [at, line] of log.entries()) {
    const [, kind, name, value] = probe.exec(line) ?? [];
    if (kind === undefined || name === undefined || value === undefined) {
      others.push([at, line]);
      continue;
    }
    const last = passes.at(-1);
    if (last?.kind === kind && !last.cells.has(name)) last.cells.set(name, value);
    else passes.push({ kind, cells: new Map([[name, value]]) });
  }
  const names = [...(passes[0]?.cells.keys() ?? [])];
  const same = passes.every(({ cells }) => cells.size === names.length && names.every((name) => cells.has(name)));
  if (!same || names.length < 10) return log;
  const rows = names.map((name): Row => {
    const values = passes.map(({ cells }) => cells.get(name)!);
    const marks = values.map((value, i) => (i > 0 && values[i - 1] === value ? null : value));
    return [name, ...marks.slice(0, marks.findLastIndex((value) => value !== null) + 1)];
  });
  const table: LogTable = { passes: passes.map(({ kind }) => kind), rows, others };
  // Passes with the reads in another order cannot be a table.
  const again = expandLog(table);
  return again.length === log.length && again.every((line, i) => line === log[i]) ? table : log;
}

export function expandLog(stored: StoredLog): string[] {
  if (!('passes' in stored)) return [...stored];
  const before = new Map<string, string>();
  const lines = stored.passes.flatMap((kind, i) =>
    stored.rows.map(([name, ...values]) => {
      const value = values[i] ?? before.get(name)!;
      before.set(name, value);
      return `NOTICE: <script>: ${kind} ${name}=[${value}]`;
    }),
  );
  for (const [at, line] of stored.others) lines.splice(at, 0, line);
  return lines;
}
