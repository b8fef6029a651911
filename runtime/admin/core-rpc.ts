/** Commands that need no module: `core.*` and `system.*`. Answers have Kamailio's shape (core_cmd.c). */
import type { Environment } from '../env.js';
import type { Settings } from '../settings.js';
import type { Transports } from '../transport/transports.js';
import { processMemory } from './memory.js';
import { type RpcCall, type RpcRegistry, RpcStruct } from './rpc.js';

/** What the commands need of the server (a `ServerApi`). */
export interface CoreRpcServer {
  readonly env: Environment;
  readonly rpc: RpcRegistry;
  readonly settings: Settings;
  readonly transports: Transports;
  readonly argv: readonly string[];
  readonly config: { readonly modules: readonly string[] };
  readonly info: { readonly name: string; readonly version: string; readonly pid: number; readonly startedAt: number };
  shutdown(): void;
}

const compileFlags = 'USE_TCP, USE_TLS, TLS_HOOKS, DISABLE_NAGLE, USE_DNS_CACHE, USE_DNS_FAILOVER, USE_NAPTR';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number, fill = '0') => String(n).padStart(2, fill);
/** As ctime(): `Sat Nov 21 11:18:17 2026`, local time. */
export function ctime(ms: number): string {
  const d = new Date(ms);
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  return `${days[d.getDay()]} ${months[d.getMonth()]} ${two(d.getDate(), ' ')} ${clock} ${d.getFullYear()}`;
}

/** What Kamailio would run as processes, here one: index, process id and what it does. */
function processes(server: CoreRpcServer): readonly { description: string }[] {
  const list = [{ description: 'main process - attendant' }];
  for (const s of server.transports.sockets)
    list.push({ description: `${s.proto} receiver child=0 sock=${s.host}:${s.local.port}` });
  return list;
}

export function registerCoreRpc(server: CoreRpcServer): void {
  const { rpc, env, info } = server;
  const uptimeSec = () => Math.floor((env.clock.now() - info.startedAt) / 1000);
  const put = (name: string, doc: string, run: (call: RpcCall) => void, array?: boolean) =>
    rpc.register(name, doc, run, array);

  put('core.version', 'Returns the version string of the server.', (call) =>
    call.add(`kamailio ${info.version} ${info.name}`),
  );
  put('core.info', 'Verbose info, including version number, compile flags, compiler,', (call) =>
    call.add(
      new RpcStruct({
        version: `kamailio ${info.version}`,
        id: info.name,
        compiler: `node ${process.versions.node}`,
        compiled: '',
        flags: compileFlags,
      }),
    ),
  );
  put('core.uptime', 'Returns uptime of SER server.', (call) =>
    call.add(new RpcStruct({ now: ctime(env.clock.now()), up_since: ctime(info.startedAt), uptime: uptimeSec() })),
  );
  put('core.runinfo', 'Verbose info for running instance', (call) => {
    const up = uptimeSec();
    const parts = `${Math.floor(up / 86_400)}d ${Math.floor(up / 3600) % 24}h ${Math.floor(up / 60) % 60}m ${up % 60}s`;
    call.add(
      new RpcStruct({
        name: 'kamailio',
        version: info.version,
        sourceid: info.name,
        compiler: `node ${process.versions.node}`,
        compiled: '',
        time_now: ctime(env.clock.now()),
        time_started: ctime(info.startedAt),
        uptime_secs: up,
        utime_days: parts,
      }),
    );
  });
  put(
    'core.ps',
    'Returns the description of running SER processes.',
    (call) => {
      for (const p of processes(server)) {
        call.add(info.pid);
        call.add(p.description);
      }
    },
    true,
  );
  put(
    'core.psx',
    'Returns the detailed description of running SER processes.',
    (call) => {
      for (const [i, p] of processes(server).entries())
        call.add(new RpcStruct({ IDX: i, PID: info.pid, DSC: p.description }));
    },
    true,
  );
  put(
    'core.psa',
    'Returns the detailed description of running processes with info about their type.',
    (call) => {
      for (const [i, p] of processes(server).entries())
        call.add(new RpcStruct({ index: i, pid: info.pid, status: 1, rank: i, description: p.description }));
    },
    true,
  );
  put('core.pwd', 'Returns the working directory of SER server.', (call) => call.add(process.cwd()), true);
  put(
    'core.arg',
    'Returns the list of command line arguments used on SER startup.',
    (call) => {
      for (const word of server.argv) call.add(word);
    },
    true,
  );
  put('core.flags', 'Returns compile time flags', (call) => call.add(compileFlags));
  put('core.kill', 'Sends the given signal to SER.', (call) => {
    const signal = call.optInt() ?? 15;
    // The answer leaves first, as in Kamailio.
    call.afterReply = () => (signal === 15 || signal === 2 ? server.shutdown() : void process.kill(info.pid, signal));
  });
  put(
    'core.modules',
    'Returns the list of loaded modules',
    (call) => {
      for (const name of [...server.config.modules].reverse()) call.add(name);
    },
    true,
  );
  put('core.shmmem', 'Returns shared memory info.', (call) => {
    const { total, free, used, realUsed, maxUsed, fragments } = processMemory();
    call.add(new RpcStruct({ total, free, used, real_used: realUsed, max_used: maxUsed, fragments }));
  });
  for (const name of ['core.ppdefines', 'core.ppdefines_full'])
    put(name, 'List preprocessor defines', (call) =>
      call.fault(500, 'definitions are gone once the cfg is compiled: $def(name) in the cfg has the one it names'),
    );
  put('core.sfmalloc', 'Returns sfmalloc debugging info.', (call) =>
    call.fault(500, 'there is no such allocator here: core.shmmem has the memory of the process'),
  );
  put('core.sockets_list', 'List listen sockets', (call) => {
    const list = call.array();
    for (const s of server.transports.sockets) {
      const one = list
        .struct('socket')
        .add('proto', s.proto)
        .add('address', s.local.ip)
        .add('port', String(s.local.port));
      if (s.advertised !== null) one.add('advertise', s.advertisedStr);
      one
        .add('mcast', 'no')
        .add('mhomed', 'no')
        .add('virtual', s.virtual ? 'yes' : 'no');
    }
  });
  put('core.aliases_list', 'List local SIP server host aliases', (call) => {
    const top = call.struct().add('myself_callbacks', 'no');
    const list = top.array('aliases');
    for (const a of server.transports.aliases())
      for (const port of a.ports.length === 0 ? [0] : a.ports)
        list
          .struct('alias')
          .add('proto', a.proto ?? '*')
          .add('address', a.host)
          .add('port', port === 0 ? '*' : String(port));
  });
  put(
    'core.prints',
    'Returns the string given as parameter.',
    (call) => {
      for (let t = call.str(); t !== undefined; t = call.optStr()) call.add(t);
    },
    true,
  );
  put(
    'core.printi',
    'Returns the integer given as parameter.',
    (call) => {
      for (let n = call.int(); n !== undefined; n = call.optInt()) call.add(n);
    },
    true,
  );
  const echo = (call: RpcCall): void => {
    for (let t = call.optText(); t !== undefined; t = call.optText()) call.add(t);
  };
  put('core.echo', 'Returns back its parameters.', echo, true);
  rpc.register('core.echo_delta', 'Returns back its parameters; not again within rpc_exec_delta.', echo, true, true);
  put(
    'system.listMethods',
    'Lists all RPC methods supported by the server.',
    (call) => {
      for (const name of rpc.names().sort()) call.add(name);
    },
    true,
  );
  put('system.methodHelp', 'Print the help string for given method.', (call) => {
    const name = call.str();
    if (name === undefined) return;
    const command = rpc.find(name);
    if (command === null) call.fault(400, 'command not found');
    else call.add(command.doc === '' ? 'undocumented' : command.doc);
  });
  put('system.methodSignature', 'Print the signature of given method.', (call) =>
    call.fault(500, 'Not Implemented Yet'),
  );
}
