/** `$def`, `$env` and `$iuid`: what the cfg, the process's environment and the command line define (core/pv_core.c). */
import type { PvSpec, RouteContext, Value } from '../../runtime/sdk/index.js';

const named = (doc: string, get: (ctx: RouteContext, name: string) => Value): PvSpec<object, RouteContext> => ({
  doc,
  type: 'str',
  key: { use: 'req' },
  get: (_me, ctx, name) => get(ctx, name),
});
const definition = (ctx: RouteContext, name: string): string | null =>
  Object.hasOwn(ctx.config.defines, name) ? ctx.config.defines[name]! : null;
/** Environment variables are characters, values are bytes. */
const variable = (ctx: RouteContext, name: string): string | null => {
  const text = ctx.server.info.environment[name];
  return text === undefined ? null : Buffer.from(text, 'utf8').toString('latin1');
};
const inQuotes = /^(["']).*\1$/s;
const unquoted = (text: string): string => (inQuotes.test(text) ? text.slice(1, -1) : text);
const quoted = (text: string): string => (inQuotes.test(text) ? text : `"${text}"`);

export const definitionPvs = {
  def: named('text of a #!define, as written', definition),
  defn: {
    ...named('text of a #!define; 0 when there is none', (ctx, name) => definition(ctx, name) ?? 0),
    type: 'any',
  },
  defv: named('text of a #!define without its quotes', (ctx, name) => {
    const text = definition(ctx, name);
    return text === null ? null : unquoted(text);
  }),
  defs: named('text of a #!define in quotes, which it gets where it has none (Kamailio 5.7)', (ctx, name) => {
    const text = definition(ctx, name);
    return text === null ? null : quoted(text);
  }),
  iuid: {
    doc: 'what tells this instance from others: coreparam[iuid], --iuid (Kamailio 6.1)',
    type: 'str',
    get: (_me, ctx) => ctx.server.settings.values['coreparam.iuid'] || null,
  },
  env: named('variable of the environment', variable),
  envn: named('variable of the environment that holds a number', variable),
} satisfies Record<string, PvSpec<object, RouteContext>>;
