/** xlog: log lines with pseudo-variables. Nothing is built for a line that the level keeps out. */
import {
  defineModule,
  type Format,
  format,
  isFacility,
  type LogLevel,
  methodId,
  opt,
  parseLevel,
  placedFormat,
  prints,
  type RouteContext,
  type Shape,
  StartError,
  type Verdict,
  withShapes,
} from '../../runtime/sdk/index.js';
import { colour, parseColours } from './colours.js';

interface Me {
  readonly params: {
    readonly buf_size: number;
    readonly prefix: string;
    readonly prefix_mode: number;
    readonly long_format: number;
    readonly methods_filter: number;
  };
  readonly state: State;
}
type Text = Format<RouteContext>;
/** `prefix` with its pseudo-variables, when `prefix_mode` asks for them. */
interface State {
  prefix: Text | null;
}

const returns = { 1: 'written, or below the level', [-1]: 'longer than buf_size, or no such level' } as const;
const line = format('text', 'the line; end it with \\n');
const placedLine = placedFormat('text', 'the line; end it with \\n');

function write(me: Me, ctx: RouteContext, level: LogLevel, text: Text): Verdict {
  if (!prints(ctx.server.env.log, level, 'xlog')) return 1;
  return put(me, ctx, level, text(ctx));
}
function put(me: Me, ctx: RouteContext, level: LogLevel, built: string): Verdict {
  const { buf_size } = me.params;
  const prefix = me.state.prefix?.(ctx) ?? me.params.prefix;
  if (built.length >= buf_size) {
    ctx.log(-1, 'no more space for spec value, increase buf_size', 'xlog');
    return -1;
  }
  const shown = built.endsWith('\n') ? built.slice(0, -1) : built;
  const colon = prefix.indexOf(': ');
  if (colon >= 0) ctx.log(level, prefix.slice(colon + 2) + shown, prefix.slice(0, colon));
  else ctx.log(level, prefix + shown, '');
  return 1;
}
/** `(text)`, `(level, text)` or `(facility, level, text)`. */
function writeAny(me: Me, ctx: RouteContext, a: Text, b: Text | undefined, c: Text | undefined): Verdict {
  if (b === undefined) return write(me, ctx, -1, a);
  const level = parseLevel((c === undefined ? a : b)(ctx));
  if (level === null) {
    ctx.log(-1, 'invalid log level value', 'xlog');
    return -1;
  }
  return write(me, ctx, level, c ?? b);
}
/** As `writeAny`, with `line:` in front, or `file:line:` when `long_format` is 1. */
function writePlaced(me: Me, ctx: RouteContext, a: Text, b: Text | undefined, c: Text | undefined): Verdict {
  const text = c ?? b ?? a;
  return writeAny(
    me,
    ctx,
    b === undefined ? shown(me, text) : unplaced(a),
    b === undefined ? undefined : c === undefined ? shown(me, text) : unplaced(b),
    c === undefined ? undefined : shown(me, text),
  );
}
const unplaced =
  (text: Text): Text =>
  (ctx) => {
    const built = text(ctx);
    return built.slice(built.indexOf(':', built.indexOf('\0')) + 1);
  };
const shown =
  (me: Me, text: Text): Text =>
  (ctx) => {
    const built = text(ctx);
    return me.params.long_format === 1 ? built.replace('\0', ':') : built.slice(built.indexOf('\0') + 1);
  };
/** Kamailio looks at the third character of the name of a level. */
const level = (of: number): Shape => ({
  pattern: '^(?:[$]|..[ABCDEINW])',
  wants: 'a log level, such as L_INFO',
  of,
});
const facility: Shape = { pattern: '^LOG_', wants: 'a facility, such as LOG_LOCAL0', of: 3 };

const atLevel = (level: LogLevel, name: string, word: string) =>
  ({
    doc: `Logs at level ${word}.`,
    args: [line],
    routes: ['any'],
    constArgs: true,
    returns,
    example: `${name}("from $fu\\n");`,
    run: (me: Me, ctx: RouteContext, text: Text) => write(me, ctx, level, text),
  }) as const;

export default defineModule({
  name: 'xlog',
  doc: 'Log lines with pseudo-variables.',
  uses: [],
  params: {
    buf_size: { type: 'int', default: 4096, min: 1, doc: 'Longest line, bytes.' },
    force_color: { type: 'int', default: 0, doc: '1: colours also when the log does not go to a terminal.' },
    long_format: { type: 'int', default: 0, doc: '1: file and line in the lines of the functions that show them.' },
    prefix: { type: 'str', default: '<script>: ', doc: 'Put before every line.' },
    prefix_mode: { type: 'int', default: 0, doc: '1: pseudo-variables in `prefix` are evaluated for each line.' },
    log_colors: {
      type: 'str',
      many: true,
      doc: 'Colours of the levels with log_color, as $C writes them: L_ERR=Rx;L_WARN=yx.',
    },
    auto_newline: {
      type: 'int',
      default: 0,
      noEffect: true,
      doc: 'Not needed: every record is a line of its own, whether its text ends with \\n or not.',
    },
    log_facility: { type: 'str', default: '', doc: 'Syslog facility of these lines.' },
    methods_filter: {
      type: 'int',
      default: -1,
      live: true,
      doc: 'Methods (bits) that xlogm() keeps out; -1: it writes nothing.',
    },
  },
  stats: {},
  state: (): State => ({ prefix: null }),
  start(me, server) {
    if (me.params.prefix_mode !== 0) me.state.prefix = server.format(me.params.prefix);
    const { log_facility, log_colors } = me.params;
    for (const text of log_colors) {
      const colours = parseColours(text);
      if (colours === null)
        throw new StartError('SIPC8023', `xlog: log_colors ${text} cannot be read; write L_ERR=Rx;L_WARN=yx`);
      for (const { level, sequence } of colours) server.env.log.colour?.(level, sequence);
    }
    if (log_facility !== '' && !isFacility(log_facility))
      throw new StartError(
        'SIPC8023',
        `xlog: log_facility ${log_facility} does not exist; use LOG_LOCAL0 to LOG_LOCAL7 or LOG_DAEMON`,
      );
  },
  functions: {
    xlog: {
      doc: 'Logs at level ERR, at the level given, or with a facility and a level.',
      args: [
        withShapes(
          format('text', 'the line, or the level when two are given, or the facility when three are'),
          level(2),
          facility,
        ),
        opt(withShapes(format('text2', 'the line, or the level when three are given'), level(3))),
        opt(format('text3', 'the line')),
      ],
      routes: ['any'],
      constArgs: true,
      returns,
      example: 'xlog("L_INFO", "new call from $fu\\n"); xlog("$rm\\n");',
      run: writeAny,
    },
    xlogl: {
      doc: 'As xlog(), with the line of the cfg in front; with `long_format` the file too.',
      args: [
        withShapes(
          placedFormat('text', 'the line, or the level when two are given, or the facility when three are'),
          level(2),
          facility,
        ),
        opt(withShapes(placedFormat('text2', 'the line, or the level when three are given'), level(3))),
        opt(placedFormat('text3', 'the line')),
      ],
      routes: ['any'],
      constArgs: true,
      returns,
      example: 'xlogl("L_INFO", "new call from $fu\\n");',
      run: writePlaced,
    },
    xdbgl: {
      doc: 'As xdbg(), with the line of the cfg in front; with `long_format` the file too.',
      args: [placedLine],
      routes: ['any'],
      constArgs: true,
      returns,
      example: 'xdbgl("from $fu\\n");',
      run: (me, ctx, text) => write(me, ctx, 3, shown(me, text)),
    },
    xdbg: atLevel(3, 'xdbg', 'DBG'),
    xinfo: atLevel(2, 'xinfo', 'INFO'),
    xnotice: atLevel(1, 'xnotice', 'NOTICE'),
    xwarn: atLevel(0, 'xwarn', 'WARN'),
    xerr: atLevel(-1, 'xerr', 'ERR'),
    xcrit: atLevel(-3, 'xcrit', 'CRIT'),
    xbug: atLevel(-4, 'xbug', 'BUG'),
    xalert: atLevel(-5, 'xalert', 'ALERT'),
    xlogm: {
      doc: 'Logs unless the method is one of methods_filter.',
      args: [withShapes(format('level'), level(2)), line],
      routes: ['any'],
      constArgs: true,
      returns,
      example: 'xlogm("L_INFO", "$rm from $si\\n");',
      run(me, ctx, level, text) {
        const filter = me.params.methods_filter;
        if (filter === -1) return 1;
        const { msg } = ctx;
        const method = msg.isRequest ? msg.methodId : methodId(msg.cseq?.method ?? '');
        return (method & filter) !== 0 ? 1 : writeAny(me, ctx, level, text, undefined);
      },
    },
  },
  pvs: {
    C: {
      doc: 'Terminal colour: foreground and background letter; empty when the log does not go to a terminal.',
      type: 'str',
      nullable: false,
      key: { use: 'req' },
      get(me, ctx, key) {
        if (me.params.force_color === 0 && ctx.server.settings.values.log_stderror === 0) return '';
        return colour(key) ?? '';
      },
    },
  },
  rpc: {},
  eventRoutes: {},
  missing: [],
});
