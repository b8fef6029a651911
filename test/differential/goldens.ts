/**
 * The committed transcripts of the real Kamailio, one file a scenario.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Transcript } from './play.js';
import type { Group, Scenario } from './scenario.js';

export interface Golden extends Transcript {
  readonly kamailio: string;
  readonly title: string;
}

export function goldenPath(group: Group, scenario: Scenario): string {
  return fileURLToPath(new URL(`goldens/${group.name}/${scenario.slug}.json`, import.meta.url));
}

export function readGolden(group: Group, scenario: Scenario): Golden | null {
  const path = goldenPath(group, scenario);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Golden) : null;
}

export function writeGolden(group: Group, scenario: Scenario, golden: Golden): boolean {
  const path = goldenPath(group, scenario);
  const text = `${JSON.stringify(golden, null, 1)}\n`;
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return true;
}
