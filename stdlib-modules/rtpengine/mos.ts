/** Call quality out of the answer to delete and query: MOS and what goes with it, into the variables that parameters name. */
import type { Format, ParamSpec, PvRef, RouteContext } from '../../runtime/sdk/index.js';
import { Dictionary } from './bencode.js';

type Pv = PvRef<RouteContext>;
const fields = ['', '_at', '_packetloss', '_jitter', '_roundtrip', '_roundtrip_leg', '_samples'] as const;
type Field = (typeof fields)[number];
const kinds = ['min', 'max', 'average'] as const;
type Kind = (typeof kinds)[number];
/** '' is the whole call; A and B are those whose label is in `mos_A_label_pv` and `mos_B_label_pv`. */
const sides = ['', '_A', '_B'] as const;
type Side = (typeof sides)[number];

const meaning: Readonly<Record<Field, string>> = {
  '': 'MOS',
  _at: 'minute and second of the call',
  _packetloss: 'packet loss in percent',
  _jitter: 'jitter in ms',
  _roundtrip: 'round-trip time in µs',
  _roundtrip_leg: 'round-trip time of the leg in µs',
  _samples: 'number of samples',
};
/** A moment belongs to one sample, a number of samples to an average. */
const has = (kind: Kind, field: Field): boolean => field !== (kind === 'average' ? '_at' : '_samples');

type MosName = `mos_${Kind}${Field}${Side}_pv` | 'mos_A_label_pv' | 'mos_B_label_pv';
const labelNames = { _A: 'mos_A_label_pv', _B: 'mos_B_label_pv' } as const;

/** The parameters, by name. */
export const mosParams = Object.fromEntries(
  sides.flatMap((side) => [
    ...(side === ''
      ? []
      : [[labelNames[side], { type: 'format', doc: `Label of side ${side[1]} of the call.` }] as const]),
    ...kinds.flatMap((kind) =>
      fields
        .filter((field) => has(kind, field))
        .map((field) => {
          const doc = `Gets the ${kind} ${meaning[field]} of ${side === '' ? 'the call' : `side ${side[1]}`}.`;
          return [`mos_${kind}${field}${side}_pv`, { type: 'pv', doc }] as const;
        }),
    ),
  ]),
) as Readonly<Record<MosName, ParamSpec<'pv' | 'format'>>>;

interface Values {
  mos: number;
  at: number;
  packetloss: number;
  jitter: number;
  roundtrip: number;
  roundtripLeg: number;
  samples: number;
}
function valuesOf(ssrc: Dictionary, key: string): Values | null {
  const found = ssrc.dictionary(key);
  if (found === null) return null;
  return {
    mos: found.int('MOS'),
    at: found.int('reported at'),
    packetloss: found.int('packet loss'),
    jitter: found.int('jitter'),
    roundtrip: found.int('round-trip time'),
    roundtripLeg: found.int('round-trip time leg'),
    samples: found.int('samples'),
  };
}
/** Streams looked at for one label. */
const MAX_STREAMS = 4;

/** SSRCs of who has this label; null when nobody has. */
function streamsOf(answer: Dictionary, label: string): ReadonlySet<number> | null {
  const found = new Set<number>();
  for (const [, tag] of answer.dictionary('tags')?.entries ?? []) {
    if (!(tag instanceof Dictionary) || tag.text('label') !== label) continue;
    for (const media of tag.list('medias') ?? []) {
      const stream = media instanceof Dictionary ? media.list('streams')?.[0] : undefined;
      const ssrc = stream instanceof Dictionary ? stream.int('SSRC') : -1;
      if (ssrc !== -1 && found.size < MAX_STREAMS) found.add(ssrc);
    }
  }
  return found.size === 0 ? null : found;
}

const tenths = (n: number): string => `${Math.trunc(n / 10)}.${Math.abs(n % 10)}`;
const clock = (sec: number): string => `${Math.trunc(sec / 60)}:${String(Math.abs(sec % 60)).padStart(2, '0')}`;

class Writer {
  constructor(
    private readonly ctx: RouteContext,
    private readonly params: Readonly<Record<string, unknown>>,
    private readonly side: Side,
    private readonly createdSec: number,
  ) {}
  put(kind: Kind, values: Values): void {
    const texts: Readonly<Record<Field, string>> = {
      '': tenths(values.mos),
      _at: clock(values.at - this.createdSec),
      _packetloss: String(values.packetloss),
      _jitter: String(values.jitter),
      _roundtrip: String(values.roundtrip),
      _roundtrip_leg: String(values.roundtripLeg),
      _samples: String(values.samples),
    };
    for (const field of fields)
      (this.params[`mos_${kind}${field}${this.side}_pv`] as Pv | undefined)?.set?.(this.ctx, texts[field]);
  }
}

function writeSide(ctx: RouteContext, params: Readonly<Record<string, unknown>>, side: Side, answer: Dictionary): void {
  const label = side === '' ? undefined : (params[labelNames[side]] as Format<RouteContext> | undefined);
  const wanted = label === undefined ? null : streamsOf(answer, label(ctx));
  if (label !== undefined && wanted === null) return;
  const averages: Values[] = [];
  let best: Values | null = null;
  let worst: Values | null = null;
  for (const [ssrc, stats] of answer.dictionary('SSRC')?.entries ?? []) {
    if (!(stats instanceof Dictionary) || (wanted !== null && !wanted.has(Number(ssrc)))) continue;
    const average = valuesOf(stats, 'average MOS');
    if (average !== null && average.mos > 0) averages.push(average);
    const high = valuesOf(stats, 'highest MOS');
    if (high !== null && high.mos > (best?.mos ?? -1)) best = high;
    const low = valuesOf(stats, 'lowest MOS');
    if (low !== null && low.mos > 0 && low.mos < (worst?.mos ?? 100)) worst = low;
  }
  const writer = new Writer(ctx, params, side, answer.int('created', 0));
  if (best !== null) writer.put('max', best);
  if (worst !== null) writer.put('min', worst);
  if (averages.length === 0) return;
  const mean = (key: keyof Values) => Math.trunc(averages.reduce((sum, v) => sum + v[key], 0) / averages.length);
  writer.put('average', {
    mos: mean('mos'),
    at: 0,
    packetloss: mean('packetloss'),
    jitter: mean('jitter'),
    roundtrip: mean('roundtrip'),
    roundtripLeg: mean('roundtripLeg'),
    samples: mean('samples'),
  });
}

/** Which sides any parameter asks about; made once. */
export function sidesAsked(params: Readonly<Record<string, unknown>>): Side[] {
  return sides.filter((side) =>
    Object.keys(mosParams).some((name) => params[name] !== undefined && sideOf(name) === side),
  );
}
const sideOf = (name: string): Side =>
  /_A_(?:label_)?pv$/.test(name) ? '_A' : /_B_(?:label_)?pv$/.test(name) ? '_B' : '';

export function writeQuality(
  ctx: RouteContext,
  params: Readonly<Record<string, unknown>>,
  asked: readonly Side[],
  answer: Dictionary,
): void {
  for (const side of asked) writeSide(ctx, params, side, answer);
}
