/**
 * Which arguments may be computed: every function of every module, its example with one argument replaced by `$var(x)`.
 * Kamailio prepares some arguments when it starts and refuses those that are not constant; no page says which.
 */
import { readFileSync } from 'node:fs';
import type { ModuleDeclaration } from '../../compiler/declarations.js';
import type { Host } from '../../compiler/host.js';
import { argumentsOf } from '../support/call-text.js';

export interface Call {
  /** `sl.sl_send_reply 0`: module, function, which argument. */
  readonly cell: string;
  readonly module: string;
  readonly constArgs: boolean;
  readonly kind: string;
  /** The call as its example has it, and with the argument replaced. */
  readonly plain: string;
  readonly computed: string;
  readonly head: string;
}

const heads: Readonly<Record<string, string>> = {
  request: 'request_route',
  failure: 'request_route { exit; }\nfailure_route[X]',
  branch: 'request_route { exit; }\nbranch_route[X]',
  reply: 'request_route { exit; }\nonreply_route[X]',
  event: 'request_route { exit; }\nevent_route[tm:local-request]',
};

export function callsOf(modules: Iterable<ModuleDeclaration>): Call[] {
  const calls: Call[] = [];
  for (const { name: module, functions } of modules)
    for (const { name, args, routes, example, constArgs, aliasOf } of Object.values(functions)) {
      const written = aliasOf === undefined ? argumentsOf(example, name) : null;
      const kind = (['request', 'failure', 'branch', 'reply', 'event'] as const).find(
        (k) => routes.includes(k) || (routes.includes('any') && k === 'request'),
      );
      if (module === 'core' || !written || !kind) continue;
      written.forEach((_, i) => {
        const call = (values: readonly string[]) => `${name}(${values.join(', ')});`;
        calls.push({
          cell: `${module}.${name} ${i}`,
          module,
          constArgs,
          kind: (args[i] ?? args.at(-1))?.kind ?? '',
          plain: call(written),
          computed: call(written.map((text, at) => (at === i ? '$var(x)' : text))),
          head: heads[kind]!,
        });
      });
    }
  return calls;
}

/** Does the declaration say that Kamailio refuses it? */
export const isRefused = ({ constArgs, kind }: Call): boolean => constArgs || kind === 'subst';

/** Is the call of a function that 5.6.3 does not have? There is nobody to ask about it. */
export function newerFunctions({ versions }: Host): (call: Call) => boolean {
  const names = new Set(Object.keys(versions?.().newer.functions ?? {}));
  return ({ cell }) => names.has(cell.slice(0, cell.indexOf(' ')).replace('.', ':'));
}

/** Cell → does Kamailio take it? */
export function readGolden(): ReadonlyMap<string, boolean> {
  const rows = readFileSync(new URL('goldens/computed.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  return new Map(rows.map((row) => [row.slice(0, row.lastIndexOf(' ')), row.endsWith('taken')]));
}
