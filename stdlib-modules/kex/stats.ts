/** `stats.*`: statistics by `all`, `group:`, `name` (and `group:name` in fetch). */
import { type RpcCall, RpcStruct, type StatEntry, type Stats } from '../../runtime/sdk/index.js';

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** What one word of the command selects, in Kamailio's order: groups and names sorted. */
export function select(stats: Stats, word: string, qualified: boolean): readonly StatEntry[] {
  if (word === 'all') return [...stats.groupNames()].sort(byText).flatMap((name) => sorted(stats, name));
  if (word.endsWith(':')) return sorted(stats, word.slice(0, -1));
  const colon = qualified ? word.indexOf(':') : -1;
  const one = colon > 0 ? stats.get(word.slice(0, colon), word.slice(colon + 1)) : stats.find(word);
  return one === null ? [] : [one];
}
const sorted = (stats: Stats, group: string) => [...stats.group(group)].sort((a, b) => byText(a.name, b.name));

function* words(call: RpcCall): Iterable<string> {
  const first = call.str();
  if (first === undefined) {
    call.fault(400, 'Please provide which stats to retrieve');
    return;
  }
  yield first;
  for (let next = call.optStr(); next !== undefined; next = call.optStr()) yield next;
}

export function getStatistics(stats: Stats, call: RpcCall): void {
  for (const word of words(call))
    for (const s of select(stats, word, false)) call.add(`${s.group}:${s.name} = ${s.read()}`);
}

export function fetch(stats: Stats, call: RpcCall, numbers: boolean): void {
  const result = new RpcStruct();
  let any = false;
  for (const word of words(call)) {
    any = true;
    for (const s of select(stats, word, true))
      result.add(`${s.group}.${s.name}`, numbers ? s.read() : String(s.read()));
  }
  if (any) call.add(result);
}

/** Sets to zero; `tell` also says what the values were. */
export function reset(stats: Stats, call: RpcCall, tell: boolean): void {
  for (const word of words(call)) {
    for (const s of select(stats, word, false)) {
      const old = s.read();
      if (s.resettable) s.reset();
      if (!tell) continue;
      const now = s.read();
      call.add(now === old ? `${s.group}:${s.name} = ${now}` : `${s.group}:${s.name} = ${now} (${old})`);
    }
  }
}
