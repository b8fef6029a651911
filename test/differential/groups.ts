/**
 * Every scenario group: each file in scenarios/ exports `default group(…)`, or a list where one cfg runs with several defines.
 */
import { readdirSync } from 'node:fs';
import type { Group } from './scenario.js';

export async function loadGroups(): Promise<Group[]> {
  const folder = new URL('scenarios/', import.meta.url);
  const groups: Group[] = [];
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .sort()) {
    const loaded = (await import(new URL(file, folder).href)) as { default: Group | readonly Group[] };
    groups.push(...[loaded.default].flat());
  }
  return groups;
}
