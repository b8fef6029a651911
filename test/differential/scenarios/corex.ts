/** corex: sockets, origins, marks, files, our own Via, raw sending. */
import { group, probe, type Stage, scenario } from '../scenario.js';

const relayed = (name: string, title: string) =>
  scenario(name, title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('MESSAGE', uri(name), {});
    await bob.receives('MESSAGE');
  });

export default group('corex', 'corex.cfg', [
  probe('sockets', '$lsock, set_send_socket(), set_recv_socket(), set_source_address()'),
  probe('aliases', 'alias_subdomains'),
  probe('iflags', 'marks and 64 flags'),
  probe('files', 'file_write() and file_read()'),
  relayed('topvia', 'our Via with fields of xavps'),
  relayed('topvia_off', 'taken back, and with no xavp'),
  scenario(
    'wire',
    'event_route[network:msg] changes what comes in and what goes out; dns_cache',
    async ({ alice, bob, uri }) => {
      await alice.request('MESSAGE', uri('wire'), { headers: ['X-Wire: change', 'Subject: first'] });
      await bob.reply(await bob.receives('MESSAGE'), 200);
      await alice.receives(200);
    },
  ),
  relayed('topvia_number', 'our Via with the number of the server'),
  relayed('topvia_no_number', 'taken back'),
  scenario('data', 'send_data(), sendx(), send_udp()', async ({ alice, bob, uri }) => {
    await alice.request('OPTIONS', uri('data'));
    await alice.receives(200);
    await bob.receives('NOTIFY');
    await bob.receives('OPTIONS');
  }),
  probe('branches', 'append_branch()'),
]);
