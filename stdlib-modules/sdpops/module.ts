/** sdpops: asks and edits session descriptions in bodies (RFC 8866). */
import {
  defineModule,
  equalsIgnoreCase,
  lineIterator,
  linesBetween,
  opt,
  type PvRef,
  parseSdp,
  pvWritable,
  type RouteContext,
  type Sdp,
  type SdpStream,
  str,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';
import { idsOfNames, keepIds, linesOf, listItems, presence, removeIds, streamsOf } from './codecs.js';

/** Null where there is no SDP, or a malformed one. */
function sdpOf(ctx: RouteContext): Sdp | null {
  const sdp = parseSdp(ctx.msg);
  return sdp === 'empty' ? null : sdp;
}
const lines = lineIterator('sdp', 'sdpitval', 'the SDP', (ctx) => {
  const sdp = sdpOf(ctx);
  return sdp === null ? null : linesBetween(ctx.msg.raw, sdp.start, sdp.end);
});
const yes = (found: boolean): Verdict => (found ? 1 : -1);

/** Takes streams out, from their m= line to the next one. */
function removeStreams(ctx: RouteContext, wanted: (stream: SdpStream) => boolean): Verdict {
  const sdp = sdpOf(ctx);
  const found = sdp === null ? [] : streamsOf(sdp).filter(wanted);
  for (const { start, end } of found) ctx.draft.edits.remove(start, end);
  return yes(found.length > 0);
}
function storeIn(ctx: RouteContext, target: PvRef<RouteContext>, value: string): Verdict {
  return target.set?.(ctx, value) === false ? -1 : 1;
}

function removeLines(ctx: RouteContext, prefix: string, media: string): Verdict {
  const sdp = sdpOf(ctx);
  const { raw } = ctx.msg;
  if (sdp === null || prefix === '') return -1;
  for (const place of media === '' ? [sdp] : streamsOf(sdp, media))
    for (const line of linesOf(raw, place, prefix[0] ?? ''))
      if (raw.startsWith(prefix, line.start)) ctx.draft.edits.remove(line.start, line.end);
  return 1;
}

function lineStartingWith(ctx: RouteContext, target: PvRef<RouteContext>, prefix: string): Verdict {
  if (prefix === '') return -1;
  const sdp = parseSdp(ctx.msg);
  if (sdp === 'empty') return -2;
  if (sdp === null) return -1;
  const { raw } = ctx.msg;
  for (const line of linesOf(raw, { start: sdp.start, end: raw.length }, prefix[0] ?? ''))
    if (raw.startsWith(prefix, line.start))
      return storeIn(ctx, target, raw.slice(line.start, line.end).replace(/\r\n$/, ''));
  return -1;
}

/** A body that may be SDP, without a look inside. */
function looksLikeSdp(ctx: RouteContext): boolean {
  const { msg } = ctx;
  if (msg.bodyLength === 0) return false;
  if (msg.contentType === null) return true;
  const type = (msg.contentType.split(';')[0] ?? '').trim();
  return (
    equalsIgnoreCase(type, 'application/sdp') ||
    (equalsIgnoreCase(type, 'multipart/mixed') && msg.body.toLowerCase().includes('application/sdp'))
  );
}

/** The transport all streams have: '' when there are none, null when they differ. */
function commonTransport(sdp: Sdp): string | null {
  const [first, ...others] = streamsOf(sdp);
  if (first === undefined) return '';
  return others.every(({ transport }) => equalsIgnoreCase(transport, first.transport)) ? first.transport : null;
}

/** An int where it is one of 32 bits, else the digits; null when it is no number. */
function sessionVersion(ctx: RouteContext): { text: string; value: string | number } | null {
  const session = sdpOf(ctx)?.sessions.at(-1);
  if (session === undefined) return null;
  const text = ctx.msg.raw.slice(session.version.start, session.version.end);
  if (!/^-?\d{1,20}$/.test(text)) return null;
  const number = Number(text);
  return { text, value: number === (number | 0) ? number : text };
}
/** -1 counts it up. */
function setSessionVersion(ctx: RouteContext, wanted: number): boolean {
  const session = sdpOf(ctx)?.sessions.at(-1);
  const old = sessionVersion(ctx);
  if (session === undefined || old === null) return false;
  const next = wanted === -1 ? String(BigInt(old.text) + 1n) : String(wanted);
  if (wanted === -1 && next.length < old.text.length) return false;
  return ctx.draft.edits.replace(session.version.start, session.version.end, next);
}

const mediaArg = opt(varStr('media', 'only streams of this kind: audio, video …'));
const edited = { 1: 'done', [-1]: 'no SDP, or nothing known by that name' } as const;
const asked = { 1: 'there is', [-1]: 'there is none' } as const;

export default defineModule({
  name: 'sdpops',
  doc: 'Asks and edits session descriptions.',
  uses: [],
  params: {},
  stats: {},
  functions: {
    sdp_remove_line_by_prefix: {
      doc: 'Removes lines that begin so.',
      args: [varStr('prefix'), mediaArg],
      routes: ['any'],
      returns: { 1: 'done, also when there is no such line', [-1]: 'no SDP' },
      example: 'sdp_remove_line_by_prefix("a=rtcp-xr");',
      run: (_me, ctx, prefix, media) => removeLines(ctx, prefix, media ?? ''),
    },
    sdp_remove_codecs_by_id: {
      doc: 'Removes payload types, and the attributes about them.',
      args: [varStr('ids', 'with commas between'), mediaArg],
      routes: ['any'],
      returns: edited,
      example: 'sdp_remove_codecs_by_id("0,3");',
      run(_me, ctx, ids, media) {
        const sdp = sdpOf(ctx);
        if (sdp !== null) removeIds(ctx.msg.raw, ctx.draft.edits, sdp, listItems(ids), media ?? '');
        return yes(sdp !== null);
      },
    },
    sdp_remove_codecs_by_name: {
      doc: 'Removes codecs by name: all payload types that have it.',
      args: [varStr('names', 'with commas between'), mediaArg],
      routes: ['any'],
      returns: edited,
      example: 'sdp_remove_codecs_by_name("PCMU,telephone-event", "audio");',
      run(_me, ctx, names, media) {
        const sdp = sdpOf(ctx);
        const ids = sdp === null ? null : idsOfNames(sdp, names);
        if (sdp !== null && ids !== null) removeIds(ctx.msg.raw, ctx.draft.edits, sdp, ids, media ?? '');
        return yes(ids !== null);
      },
    },
    sdp_keep_codecs_by_id: {
      doc: 'Removes all payload types but these.',
      args: [varStr('ids', 'with commas between'), mediaArg],
      routes: ['any'],
      returns: edited,
      example: 'sdp_keep_codecs_by_id("8,101", "audio");',
      run(_me, ctx, ids, media) {
        const sdp = sdpOf(ctx);
        if (sdp !== null) keepIds(ctx.msg.raw, ctx.draft.edits, sdp, ids.split(','), media ?? '');
        return yes(sdp !== null);
      },
    },
    sdp_keep_codecs_by_name: {
      doc: 'Removes all codecs but these.',
      args: [varStr('names', 'with commas between'), mediaArg],
      routes: ['any'],
      returns: edited,
      example: 'sdp_keep_codecs_by_name("PCMA,opus", "audio");',
      run(_me, ctx, names, media) {
        const sdp = sdpOf(ctx);
        const ids = sdp === null ? null : idsOfNames(sdp, names);
        if (sdp !== null && ids !== null) keepIds(ctx.msg.raw, ctx.draft.edits, sdp, ids, media ?? '');
        return yes(ids !== null);
      },
    },
    sdp_with_media: {
      doc: 'Is there a stream of this kind?',
      args: [varStr('media', 'audio, video …')],
      routes: ['any'],
      returns: asked,
      example: 'if (sdp_with_media("video")) { xlog("a video call\\n"); }',
      run(_me, ctx, media) {
        const sdp = sdpOf(ctx);
        return yes(sdp !== null && streamsOf(sdp).some((s) => equalsIgnoreCase(s.media, media)));
      },
    },
    sdp_with_active_media: {
      doc: 'Is there a stream of this kind with a port that is not inactive?',
      args: [varStr('media', 'audio, video …')],
      routes: ['any'],
      returns: asked,
      example: 'if (sdp_with_active_media("video")) { xlog("video is on\\n"); }',
      run(_me, ctx, media) {
        const sdp = sdpOf(ctx);
        if (sdp === null) return -1;
        const active = ({ port, mode }: SdpStream) =>
          Number.parseInt(port, 10) !== 0 && mode?.toLowerCase() !== 'inactive';
        return yes(streamsOf(sdp).some((s) => equalsIgnoreCase(s.media, media) && active(s)));
      },
    },
    sdp_remove_media: {
      doc: 'Removes the streams of this kind.',
      args: [varStr('media', 'audio, video …')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'there is none' },
      example: 'sdp_remove_media("video");',
      run: (_me, ctx, media) => removeStreams(ctx, (s) => equalsIgnoreCase(s.media, media)),
    },
    sdp_with_transport: {
      doc: 'Is there a stream with this transport?',
      args: [varStr('transport', 'RTP/AVP, RTP/SAVP …')],
      routes: ['any'],
      returns: asked,
      example: 'if (sdp_with_transport("RTP/SAVP")) { xlog("SRTP\\n"); }',
      run(_me, ctx, transport) {
        const sdp = sdpOf(ctx);
        return yes(sdp !== null && streamsOf(sdp).some((s) => equalsIgnoreCase(s.transport, transport)));
      },
    },
    sdp_with_transport_like: {
      doc: 'Is there a stream whose transport has this in it?',
      args: [varStr('part', 'SAVP …')],
      routes: ['any'],
      returns: asked,
      example: 'if (sdp_with_transport_like("SAVP")) { xlog("SRTP\\n"); }',
      run(_me, ctx, part) {
        const sdp = sdpOf(ctx);
        return yes(sdp !== null && streamsOf(sdp).some((s) => s.transport.includes(part)));
      },
    },
    sdp_remove_transport: {
      doc: 'Removes the streams with this transport.',
      args: [varStr('transport')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'there is none' },
      example: 'sdp_remove_transport("RTP/AVP");',
      run: (_me, ctx, transport) => removeStreams(ctx, (s) => equalsIgnoreCase(s.transport, transport)),
    },
    sdp_transport: {
      doc: 'Stores the transport that all streams have.',
      args: [pvWritable('avp')],
      routes: ['any'],
      returns: { 1: 'stored, or there are no streams', [-1]: 'no SDP', [-2]: 'they differ' },
      example: 'sdp_transport("$avp(transport)");',
      run(_me, ctx, target) {
        const sdp = parseSdp(ctx.msg);
        if (sdp === null) return -1;
        const transport = sdp === 'empty' ? '' : commonTransport(sdp);
        if (transport === null) return -2;
        return transport === '' ? 1 : storeIn(ctx, target, transport);
      },
    },
    sdp_with_codecs_by_id: {
      doc: 'Are these payload types offered?',
      args: [varStr('ids', 'with commas between')],
      routes: ['any'],
      returns: { 1: 'all in each stream', 2: 'some', [-1]: 'none', [-2]: 'no SDP' },
      example: 'if (sdp_with_codecs_by_id("0,8")) { xlog("G.711\\n"); }',
      run(_me, ctx, ids) {
        const sdp = sdpOf(ctx);
        return sdp === null ? -2 : presence(sdp, listItems(ids)) || -1;
      },
    },
    sdp_with_codecs_by_name: {
      doc: 'Are these codecs offered?',
      args: [varStr('names', 'with commas between')],
      routes: ['any'],
      returns: { 1: 'all in each stream', 2: 'some', [-1]: 'none, or no SDP' },
      example: 'if (sdp_with_codecs_by_name("PCMU,PCMA")) { xlog("G.711\\n"); }',
      run(_me, ctx, names) {
        const sdp = sdpOf(ctx);
        const ids = sdp === null ? null : idsOfNames(sdp, names);
        return sdp === null || ids === null ? -1 : presence(sdp, ids) || -1;
      },
    },
    sdp_print: {
      doc: 'Logs what was understood of the SDP.',
      args: [varInt('level', 'log level')],
      routes: ['any'],
      returns: { 1: 'done', [-1]: 'no good SDP' },
      example: 'sdp_print("1");',
      run(_me, ctx, level) {
        const sdp = parseSdp(ctx.msg);
        if (sdp === null) return -1;
        const streams = sdp === 'empty' ? [] : streamsOf(sdp);
        const bounded = Math.max(-5, Math.min(3, level)) as -5 | -4 | -3 | -2 | -1 | 0 | 1 | 2 | 3;
        for (const { media, port, transport, payloads, mode } of streams)
          ctx.log(
            bounded,
            `${media} ${port} ${transport} ${payloads.map(({ id, encoding }) => (encoding === null ? id : `${id}=${encoding}`)).join(' ')}${mode === null ? '' : ` ${mode}`}`,
            'sdpops',
          );
        return 1;
      },
    },
    sdp_get: {
      doc: 'Stores the SDP.',
      args: [pvWritable('avp')],
      routes: ['any'],
      returns: { 1: 'stored', [-1]: 'no good SDP', [-2]: 'no body' },
      example: 'sdp_get("$avp(sdp)");',
      run(_me, ctx, target) {
        const sdp = parseSdp(ctx.msg);
        if (sdp === null || sdp === 'empty') return sdp === null ? -1 : -2;
        return storeIn(ctx, target, ctx.msg.raw.slice(sdp.start, sdp.end));
      },
    },
    sdp_content: {
      doc: 'Is the body SDP?',
      args: [opt(str('sloppy', 'anything: by its type only'))],
      routes: ['any'],
      returns: { 1: 'it is', [-1]: 'it is not' },
      example: 'if (sdp_content()) { xlog("an offer or an answer\\n"); }',
      run: (_me, ctx, sloppy) => yes(sloppy === undefined ? sdpOf(ctx) !== null : looksLikeSdp(ctx)),
    },
    sdp_with_ice: {
      doc: 'Are there ICE candidates in the body?',
      args: [],
      routes: ['any'],
      returns: asked,
      example: 'if (sdp_with_ice()) { xlog("ICE\\n"); }',
      run: (_me, ctx) => yes(ctx.msg.body.includes('a=candidate')),
    },
    sdp_get_line_startswith: {
      doc: 'Stores the first line that begins so.',
      args: [pvWritable('avp'), varStr('prefix')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'stored', [-1]: 'no such line', [-2]: 'no body' },
      example: 'sdp_get_line_startswith("$avp(mline)", "m=");',
      run: (_me, ctx, target, prefix) => lineStartingWith(ctx, target, prefix),
    },
    sdp_get_address_family: {
      doc: 'Family of the address in the session’s c= line.',
      args: [],
      routes: ['any'],
      returns: { 4: 'IPv4', 6: 'IPv6', [-1]: 'no SDP, or no such line' },
      example: 'if (sdp_get_address_family() == 6) { xlog("IPv6\\n"); }',
      run: (_me, ctx) => sdpOf(ctx)?.sessions.at(-1)?.address?.family ?? -1,
    },
    sdp_iterator_start: lines.start,
    sdp_iterator_next: lines.next,
    sdp_iterator_end: lines.end,
    sdp_iterator_rm: lines.rm,
    sdp_iterator_append: lines.append,
    sdp_iterator_insert: lines.insert,
  },
  pvs: {
    sdpitval: lines.line,
    sdp: {
      doc: 'Of the SDP: `body`; `sess_version` (the version in o=, which can be set; -1 counts it up).',
      type: 'any',
      key: { use: 'req', values: ['body', 'sess_version'] },
      get(_me, ctx, key) {
        if (key === 'sess_version') return sessionVersion(ctx)?.value ?? null;
        const sdp = sdpOf(ctx);
        return sdp === null ? null : ctx.msg.raw.slice(sdp.start, sdp.end);
      },
      set: (_me, ctx, value, key) =>
        key === 'sess_version' && typeof value === 'number' && setSessionVersion(ctx, value),
    },
  },
  rpc: {},
  eventRoutes: {},
  missing: [],
});
