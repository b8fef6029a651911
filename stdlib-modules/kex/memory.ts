/** `pkg.*` and `mod.*`: memory of processes and of modules (pkg_stats.c, mod_stats.c). */
import { processMemory, type RpcCall, RpcStruct, type ServerApi } from '../../runtime/sdk/index.js';

const command = (doc: string, run: (call: RpcCall, server: ServerApi) => void, array = false) => ({
  doc,
  array,
  run: (_me: unknown, call: RpcCall, server: ServerApi) => run(call, server),
});

/** One entry, for one process does all there is to do. False: another one is asked for. */
function isWanted(call: RpcCall, server: ServerApi): boolean {
  const filter = call.optStr();
  if (filter === undefined) return true;
  const own: Readonly<Record<string, number>> = { pid: server.info.pid, rank: 0, index: 0 };
  const value = call.optInt();
  if (!Object.hasOwn(own, filter)) call.fault(500, 'Invalid filter type');
  else if (value === undefined) call.fault(500, 'One more parameter expected');
  else if (value === own[filter]) return true;
  else if (filter === 'pid') call.fault(500, 'No such pid');
  return false;
}
function packageStats(call: RpcCall, server: ServerApi): void {
  if (!isWanted(call, server)) return;
  const { free, used, realUsed, total, fragments } = processMemory();
  call.add(
    new RpcStruct({
      entry: 0,
      pid: server.info.pid,
      rank: 0,
      used,
      free,
      real_used: realUsed,
      total_size: total,
      total_frags: fragments,
      desc: 'main process',
    }),
  );
}

/** Which module asked for memory is not known: the commands check what they are asked as Kamailio's do, and say so. */
function moduleMemory(call: RpcCall): void {
  const module = call.optStr();
  const kind = call.optStr();
  if (module === undefined) call.fault(500, 'Module name or "all" needed');
  else if (kind !== 'pkg' && kind !== 'shm' && kind !== 'all') call.fault(500, '"pkg" or "shm" or "all" needed');
  else call.fault(500, 'Memory is not counted by module here: pkg.stats has that of the process');
}

export const memoryCommands = {
  'pkg.stats': command('Private memory (pkg) statistics per process', packageStats, true),
  'pkg.info': command('Private memory manager details', (call) =>
    call.add(new RpcStruct({ name: 'v8', size: processMemory().total })),
  ),
  'mod.stats': command('Per module memory usage statistics', moduleMemory, true),
  'mod.mem_stats': command('Per module memory usage statistics', moduleMemory, true),
  'mod.mem_statsx': command('Per module memory use statistics with more details', moduleMemory, true),
};
