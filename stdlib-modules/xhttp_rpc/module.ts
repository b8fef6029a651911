/** xhttp_rpc: commands on web pages, over HTTP on the SIP ports. */
import {
  defineModule,
  type RouteContext,
  RpcCall,
  type ServerApi,
  StartError,
  type Verdict,
} from '../../runtime/sdk/index.js';
import { groupsOf, type Outcome, type Place, page } from './page.js';

/** `api` of xhttp. */
interface HttpApi {
  reply(ctx: RouteContext, code: number, reason: string, type: string, body: string): Verdict;
}
/** Longest answer, bytes, where `xhttp_rpc_buf_size` does not say. */
const MAX_PAGE = 1 << 20;
const MAX_WORDS = 100;

interface Asked extends Place {
  /** Null: only the form is wanted. */
  readonly words: readonly string[] | null;
  /** What is wrong with the address; null: nothing. */
  readonly wrong: string | null;
}

/** `/root/group/command?arg=words`. */
function readAddress(url: string, root: string, server: ServerApi): Asked {
  const groups = groupsOf(server.rpc.names());
  const none: Asked = { root, groups, group: null, command: null, words: null, wrong: null };
  const bad = 'Bad URL';
  const start = root === '' ? '/' : `/${root}`;
  if (!url.startsWith(start)) return { ...none, wrong: bad };
  let rest = url.slice(start.length);
  if (root !== '') {
    if (rest !== '' && !rest.startsWith('/')) return { ...none, wrong: bad };
    rest = rest.slice(1);
  }
  if (rest === '') return none;
  const slash = rest.indexOf('/');
  const group = slash < 0 ? rest : rest.slice(0, slash);
  const commands = groups.get(group);
  if (commands === undefined) return { ...none, wrong: bad };
  const behind = slash < 0 ? '' : rest.slice(slash + 1);
  if (behind === '') return { ...none, group };
  const question = behind.indexOf('?');
  const command = question < 0 ? behind : behind.slice(0, question);
  if (!commands.includes(command)) return { ...none, group, wrong: bad };
  if (question < 0) return { ...none, group, command };
  const [, written] = /^\?arg=(.*)$/s.exec(behind.slice(question)) ?? [];
  if (written === undefined) return { ...none, group, wrong: bad };
  const words = unescapeWords(written);
  return words === null ? { ...none, group, wrong: 'Bad arg in URL' } : { ...none, group, command, words };
}
function unescapeWords(written: string): string[] | null {
  const text = written.replaceAll('+', ' ');
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return null;
  const plain = text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  const words = plain.split(/[ \t\r\n]+/).filter((word) => word !== '');
  return words.length > MAX_WORDS ? null : words;
}

interface Ran extends Outcome {
  /** Once the answer is on its way: a command may end the server. */
  readonly afterReply: (() => void) | null;
}
async function run(server: ServerApi, command: string, words: readonly string[]): Promise<Ran> {
  const call = new RpcCall(command, words, { strict: false, words: true });
  await server.rpc.execute(call, (error) =>
    server.log(
      -1,
      'xhttp_rpc',
      `${command}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    ),
  )?.done;
  const { faulted: fault, afterReply } = call;
  return fault === null
    ? { code: 200, reason: 'OK', results: call.results, afterReply }
    : { code: fault.code, reason: fault.text, results: [], afterReply };
}

export default defineModule({
  name: 'xhttp_rpc',
  doc: 'Commands on web pages, over HTTP on the SIP ports.',
  uses: ['xhttp'],
  params: {
    xhttp_rpc_root: { type: 'str', default: 'rpc', doc: 'First part of the path of all pages; letters, digits and _.' },
    xhttp_rpc_buf_size: { type: 'int', default: 0, min: 0, doc: 'Longest page, bytes; 0: 1 MiB.' },
  },
  stats: {},
  state: (_init, params: { xhttp_rpc_root: string }) => {
    const { xhttp_rpc_root: root } = params;
    if (!/^\w*$/.test(root))
      throw new StartError(
        'SIPC8023',
        `xhttp_rpc: xhttp_rpc_root "${root}" has other characters than letters, digits and _`,
      );
    return {};
  },
  functions: {
    dispatch_xhttp_rpc: {
      doc: 'Answers the HTTP request in event_route[xhttp:request] with a page, and ends the route. Let only those in who may command the server.',
      args: [],
      routes: ['request', 'event'],
      async: 'always',
      returns: { 1: 'no HTTP request', 0: 'answered', [-1]: 'the answer could not be sent' },
      example:
        'event_route[xhttp:request] { if (src_ip == 127.0.0.1 && $hu =~ "^/rpc") dispatch_xhttp_rpc(); xhttp_reply("403", "Forbidden", "", ""); }',
      async run(me, ctx) {
        if (!ctx.msg.version.startsWith('HTTP/')) return 1;
        const { xhttp_rpc_root: root, xhttp_rpc_buf_size: size } = me.params;
        const { server } = ctx;
        const asked = readAddress(ctx.msg.requestUri, root, server);
        const { command, words, wrong } = asked;
        const ran = command !== null && words !== null ? await run(server, command, words) : null;
        const outcome: Outcome | null = wrong !== null ? { code: 500, reason: wrong, results: [] } : ran;
        let code = outcome?.code ?? 200;
        let reason = outcome?.reason ?? 'OK';
        let body = page(asked, server.info.name, outcome);
        if (body.length > (size > 0 ? size : MAX_PAGE)) {
          code = 500;
          reason = 'Internal Server Error';
          body = reason;
        }
        const sent = me.uses.get<HttpApi>('xhttp').reply(ctx, code, reason.replace(/[\r\n]+/g, ' '), 'text/html', body);
        ran?.afterReply?.();
        return sent < 0 ? -1 : 0;
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
