/** The parts of `sipc/program` that need the server: its log, caches and selects. */
import { ArithmeticFailure } from '../errors.js';
import type { SelectRead, ServerApi } from '../sdk/context.js';
import { toStr } from '../values/coerce.js';
import { ipValue, type Network, parseNetwork } from '../values/network.js';
import { EreError, RegexCache } from '../values/regex.js';
import { actionTime } from './action-time.js';
import type { HostNames } from './host-names.js';
import * as program from './program.js';
import { pvReference } from './run-format.js';
import { makeTransformations } from './transformations.js';

export type ProgramLink = typeof program;
export type FindSelect = (words: readonly (string | number)[]) => SelectRead | null;

/** Most computed names of pseudo-variables remembered. */
const MAX_REFERENCES = 256;
/** Most `missing` places remembered. */
const MAX_NOTED = 1000;

export function programLink(
  server: ServerApi,
  findSelect: FindSelect,
  hosts: HostNames,
  pvs: Readonly<Record<string, program.Pv>>,
): ProgramLink {
  const patterns = new RegexCache({ ignoreCase: true });
  const arguments_ = new RegexCache({ ignoreCase: true, newline: true });
  const references = new Map<string, program.PvRef | null>();
  const noted = new Set<string>();
  const noteMissing = (what: string, at: string) => {
    if (noted.has(at) || noted.size >= MAX_NOTED) return;
    noted.add(at);
    server.log(-1, '<core>', `${what} is not supported yet: it was compiled to do nothing`, at);
  };
  return {
    ...program,
    tr: makeTransformations(() => server.grammar),
    watch: server.watch,
    ...actionTime(server.env.clock, server.env.log, server.settings.values),
    attempt: (compute) => {
      try {
        return compute();
      } catch (error) {
        if (!(error instanceof ArithmeticFailure)) throw error;
        server.log(-1, '<core>', `${error.message}: the statement is given up`);
        return undefined;
      }
    },
    matchesDynamic: (value, source, undefinedIs) => {
      if (source === null && undefinedIs !== undefined) return undefinedIs;
      const compiled = patterns.get(toStr(source));
      if (!(compiled instanceof EreError)) return compiled.test(toStr(value));
      server.log(-1, '<core>', `bad regular expression '${toStr(source)}': ${compiled.message}`);
      return false;
    },
    regexArg: (source) => {
      const compiled = arguments_.get(source);
      return compiled instanceof EreError ? null : compiled;
    },
    pvArg: (text) => {
      const known = references.get(text);
      if (known !== undefined) return known;
      if (references.size >= MAX_REFERENCES) references.clear();
      const made = pvReference(text, pvs);
      references.set(text, made);
      return made;
    },
    select: (words) => {
      const found = findSelect(words);
      if (found)
        return (ctx) => {
          const value = found(ctx);
          return value === undefined ? '' : value;
        };
      server.log(-1, '<core>', `no select @${words.join('.')}`);
      return () => null;
    },
    hostName: (name) => {
      hosts.addresses(name); // asks for them
      return name;
    },
    hostIs: (_ctx, ip, wanted) => {
      const host = toStr(wanted);
      const net = networkOf(host);
      return net ? program.inNetwork(ip, net) : host !== '' && hosts.addresses(host).includes(toStr(ip));
    },
    missing: (_ctx, what, at) => {
      noteMissing(what, at);
      return -1;
    },
    missingPv: (_ctx, what, at) => {
      noteMissing(what, at);
      return null;
    },
  };
}

/** Text that is an address or a network; null: it is a host name. */
function networkOf(text: string): Network | null {
  const [address = '', mask, more] = text.split('/');
  const value = ipValue(address);
  if (value === null || more !== undefined) return null;
  const fits = mask === undefined || ipValue(mask) !== null || /^\d{1,3}$/.test(mask);
  return fits ? parseNetwork(text) : null;
}
