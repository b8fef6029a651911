/**
 * DTMF events that rtpengine sends on its own (its `dtmf-log-dest`): one JSON object a datagram. Each fills the variables that
 * parameters name and runs `event_route[rtpengine:dtmf-event]`, one after the other. Kamailio's rtpengine.c,
 * rtpengine_raise_dtmf_event(), after 5.6.3.
 */
import {
  type DatagramSocket,
  type Endpoint,
  ipFamily,
  type ParamSpec,
  type PvRef,
  type RouteContext,
  type ServerApi,
  StartError,
} from '../../runtime/sdk/index.js';

export const DTMF_EVENT = 'rtpengine:dtmf-event';
/** What Kamailio reads of a datagram. */
const MAX_BYTES = 32_768;
/** Events that wait for the route; Kamailio has them wait in the socket. */
const MAX_WAITING = 1000;

type Pv = PvRef<RouteContext>;
type Read = (value: unknown) => string | null;
const oneByte = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const readText: Read = (value) => (typeof value === 'string' ? oneByte(value) : null);
/** As Kamailio, 0 for what is no number: also the `type` that rtpengine writes as text. */
const readNumber: Read = (value) =>
  value === undefined ? null : typeof value === 'number' && Math.abs(value) < 2 ** 53 ? String(Math.trunc(value)) : '0';
const readList: Read = (value) => {
  const texts = Array.isArray(value) ? value.map(readText).filter((text) => text !== null) : [];
  return texts.length === 0 ? null : texts.join(',');
};

/** By the key in the object. */
const fields = {
  callid: { param: 'dtmf_event_callid', read: readText, doc: 'the Call-ID' },
  source_tag: { param: 'dtmf_event_source_tag', read: readText, doc: 'the tag of who pressed the key' },
  source_label: { param: 'dtmf_event_source_label', read: readText, doc: 'the label of who pressed the key' },
  tags: { param: 'dtmf_event_tags', read: readList, doc: 'all tags of the call, with commas between' },
  type: { param: 'dtmf_event_type', read: readNumber, doc: 'the kind of event, as a number' },
  timestamp: { param: 'dtmf_event_timestamp', read: readNumber, doc: 'when it was, in seconds since 1970' },
  source_ip: { param: 'dtmf_event_source_ip', read: readText, doc: 'the address the key was pressed at' },
  event: { param: 'dtmf_event', read: readNumber, doc: 'the key: 0 to 9, 10 is *, 11 is # (RFC 4733 §3.2)' },
  duration: { param: 'dtmf_event_duration', read: readNumber, doc: 'for how many ms it was pressed' },
  volume: { param: 'dtmf_event_volume', read: readNumber, doc: 'its volume' },
} as const;
type EventParam = (typeof fields)[keyof typeof fields]['param'];

export const dtmfParams = {
  dtmf_events_sock: {
    type: 'str',
    default: '',
    doc: 'Address and UDP port that rtpengine sends DTMF events to, such as 127.0.0.1:2223; empty: none.',
  },
  ...(Object.fromEntries(
    Object.values(fields).map(({ param, doc }) => [param, { type: 'pv', doc: `Gets ${doc}, of a DTMF event.` }]),
  ) as unknown as Readonly<Record<EventParam, ParamSpec<'pv'>>>),
} as const;
type DtmfParams = { readonly dtmf_events_sock: string } & Readonly<Partial<Record<EventParam, Pv>>>;

/** `127.0.0.1:2223` or `[::1]:2223`; null when it is neither. */
export function eventsAddress(text: string): Endpoint | null {
  const [, v6, v4, port] = /^\s*(?:\[([\d:a-f.]+)\]|([\d.]+))\s*:\s*(\d{1,5})\s*$/i.exec(text) ?? [];
  const ip = v6 ?? v4 ?? '';
  if (ipFamily(ip) !== (v6 === undefined ? 4 : 6) || Number(port) > 0xffff || Number(port) === 0) return null;
  return { ip, port: Number(port) };
}

/** What the variables get, by parameter; null when it is no JSON object. */
export function readEvent(bytes: string): ReadonlyMap<EventParam, string> | null {
  if (bytes.length > MAX_BYTES) return null;
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(bytes, 'latin1').toString('utf8'));
  } catch {
    return null;
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return null;
  const told = new Map<EventParam, string>();
  for (const [key, { param, read: take }] of Object.entries(fields)) {
    const value = take((read as Readonly<Record<string, unknown>>)[key]);
    if (value !== null) told.set(param, value);
  }
  return told;
}

export class DtmfEvents {
  #waiting: ReadonlyMap<EventParam, string>[] = [];
  #running = false;
  #socket: DatagramSocket | null = null;

  private constructor(
    private readonly server: ServerApi,
    private readonly params: DtmfParams,
  ) {}

  /** Null when no address is set, or no route listens. Throws StartError for an address that cannot be had. */
  static async listen(server: ServerApi, params: DtmfParams): Promise<DtmfEvents | null> {
    const { dtmf_events_sock: written } = params;
    if (written === '') return null;
    const at = eventsAddress(written);
    if (at === null)
      throw new StartError(
        'SIPC8088',
        `rtpengine: dtmf_events_sock "${written}" is no address and port; write 127.0.0.1:2223`,
      );
    for (const { param } of Object.values(fields))
      if (params[param]?.set === null)
        throw new StartError('SIPC8089', `rtpengine: ${param} ${params[param].name} cannot be written`);
    if (!server.script.hasEvent(DTMF_EVENT)) {
      server.log(1, 'rtpengine', `dtmf_events_sock is not opened: there is no event_route[${DTMF_EVENT}]`);
      return null;
    }
    const events = new DtmfEvents(server, params);
    try {
      events.#socket = await server.env.network.bindUdp(at, (bytes) => events.#receive(bytes));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new StartError('SIPC8088', `rtpengine: dtmf_events_sock ${written} cannot be opened: ${reason}`);
    }
    return events;
  }
  close(): void {
    this.#socket?.close();
    this.#waiting = [];
  }

  #receive(bytes: string): void {
    const told = readEvent(bytes);
    if (told === null) this.server.log(-1, 'rtpengine', 'a DTMF event that is no JSON object is dropped');
    else if (this.#waiting.length >= MAX_WAITING)
      this.server.log(-1, 'rtpengine', `a DTMF event is dropped: ${MAX_WAITING} wait for their route`);
    else {
      this.#waiting.push(told);
      if (!this.#running) void this.#run();
    }
  }
  async #run(): Promise<void> {
    this.#running = true;
    for (let told = this.#waiting.shift(); told !== undefined; told = this.#waiting.shift()) {
      const event = told;
      await this.server.script.runEvent(DTMF_EVENT, this.server.detachedRun().msg, (ctx) => this.#fill(ctx, event));
    }
    this.#running = false;
  }
  #fill(ctx: RouteContext, told: ReadonlyMap<EventParam, string>): void {
    for (const [param, value] of told)
      if (this.params[param]?.set?.(ctx, value) === false) ctx.log(-1, `${param} cannot be set`, 'rtpengine');
  }
}
