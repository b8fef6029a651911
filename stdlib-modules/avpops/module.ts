/** avpops: operations on AVPs, and AVPs in a database. */
import {
  type Database,
  defineModule,
  opt,
  pv,
  type RouteContext,
  type ServerApi,
  StartError,
  str,
  subst,
  type Verdict,
  varStr,
} from '../../runtime/sdk/index.js';
import {
  calculate,
  check,
  copy,
  type Destination,
  isSet,
  push,
  remove,
  removeNamed,
  substitute,
  substitutionOf,
} from './operations.js';
import * as rows from './rows.js';
import {
  type AvpRef,
  attributesOf,
  avpOf,
  BadArgument,
  calculationOf,
  checkOf,
  cut,
  flagsOf,
  namesOf,
  ownerOf,
  parseScheme,
  refOf,
  refOfPv,
  type Scheme,
} from './spec.js';

interface State {
  db: Database | null;
  columns: rows.Columns | null;
  readonly schemes: Map<string, Scheme>;
  /** Arguments as they were understood, by what they are for and their text; they are constants of the cfg. */
  readonly parsed: Map<string, unknown>;
}
interface Me {
  readonly state: State;
}

/** Arguments are parsed at their first use. */
function parsed<T>(me: Me, purpose: string, text: string, parse: () => T): T {
  const key = `${purpose} ${text}`;
  const { parsed: known } = me.state;
  if (known.has(key)) return known.get(key) as T;
  const made = parse();
  known.set(key, made);
  return made;
}
/** -1, with the reason logged, where an argument means nothing. */
function guarded(ctx: RouteContext, work: () => Verdict): Verdict {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof BadArgument)) throw error;
    ctx.log(-1, error.message, 'avpops');
    return -1;
  }
}
const one = (me: Me, ctx: RouteContext, text: string): AvpRef => parsed(me, 'avp', text, () => avpOf(ctx.server, text));

/** `$avp(a)[/$avp(b)][/flags]`. */
function pair(server: ServerApi, text: string, known: string) {
  const [source, rest] = cut(text);
  const from = avpOf(server, source);
  const [target, letters] = rest.startsWith('$') ? cut(rest) : ['', rest];
  return { from, to: target.length > 1 ? avpOf(server, target) : null, flags: flagsOf(letters, known) };
}
function destinationOf(text: string): Destination {
  const [name, part] = cut(text);
  const words: Readonly<Record<string, Destination>> = {
    $ru: 'uri',
    '$ru/username': 'username',
    '$ru/domain': 'domain',
    $du: 'nextHop',
    $br: 'branch',
  };
  const found = words[part === '' ? name : `${name}/${part.toLowerCase()}`];
  if (found === undefined) throw new BadArgument(`unsupported destination "${text}"; expected $ru, $du or $br`);
  return found;
}

type RowWork = typeof rows.load;
async function onRows(me: Me, ctx: RouteContext, work: RowWork, source: string, which: string): Promise<Verdict> {
  const { db, columns, schemes } = me.state;
  if (db === null || columns === null) {
    ctx.log(-1, 'db_url is not set', 'avpops');
    return -1;
  }
  try {
    const owner = parsed(me, 'owner', source, () => ownerOf(ctx.server, source));
    const loads = work === rows.load;
    const wanted = parsed(me, loads ? 'load' : 'rows', which, () =>
      attributesOf(ctx.server, which, loads ? schemes : null),
    );
    return await work(ctx, db, columns, owner, wanted);
  } catch (error) {
    // The database layer has logged its own.
    if (error instanceof BadArgument) ctx.log(-1, error.message, 'avpops');
    return -1;
  }
}
/** Longest statement. */
const MAX_QUERY = 1023;

const routes = ['request', 'failure', 'reply', 'branch', 'local'] as const;
const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;
const source = str('source', 'whose: a uuid, or a variable with /uuid, /uri, /username or /domain');
const done = { 1: 'done', [-1]: 'nothing there, or an argument that means nothing' } as const;
const rowVerdicts = { 1: 'done', [-1]: 'nothing there, or the database does not answer' } as const;

export default defineModule({
  name: 'avpops',
  doc: 'Operations on AVPs, and AVPs in a database.',
  uses: [],
  params: {
    db_url: column('', 'Where the table is; for avp_db_…().'),
    avp_table: column('usr_preferences', 'Table with a row for each value.'),
    use_domain: { type: 'int', default: 0, min: 0, max: 1, doc: '1: the domain of a URI counts too.' },
    uuid_column: column('uuid', 'Column of the uuid.'),
    attribute_column: column('attribute', 'Column of the name.'),
    value_column: column('value', 'Column of the value.'),
    type_column: column('type', 'Column of the type: 1 an integer value, 2 an integer name.'),
    username_column: column('username', 'Column of the user.'),
    domain_column: column('domain', 'Column of the domain.'),
    db_scheme: {
      type: 'str',
      many: true,
      doc: 'A column of another table: name:table=…;username_col=…;value_col=…;value_type=integer.',
    },
  },
  stats: {},
  state: (_init, params): State => {
    const schemes = new Map<string, Scheme>();
    for (const text of params.db_scheme) {
      const scheme = parseScheme(text);
      if (typeof scheme === 'string')
        throw new StartError('SIPC8023', `avpops: parameter db_scheme "${text}" ${scheme}`);
      if (schemes.has(scheme.name)) throw new StartError('SIPC8023', `avpops: scheme ${scheme.name} is declared twice`);
      schemes.set(scheme.name, scheme);
    }
    return { db: null, columns: null, schemes, parsed: new Map() };
  },
  async start({ params, state }, server) {
    if (params.db_url === '') return;
    state.db = await server.databases.open(params.db_url, 'avpops');
    state.columns = {
      table: params.avp_table,
      uuid: params.uuid_column,
      attribute: params.attribute_column,
      value: params.value_column,
      type: params.type_column,
      username: params.username_column,
      domain: params.domain_column,
      useDomain: params.use_domain !== 0,
    };
  },
  functions: {
    avp_copy: {
      doc: 'Copies an AVP: the newest value, or with flags behind a slash all (g), as number (n), as text (s), the old ones deleted (d).',
      args: [str('source'), str('target')],
      routes,
      returns: done,
      constArgs: true,
      example: '$avp(a) = "1"; avp_copy("$avp(a)", "$avp(b)/gn");',
      run: (me, ctx, from, to) =>
        guarded(ctx, () => {
          const [target, letters] = cut(to);
          return copy(ctx, one(me, ctx, from), one(me, ctx, target), flagsOf(letters, 'gdns'));
        }),
    },
    avp_delete: {
      doc: 'Deletes the newest value of an AVP, with /g all; * all AVPs, s those with text for a name, i with an integer.',
      args: [str('which')],
      routes,
      returns: done,
      constArgs: true,
      example: '$avp(a) = "1"; avp_delete("$avp(a)/g");',
      run: (me, ctx, which) =>
        guarded(ctx, () => {
          const [name, letters] = cut(which);
          const flags = flagsOf(letters, 'g');
          return name.startsWith('$')
            ? remove(ctx, one(me, ctx, name), flags.has('g'))
            : removeNamed(ctx, namesOf(name));
        }),
    },
    avp_pushto: {
      doc: 'Writes a value into $ru, $ru/username, $ru/domain, $du or $br; with /g all values of an AVP, each a target.',
      args: [str('target'), str('source')],
      routes,
      returns: done,
      constArgs: true,
      example: '$avp(a) = "sip:b@example.com"; avp_pushto("$du", "$avp(a)");',
      run: (me, ctx, to, from) =>
        guarded(ctx, () => {
          const [name, letters] = cut(from);
          const ref = parsed(me, 'ref', name, () => refOf(ctx.server, name));
          return push(ctx, destinationOf(to), ref, flagsOf(letters, 'g').has('g'));
        }),
    },
    avp_check: {
      doc: 'Compares a variable: eq, ne, lt, le, gt, ge, re, fm, and, or or xor, with a value, and flags g (all values) and i (case does not matter).',
      args: [pv('variable'), str('check', 'operation/value[/flags]')],
      routes,
      returns: { 1: 'it holds', [-1]: 'it does not' },
      constArgs: true,
      example: '$avp(a) = "x"; if (avp_check("$avp(a)", "eq/s:x/g")) { xlog("x\\n"); }',
      run: (me, ctx, variable, text) =>
        guarded(ctx, () =>
          check(
            ctx,
            parsed(me, 'pv', variable.name, () => refOfPv(ctx.server, variable)),
            parsed(me, 'check', text, () => checkOf(ctx.server, text)),
          ),
        ),
    },
    avp_op: {
      doc: 'Calculates with integers: add, sub, mul, div, mod, and, or, xor or not; the result is a new value of the AVP, or of the one behind a slash.',
      args: [str('variable'), str('operation', 'operation/value[/flags]')],
      routes,
      returns: done,
      constArgs: true,
      example: '$avp(n) = 5; avp_op("$avp(n)/$avp(m)", "mul/i:3");',
      run: (me, ctx, variable, text) =>
        guarded(ctx, () => {
          const { from, to } = parsed(me, 'op', variable, () => pair(ctx.server, variable, ''));
          return calculate(
            ctx,
            from,
            to,
            parsed(me, 'calculation', text, () => calculationOf(ctx.server, text)),
          );
        }),
    },
    avp_subst: {
      doc: 'Makes a substitution in an AVP, into the same or into the one behind a slash; flags g (all values) and d (the old ones go).',
      args: [str('variable'), subst('substitution')],
      routes,
      returns: { 1: 'something changed', [-1]: 'nothing matched' },
      constArgs: true,
      example: '$avp(a) = "abc"; avp_subst("$avp(a)/$avp(b)/g", "/b/x/");',
      run: (me, ctx, variable, by) =>
        guarded(ctx, () => {
          const { from, to, flags } = parsed(me, 'subst', variable, () => pair(ctx.server, variable, 'gd'));
          return substitute(ctx, from, to, flags, by);
        }),
    },
    avp_subst_pv: {
      doc: 'As avp_subst(), with variables in the substitution.',
      args: [str('variable'), varStr('substitution')],
      routes,
      returns: { 1: 'something changed', [-1]: 'nothing matched', [-3]: 'no substitution' },
      example: '$avp(a) = "abc"; avp_subst_pv("$avp(a)/$avp(b)", "/b/$rU/");',
      run: (me, ctx, variable, text) =>
        guarded(ctx, () => {
          const by = substitutionOf(text);
          if (by === null) {
            ctx.log(-1, `bad subst re ${text}`, 'avpops');
            return -3;
          }
          const { from, to, flags } = parsed(me, 'subst', variable, () => pair(ctx.server, variable, 'gd'));
          return substitute(ctx, from, to, flags, by);
        }),
    },
    is_avp_set: {
      doc: 'Is the AVP there, and with flags behind a slash empty (e), text (s), a number (n)?',
      args: [str('variable')],
      routes,
      returns: { 1: 'yes', [-1]: 'no' },
      constArgs: true,
      example: 'if (is_avp_set("$avp(a)/s")) { xlog("text\\n"); }',
      run: (me, ctx, variable) =>
        guarded(ctx, () => {
          const [name, letters] = cut(variable);
          const flags = flagsOf(letters, 'ens');
          if (flags.has('n') && flags.has('s')) throw new BadArgument('n and s exclude each other');
          return isSet(ctx, one(me, ctx, name), flags);
        }),
    },
    avp_print: {
      doc: 'Writes all AVPs into the log, at level 2.',
      args: [],
      routes,
      returns: { 1: 'done' },
      example: 'avp_print();',
      run(_me, ctx) {
        for (const name of ctx.avps.names())
          for (const value of ctx.avps.all(name))
            ctx.log(2, `name=<${name}> ${typeof value === 'number' ? 'val_int' : 'val_str'}=<${value}>`, 'avpops');
        return 1;
      },
    },
    avp_db_load: {
      doc: 'Loads AVPs: one, or * all, behind a slash the table or $scheme.',
      args: [source, str('which')],
      routes,
      returns: rowVerdicts,
      constArgs: true,
      async: 'always',
      example: 'avp_db_load("$fu", "$avp(speed_dial)");',
      run: (me, ctx, whose, which) => onRows(me, ctx, rows.load, whose, which),
    },
    avp_db_store: {
      doc: 'Stores values of AVPs that are not in the table: of one, or * all, behind a slash the table.',
      args: [source, str('which')],
      routes,
      returns: rowVerdicts,
      constArgs: true,
      async: 'always',
      example: 'avp_db_store("$fu", "$avp(speed_dial)");',
      run: (me, ctx, whose, which) => onRows(me, ctx, rows.store, whose, which),
    },
    avp_db_delete: {
      doc: 'Deletes rows: of one AVP, or * all, behind a slash the table.',
      args: [source, str('which')],
      routes,
      returns: rowVerdicts,
      constArgs: true,
      async: 'always',
      example: 'avp_db_delete("$fu", "$avp(speed_dial)");',
      run: (me, ctx, whose, which) => onRows(me, ctx, rows.remove, whose, which),
    },
    avp_db_query: {
      doc: 'Runs SQL; the columns go into these AVPs ($avp(a);$avp(b)), else into those named 1, 2 ….',
      args: [varStr('query'), opt(str('into'))],
      routes,
      constArgs: true,
      returns: { 1: 'there are rows', [-1]: 'the query failed', [-2]: 'there are none' },
      async: 'always',
      example: 'avp_db_query("select 1", "$avp(one)");',
      async run(me, ctx, sql, into) {
        const { db } = me.state;
        if (db === null || sql === '' || sql.length > MAX_QUERY) {
          ctx.log(-1, db === null ? 'db_url is not set' : 'cannot print the query', 'avpops');
          return -1;
        }
        try {
          const named = (text: string) => text.split(';').filter((name) => name.trim() !== '');
          const refs =
            into === undefined
              ? null
              : parsed(me, 'into', into, () => named(into).map((name) => avpOf(ctx.server, name)));
          return await rows.query(ctx, db, sql, refs);
        } catch (error) {
          if (error instanceof BadArgument) ctx.log(-1, error.message, 'avpops');
          return -1;
        }
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
