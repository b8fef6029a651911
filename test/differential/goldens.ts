/**
 * The committed transcripts of the real Kamailio, one file a scenario.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Transcript } from './play.js';
import type { Group, Scenario } from './scenario.js';
import { compactLog, expandLog, type StoredLog } from './table-log.js';

export interface Golden extends Transcript {
  readonly kamailio: string;
  readonly title: string;
}

export function goldenPath(group: Group, scenario: Scenario): string {
  return fileURLToPath(new URL(`goldens/${group.name}/${scenario.slug}.json`, import.meta.url));
}

export function readGolden(group: Group, scenario: Scenario): Golden | null {
  const path = goldenPath(group, scenario);
  return existsSync(path) ? parseGolden(readFileSync(path, 'utf8')) : null;
}

export function parseGolden(text: string): Golden {
  const stored = JSON.parse(text) as Omit<Golden, 'log'> & { readonly log: StoredLog };
  return { ...stored, log: expandLog(stored.log) };
}

/** As JSON with a list item a line; of a table, a row a line. */
export function goldenText(golden: Golden): string {
  const log = compactLog(golden.log);
  if (!('passes' in log)) return `${JSON.stringify({ ...golden, log }, null, 1)}\n`;
  const lines = (rows: readonly unknown[]) => `[\n${rows.map((row) => `   ${JSON.stringify(row)}`).join(',\n')}\n  ]`;
  const table = `{\n  "passes": ${JSON.stringify(log.passes)},\n  "others": ${lines(log.others)},\n  "rows": ${lines(log.rows)}\n }`;
  const { log: _log, ...rest } = golden;
  return `${JSON.stringify(rest, null, 1).replace(/\n\}$/, `,\n "log": `)}${table}\n}\n`;
}

export function writeGolden(group: Group, scenario: Scenario, golden: Golden): boolean {
  const path = goldenPath(group, scenario);
  const text = goldenText(golden);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return true;
}
