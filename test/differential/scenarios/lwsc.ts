/** lwsc: what a WebSocket server is asked, and what comes of its answers. */
import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { generated, type Stage, scenario } from '../scenario.js';

const PORT = 21796;
const url = (path: string) => `ws://127.0.0.1:${PORT}/${path}`;

/** Says what it was asked, by whom; keeps what it was only told; and is silent, or closes, when that is wanted. */
class Answerer {
  private readonly told: string[] = [];
  private readonly server: WebSocketServer;
  constructor(port: number) {
    this.server = new WebSocketServer({ host: '127.0.0.1', port, handleProtocols: ([first]) => first ?? false });
    this.server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
      socket.on('message', (data: Buffer) => this.asked(socket, request.url ?? '', data.toString('latin1')));
      socket.on('error', () => socket.terminate());
    });
  }
  private asked(socket: WebSocket, path: string, text: string): void {
    const say = (answer: string) => socket.send(Buffer.from(answer, 'latin1'), { binary: false });
    if (text === 'close') socket.close(1000);
    else if (text === 'two') {
      say('first');
      say('second');
    } else if (text === 'long') say('x'.repeat(70_000));
    else if (text === 'fragments') {
      socket.send('one ', { fin: false });
      socket.send('message', { fin: true });
    } else if (text === 'what') say(this.told.splice(0).join(' / '));
    else if (text.startsWith('note ')) this.told.push(`${socket.protocol}: ${text}`);
    else if (text !== 'silence') say(`${path} ${socket.protocol}: ${text}`);
  }
  close(): void {
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
  }
}

const text = `#!KAMAILIO
debug=1
log_stderror=yes
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "lwsc.so"
modparam("lwsc", "protocol", "first")
modparam("lwsc", "timeout_init", 1000000)
modparam("lwsc", "timeout_read", 300000)
request_route {
	if ($hdr(X-Protocol) != $null) {
		if ($hdr(X-Note) != $null) lwsc_notify_proto("$hdr(X-Url)", "$hdr(X-Protocol)", "note $hdr(X-Note)");
		else lwsc_request_proto("$hdr(X-Url)", "$hdr(X-Protocol)", "$hdr(X-Data)");
	} else if ($hdr(X-Note) != $null) lwsc_notify("$hdr(X-Url)", "note $hdr(X-Note)");
	else lwsc_request("$hdr(X-Url)", "$hdr(X-Data)");
	$var(rc) = $rc;
	if ($hdr(X-Note) != $null) xlog("L_NOTICE", "$var(rc)\\n");
	else xlog("L_NOTICE", "$var(rc) $(lwsc(rdata){s.len}) $(lwsc(rdata){s.substr,0,60}) $lwsc(status)\\n");
	sl_send_reply("200", "OK");
}
`;

const asking =
  (...questions: readonly (readonly string[])[]) =>
  async ({ alice, uri }: Stage) => {
    for (const headers of questions) {
      await alice.request('OPTIONS', uri(), { headers });
      await alice.receives(200);
    }
  };
const data = (path: string, what: string) => [`X-Url: ${url(path)}`, `X-Data: ${what}`];

let answerer: Answerer | null = null;
export default {
  ...generated('lwsc', text, [
    scenario(
      'asked',
      'a question and its answer',
      asking(data('a', 'one'), data('a', 'two words'), data('b/c?d=e', 'three')),
    ),
    scenario('protocol', 'a sub-protocol of its own', asking([...data('a', 'one'), 'X-Protocol: second'])),
    scenario(
      'notes',
      'nothing is waited for',
      asking(
        [`X-Url: ${url('a')}`, 'X-Note: one'],
        [`X-Url: ${url('a')}`, 'X-Note: two', 'X-Protocol: second'],
        data('a', 'what'),
      ),
    ),
    scenario('sizes', 'long answers, and answers in fragments', asking(data('a', 'long'), data('a', 'fragments'))),
    scenario('silence', 'no answer in time', asking(data('a', 'silence'), data('a', 'after'))),
    scenario('bytes', 'text beyond ASCII', asking(data('a', 'gr\xc3\xbc\xc3\x9fe'))),
    scenario('nobody', 'no server there', asking(['X-Url: ws://127.0.0.1:9/', 'X-Data: one'])),
  ]),
  prepare: (shift: number) => {
    answerer = new Answerer(PORT + shift);
    return Promise.resolve();
  },
  finish: () => {
    answerer?.close();
    answerer = null;
  },
};
