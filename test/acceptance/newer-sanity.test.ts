/** sanity after 5.6.3: limits of sizes, and answers that sanity_check() notes and sanity_reply() sends. By Kamailio's newest source. */
import { expect, test } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

const head = `REGISTER sip:regist.rar SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKs\r\n`;
const headers =
  'From: <sip:from@h>;tag=1\r\nTo: <sip:the-to@h>\r\nCall-ID: s\r\nCSeq: 1 REGISTER\r\n' +
  'Contact: <sip:c@h>, <sip:contact@h>\r\nRoute: <sip:127.0.0.1;lr>, <sip:routed.h;lr>\r\nPath: <sip:path.h;lr>\r\n' +
  'P-Asserted-Identity: <sip:pai@hhhhhh>\r\nX-Long: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n' +
  'Content-Length: 5\r\n\r\n';
const request = `${head}${headers}hello`;

/** The answers and the script's log lines of one request. */
async function run(settings: string, route: string, text: string) {
  const env = simulatedEnvironment();
  const modules = ['sl', 'pv', 'xlog', 'sanity'].map((name) => `loadmodule "${name}.so"`).join('\n');
  const cfg = `listen=udp:127.0.0.1:5060\n${modules}\n${settings}\nrequest_route {\n${route}\n}`;
  const server = await startBuilt(await buildCfg('newer-sanity.cfg', cfg), env);
  const answers: string[] = [];
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, (bytes) => void answers.push(bytes));
  peer.send(text, { ip: '127.0.0.1', port: 5060 });
  await env.clock.advance(100);
  await server.stop(0);
  return {
    answers: answers.map((answer) => answer.split('\r\n')[0]),
    log: env.log.records.filter(({ source }) => source === '<script>').map((record) => record.text.trim()),
  };
}

/** Name, and the longest of that part in the request above. */
const limits: readonly (readonly [param: string, size: number])[] = [
  ['size_message', request.length],
  ['size_method', 'REGISTER'.length],
  ['size_ruri', 'sip:regist.rar'.length],
  ['size_from_uri', 'sip:from@h'.length],
  ['size_to_uri', 'sip:the-to@h'.length],
  ['size_contact_uri', 'sip:contact@h'.length],
  ['size_route_uri', 'sip:127.0.0.1;lr'.length],
  ['size_path_uri', 'sip:path.h;lr'.length],
  ['size_pai_uri', 'sip:pai@hhhhhh'.length],
  ['size_header', `X-Long: ${'0'.repeat(70)}\r\n`.length],
  ['size_body', 5],
];
test.each(limits)('%s: as long passes, one byte more does not', async (param, size) => {
  const verdict = async (limit: number) => {
    const settings = `modparam("sanity", "size_checks", 1)\nmodparam("sanity", "autodrop", 0)\nmodparam("sanity", "${param}", ${limit})`;
    return run(settings, 'sanity_check(); xlog("$rc\\n");', request);
  };
  expect(await verdict(size)).toEqual({ answers: [], log: ['1'] });
  expect(await verdict(size - 1)).toEqual({ answers: [], log: ['-1'] });
  expect(await verdict(0)).toEqual({ answers: [], log: ['1'] });
});
test('size_headers: all header fields together', async () => {
  const verdict = async (limit: number) => {
    const settings = `modparam("sanity", "autodrop", 0)\nmodparam("sanity", "size_headers", ${limit})`;
    // 65536: the sizes, asked for by the mask.
    return (await run(settings, 'sanity_check("65536"); xlog("$rc\\n");', request)).log;
  };
  expect(await verdict(request.length)).toEqual(['1']);
  expect(await verdict(headers.length - 10)).toEqual(['-1']);
});

const replied = 'if (!sanity_check()) { xlog("failed\\n"); sanity_reply(); xlog("$rc\\n"); }';
const quiet = 'modparam("sanity", "autodrop", 0)\nmodparam("sanity", "noreply", 1)';
const bad = request.replace('1 REGISTER', '1 INVITE');
test('sanity_reply() sends what sanity_check() noted', async () => {
  const sent = await run(quiet, replied, bad);
  expect(sent).toEqual({ answers: ['SIP/2.0 400 CSeq method does not match request method'], log: ['failed', '1'] });
  expect(await run(quiet, 'sanity_check();', bad)).toEqual({ answers: [], log: [] });
});
test('sanity_reply() without a fault is 500; without noreply it sends nothing', async () => {
  const route = 'sanity_reply(); xlog("$rc\\n");';
  expect(await run(quiet, route, request)).toEqual({ answers: ['SIP/2.0 500 Server Sanity Failure'], log: ['1'] });
  expect(await run('', route, request)).toEqual({ answers: [], log: ['1'] });
});
