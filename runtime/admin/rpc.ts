/**
 * Remote procedure calls: a registry of named commands and the call they get, apart from any wire format.
 *
 * A command reads typed parameters, adds to one result tree and may set a fault. `binrpc.ts` and `jsonrpc.ts` read
 * parameters from, and render the tree to, their own encodings. Parameter rules follow Kamailio's `rpc->scan`:
 * binrpc refuses an integer where text is wanted unless conversion is asked for, JSON-RPC gives 0 for text read as a number.
 */

/** A floating point (or wider than 32 bits) result: binrpc sends thousandths, JSON a number. Plain numbers are 32-bit integers. */
export class RpcDouble {
  constructor(readonly value: number) {}
}
export const double = (value: number): RpcDouble => new RpcDouble(value);

export type RpcValue = string | number | boolean | null | RpcDouble | RpcStruct | RpcArray;

/** Named values in the order added; a name may come twice. */
export class RpcStruct {
  readonly entries: { readonly name: string; readonly value: RpcValue }[] = [];
  constructor(from: Readonly<Record<string, RpcValue>> = {}) {
    for (const name of Object.keys(from)) this.entries.push({ name, value: from[name] as RpcValue });
  }
  add(name: string, value: RpcValue): this {
    this.entries.push({ name, value });
    return this;
  }
  struct(name: string): RpcStruct {
    const inner = new RpcStruct();
    this.entries.push({ name, value: inner });
    return inner;
  }
  array(name: string): RpcArray {
    const inner = new RpcArray();
    this.entries.push({ name, value: inner });
    return inner;
  }
}

/** Values in order. A named element is a member in binrpc, and an object with that one member in JSON. */
export class RpcArray {
  readonly items: { readonly name: string | null; readonly value: RpcValue }[] = [];
  constructor(values: readonly RpcValue[] = []) {
    for (const value of values) this.push(value);
  }
  push(value: RpcValue): this {
    this.items.push({ name: null, value });
    return this;
  }
  add(name: string, value: RpcValue): this {
    this.items.push({ name, value });
    return this;
  }
  struct(name: string | null = null): RpcStruct {
    const inner = new RpcStruct();
    this.items.push({ name, value: inner });
    return inner;
  }
  array(name: string | null = null): RpcArray {
    const inner = new RpcArray();
    this.items.push({ name, value: inner });
    return inner;
  }
}

export type RpcParam = string | number | boolean | null | RpcDouble;
export interface RpcFault {
  readonly code: number;
  readonly text: string;
}

/** How a transport's parameters convert. */
export interface RpcCallOptions {
  /** binrpc: types must match (`autoconversion` of ctl lifts it). */
  readonly strict: boolean;
  /** Parameters are words of text: each is read as what is wanted of it (xhttp_rpc). */
  readonly words?: boolean;
  /** xmlrpc: each parameter is turned into what is wanted of it, when it can be (`autoconversion`). */
  readonly converts?: boolean;
  /** Who asked, for commands that tell. */
  readonly peer?: string;
}

/** One command being executed. */
export class RpcCall {
  readonly results: RpcValue[] = [];
  private position = 0;
  private failure: RpcFault | null = null;
  /** From a reader that found nothing fit: sent when the command neither answers nor sets a fault. */
  private readFailure: RpcFault | null = null;
  /** Set by a command that wants something done once its answer is on its way (core.kill). */
  afterReply: (() => void) | null = null;

  constructor(
    readonly method: string,
    readonly params: readonly RpcParam[],
    readonly options: RpcCallOptions = { strict: false },
  ) {}

  /** The fault to send, or null for the results. */
  get faulted(): RpcFault | null {
    return this.failure ?? (this.results.length === 0 ? this.readFailure : null);
  }
  /** Parameters not read yet. */
  get left(): number {
    return this.params.length - this.position;
  }
  /** Text; undefined when absent or of another type. */
  str(): string | undefined {
    return this.read('string', true, (p) => this.toText(p, false));
  }
  /** Text, or a number as text (`.S`). */
  text(): string | undefined {
    return this.read('any', true, (p) => this.toText(p, true));
  }
  optStr(): string | undefined {
    return this.read('string', false, (p) => this.toText(p, false));
  }
  optText(): string | undefined {
    return this.read('any', false, (p) => this.toText(p, true));
  }
  int(): number | undefined {
    return this.read('integer', true, (p) => this.toInt(p));
  }
  optInt(): number | undefined {
    return this.read('integer', false, (p) => this.toInt(p));
  }
  /** Integer, from text as well (`.d`). */
  intText(): number | undefined {
    return this.read('any', true, (p) => this.toInt(p) ?? (typeof p === 'string' ? decimal(p) : undefined));
  }
  double(): number | undefined {
    return this.read('float', true, (p) => this.toDouble(p));
  }
  /** The next parameter as it came. */
  any(): RpcParam | undefined {
    return this.position < this.params.length ? this.params[this.position++] : undefined;
  }

  add(value: RpcValue): void {
    this.results.push(value);
  }
  struct(): RpcStruct {
    const value = new RpcStruct();
    this.results.push(value);
    return value;
  }
  array(): RpcArray {
    const value = new RpcArray();
    this.results.push(value);
    return value;
  }
  /** Only the first one counts, as with Kamailio's binrpc. */
  fault(code: number, text: string): void {
    this.failure ??= { code, text };
  }

  private read<T>(type: string, required: boolean, convert: (param: RpcParam) => T | undefined): T | undefined {
    const param = this.params[this.position];
    if (param === undefined) {
      const text = this.options.words
        ? 'Invalid parameter value'
        : readError(this.position, type, 'end of packet encountered');
      if (required) this.readFailure = { code: 400, text };
      return undefined;
    }
    const value = convert(param);
    if (value === undefined) {
      const text = readError(this.position, type, 'unexpected record type');
      this.readFailure = { code: 400, text };
      return undefined;
    }
    this.position++;
    return value;
  }
  private toText(param: RpcParam, convert: boolean): string | undefined {
    if (typeof param === 'string') return param;
    if (this.options.converts && param !== null)
      return String(param instanceof RpcDouble ? param.value : Number(param));
    return convert && typeof param === 'number' ? String(param) : undefined;
  }
  private toInt(param: RpcParam): number | undefined {
    if (typeof param === 'number') return param | 0;
    if (this.options.words && typeof param === 'string') return leadingNumber(param) | 0;
    if (this.options.converts && typeof param === 'string') {
      const digits = /^\s*[-+]?\d+/.exec(param)?.[0];
      return digits === undefined ? undefined : Number(digits) | 0;
    }
    if (this.options.strict && !this.options.converts) return undefined;
    if (param instanceof RpcDouble) return Math.trunc(param.value) | 0;
    return typeof param === 'boolean' ? Number(param) : 0;
  }
  private toDouble(param: RpcParam): number | undefined {
    if (param instanceof RpcDouble) return param.value;
    if (this.options.words && typeof param === 'string') return Number.parseFloat(param) || 0;
    if (this.options.converts) {
      const value = typeof param === 'string' ? Number.parseFloat(param) : Number(param);
      return Number.isNaN(value) ? undefined : value;
    }
    if (this.options.strict) return undefined;
    return typeof param === 'number' ? param : 0;
  }
}

const readError = (position: number, type: string, why: string) =>
  `error at parameter ${position}: expected ${type} type but ${why}`;

/** The number that a text begins with, as strtol() reads it: also 0x…; 0 when there is none. */
function leadingNumber(text: string): number {
  const hex = /^[+-]?0[xX][0-9a-fA-F]+/.exec(text)?.[0];
  if (hex !== undefined) return hex.startsWith('-') ? -Number(hex.slice(1)) : Number(hex.replace('+', ''));
  const digits = /^([+-]?)(0[0-7]*|\d+)/.exec(text);
  if (digits === null) return 0;
  const [, sign, number = ''] = digits;
  const value = number.startsWith('0') ? Number.parseInt(number, 8) : Number(number);
  return sign === '-' ? -value : value;
}

function decimal(text: string): number | undefined {
  const value = Number(text);
  return text !== '' && Number.isInteger(value) ? value | 0 : undefined;
}

export interface RpcCommand {
  readonly name: string;
  readonly doc: string;
  /** JSON-RPC shows every value added, not only the last one. */
  readonly returnsArray: boolean;
  /** It reloads something: not again within `RpcPace.seconds`. */
  readonly paced: boolean;
  readonly run: (call: RpcCall) => void | Promise<void>;
}
/** How far apart two runs of a paced command have to be (`rpc_exec_delta`), read live; 0: they need not. */
export interface RpcPace {
  seconds(): number;
  /** Monotonic, ms. */
  now(): number;
}

/** Commands whose JSON result is an array of all values added (Kamailio's RET_ARRAY). */
const arrayResults: ReadonlySet<string> = new Set([
  'system.listMethods',
  'core.prints',
  'core.printi',
  'core.echo',
  'core.ps',
  'core.psx',
  'core.psa',
  'core.pwd',
  'core.arg',
  'core.tcp_list',
  'core.modules',
  'core.ppdefines',
  'core.ppdefines_full',
]);

export class RpcRegistry {
  private readonly commands = new Map<string, RpcCommand>();
  /** When paced commands ran last, ms. */
  private readonly ranAt = new Map<string, number>();

  constructor(private readonly pace: RpcPace = { seconds: () => 0, now: () => 0 }) {}

  /** The first one to register a name keeps it; false for a later one. */
  register(
    name: string,
    doc: string,
    run: (call: RpcCall) => void | Promise<void>,
    returnsArray = arrayResults.has(name),
    paced = false,
  ) {
    if (this.commands.has(name)) return false;
    this.commands.set(name, { name, doc, returnsArray, paced, run });
    return true;
  }
  find(name: string): RpcCommand | null {
    return this.commands.get(name) ?? null;
  }
  names(): string[] {
    return [...this.commands.keys()];
  }
  /** Notes a run that is not. */
  private isTooSoon({ name, paced }: RpcCommand): boolean {
    const seconds = this.pace.seconds();
    if (!paced || seconds === 0) return false;
    const now = this.pace.now();
    const last = this.ranAt.get(name);
    if (last !== undefined && now - last < seconds * 1000) return true;
    this.ranAt.set(name, now);
    return false;
  }
  /** Runs a command to its end. Null when there is none of this name. Our own bug becomes a fault of 500, and is given to `failed`. */
  execute(
    call: RpcCall,
    failed: (error: unknown) => void,
  ): { command: RpcCommand; done: Promise<void> | undefined } | null {
    const command = this.find(call.method);
    if (command === null) return null;
    if (this.isTooSoon(command)) {
      call.fault(500, 'Command Executed Too Fast');
      return { command, done: undefined };
    }
    const refuse = (error: unknown) => {
      call.fault(500, 'internal server error');
      failed(error);
    };
    try {
      const pending = command.run(call);
      return { command, done: pending instanceof Promise ? pending.catch(refuse) : undefined };
    } catch (error) {
      refuse(error);
      return { command, done: undefined };
    }
  }
}
