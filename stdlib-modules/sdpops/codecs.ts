/** Payload types of codecs in the streams of a session description (RFC 3551 §6, RFC 8866 §6.6). */
import {
  type Edits,
  type Extent,
  equalsIgnoreCase,
  findSdpLine,
  type Sdp,
  type SdpStream,
} from '../../runtime/sdk/index.js';

/** Static payload types by name. */
const staticIds: Readonly<Record<string, readonly string[]>> = {
  PCMU: ['0'], GSM: ['3'], G723: ['4'], DVI4: ['5', '6', '16', '17'], LPC: ['7'], PCMA: ['8'], G722: ['9'],
  L16: ['10', '11'], QCELP: ['12'], CN: ['13'], MPA: ['14'], G728: ['15'], G729: ['18'],
}; // biome-ignore format: one table
/** What a list of names may come to, as in Kamailio. */
const MAX_LIST_BYTES = 128;
const MAX_IDS_PER_NAME = 15;

/** Items of a list, up to an empty one. Blanks in front are skipped, blanks behind belong to the item. */
export function listItems(text: string): string[] {
  const items: string[] = [];
  let rest = text;
  for (;;) {
    if (rest.startsWith(',')) rest = rest.slice(1);
    rest = rest.trimStart();
    const end = rest.search(/[,\r\n\0]/);
    const item = end < 0 ? rest : rest.slice(0, end);
    if (item === '') return items;
    items.push(item);
    rest = end < 0 ? '' : rest.slice(end);
    if (rest !== '' && !rest.startsWith(',')) return items;
  }
}

export const streamsOf = (sdp: Sdp, media = ''): SdpStream[] =>
  sdp.sessions.flatMap(({ streams }) => streams.filter((s) => media === '' || equalsIgnoreCase(s.media, media)));

/** Payload types of these codecs, the static ones or what the attributes say; null when none is known. */
export function idsOfNames(sdp: Sdp, names: string): string[] | null {
  const ids: string[] = [];
  for (const name of listItems(names)) {
    const upper = name.toUpperCase();
    const known = Object.hasOwn(staticIds, upper) ? staticIds[upper] : undefined;
    if (known !== undefined) {
      ids.push(...known);
      continue;
    }
    const found = streamsOf(sdp).flatMap(({ payloads }) =>
      payloads.filter(({ encoding }) => encoding !== null && equalsIgnoreCase(encoding, name)).map(({ id }) => id),
    );
    if (found.length <= MAX_IDS_PER_NAME) ids.push(...found);
  }
  return ids.length === 0 || ids.join(',').length >= MAX_LIST_BYTES ? null : ids;
}

/** Places of the formats of a stream by payload type. */
function* formatsOf(raw: string, { formats }: SdpStream): Generator<Extent & { readonly id: string }> {
  const token = /[^ \t]+/g;
  const list = raw.slice(formats.start, formats.end);
  for (const found of list.matchAll(token)) {
    const start = formats.start + found.index;
    yield { id: found[0], start, end: start + found[0].length };
  }
}

/**
 * Takes payload types out of a stream: each from the m= line with the blank before it (where it stands twice, the first), and
 * the attributes about it. One pass, however many there are.
 */
function removeFrom(raw: string, edits: Edits, stream: SdpStream, ids: ReadonlySet<string>): void {
  const left = new Set(ids);
  for (const { id, start, end } of formatsOf(raw, stream)) if (left.delete(id)) edits.remove(start - 1, end);
  for (const line of linesOf(raw, stream, 'a')) {
    const about = /^a=(?:rtpmap|fmtp|rtcp-fb):([^ \r\n]*) /i.exec(raw.slice(line.start, line.end))?.[1];
    if (about !== undefined && ids.has(about)) edits.remove(line.start, line.end);
  }
}

/** Lines of one letter, with their line ends. */
export function* linesOf(raw: string, { start, end }: Extent, letter: string): Generator<Extent> {
  let stop = start;
  for (let at = findSdpLine(raw, start, end, letter); at >= 0; at = findSdpLine(raw, at + 2, end, letter)) {
    // Lines may end in CR only: the one line feed behind many of them is looked for once.
    if (stop <= at) stop = raw.indexOf('\n', at) + 1 || raw.length;
    yield { start: at, end: stop };
  }
}

export function removeIds(raw: string, edits: Edits, sdp: Sdp, ids: readonly string[], media: string): void {
  for (const stream of streamsOf(sdp, media)) removeFrom(raw, edits, stream, new Set(ids));
}
export function keepIds(raw: string, edits: Edits, sdp: Sdp, ids: readonly string[], media: string): void {
  const kept = new Set(ids);
  for (const stream of streamsOf(sdp, media)) {
    const others = stream.payloads.filter(({ id }) => !kept.has(id)).map(({ id }) => id);
    if (others.length > 0) removeFrom(raw, edits, stream, new Set(others));
  }
}
/** 0: no stream has one of them; 1: each stream has all; 2: some are missing somewhere. */
export function presence(sdp: Sdp, ids: readonly string[]): 0 | 1 | 2 {
  let found = false;
  let missing = false;
  for (const { payloads } of streamsOf(sdp))
    for (const id of ids) {
      if (payloads.some((p) => p.id === id)) found = true;
      else missing = true;
    }
  return !found ? 0 : missing ? 2 : 1;
}
