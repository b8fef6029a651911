/** `shm.*` and the memory reports (corex_rpc.c, corex_rpc_shm.c): all tell of the one heap of this process. */
import {
  heapSpaces,
  memoryReport,
  processMemory,
  type RpcCall,
  RpcStruct,
  type ServerApi,
} from '../../runtime/sdk/index.js';

const command = (doc: string, run: (call: RpcCall, server: ServerApi) => void) => ({
  doc,
  run: (_me: unknown, call: RpcCall, server: ServerApi) => run(call, server),
});
const report = (server: ServerApi): void => {
  for (const line of memoryReport()) server.log(1, 'corex', line);
};

/** `idx 0` or `pid <ours>`: there is one process. */
function packageSummary(call: RpcCall, server: ServerApi): void {
  const selector = call.optStr()?.toLowerCase();
  const value = call.optInt();
  if (selector === undefined || value === undefined) call.fault(400, 'Selector and value not provided');
  else if (selector.length !== 3) call.fault(500, 'Unsupported selector');
  else if (selector !== 'idx' && selector !== 'pid') call.fault(500, 'Unsupported selector type');
  else if (selector === 'idx' && value !== 0) call.fault(500, 'Index value out of range');
  else if (selector === 'idx' || value === server.info.pid) report(server);
}

/** Kamailio's report, with the spaces of the heap for its fragments; it knows no files and lines. */
function sharedReport(call: RpcCall): void {
  const { total, free, used, realUsed, maxUsed } = processMemory();
  const spaces = heapSpaces();
  const byUse = spaces.filter((space) => space.used > 0);
  const [most, least] = [byUse[0], byUse.at(-1)];
  call.add(
    new RpcStruct({
      total_size: total,
      free_size_s: free,
      used_size_s: used,
      real_used_s: realUsed,
      max_used_s: maxUsed,
      free_frags: spaces.filter((space) => space.free > 0).length,
      used_frags: byUse.length,
      total_frags: spaces.length,
      max_used_frag_size: most?.used ?? 0,
      max_used_frag_mname: most?.name ?? '',
      min_used_frag_size: least?.used ?? 0,
      min_used_frag_mname: least?.name ?? '',
    }),
  );
}

export const memoryCommands = {
  'corex.shm_status': command('Trigger shm status dump to syslog', (_call, server) => report(server)),
  'corex.shm_summary': command('Trigger shm summary dump to syslog', (_call, server) => report(server)),
  'corex.pkg_summary': command('Trigger pkg summary dump to syslog', packageSummary),
  'shm.info': command('Return details of the shared memory manager', (call) =>
    call.add(new RpcStruct({ name: 'v8', size: processMemory().total })),
  ),
  'shm.stats': command('Return shared memory stats', (call) => {
    const { total, free, used, realUsed, maxUsed, fragments } = processMemory();
    call.add(new RpcStruct({ total, free, used, real_used: realUsed, max_used: maxUsed, fragments }));
  }),
  'shm.rprint': command('Print shm status report to file matching the filter', (call) => {
    if (call.str() === undefined || call.str() === undefined) call.fault(400, 'Filename and filter not provided');
    else call.fault(500, 'Memory is not counted by file and function here: shm.report has the spaces of the heap');
  }),
  'shm.report': command('Return shared memory report', sharedReport),
};
