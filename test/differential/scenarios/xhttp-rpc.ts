/** xhttp_rpc: commands on web pages; what is set there and by other commands counts in the routes. */
import { group, scenario } from '../scenario.js';

const get = (url: string) => `GET ${url} HTTP/1.1\r\nHost: h\r\n\r\n`;
const asks = (slug: string, title: string, ...urls: readonly string[]) =>
  scenario(slug, title, async ({ alice, pause }) => {
    for (const url of urls) {
      await alice.raw(get(url), 'tcp');
      await pause(150);
    }
  });

export default group('xhttp-rpc', 'xhttp-rpc.cfg', [
  asks(
    'menu',
    'the groups, the commands of one, a form',
    '/web',
    '/web/',
    '/web/core',
    '/web/core/',
    '/web/core/core.echo',
  ),
  asks('none', 'no such group, command or path', '/web/none', '/web/core/core.none', '/webs', '/wrong/core', '/other'),
  asks(
    'plain',
    'a list',
    '/web/core/core.printi?arg=5+-7',
    '/web/core/core.prints?arg=a%20b',
    '/web/core/core.echo?arg=x+7+%3Cb%3E',
  ),
  asks('struct', 'a structure', '/web/core/core.tcp_options?arg='),
  asks(
    'fault',
    'commands that refuse',
    '/web/cfg/cfg.get?arg=none+none',
    '/web/cfg/cfg.get?arg=',
    '/web/cfg/cfg.seti?arg=limits+most',
  ),
  asks('escape', 'a broken escape', '/web/core/core.echo?arg=%zz'),
  scenario('set', 'parameters changed at run time', async ({ alice, rpc, pause, uri }) => {
    const ask = async () => {
      await alice.request('OPTIONS', uri('set'));
      await alice.receives('final');
    };
    await ask();
    await rpc('cfg.set_now_int', 'limits', 'most', '12');
    await rpc('cfg.sets', 'limits', 'word', 's:other');
    await rpc('cfg.seti', 'maxfwd', 'max_limit', '20');
    await ask();
    await alice.raw(get('/web/cfg/cfg.seti?arg=limits+most+0x7'), 'tcp');
    await pause(150);
    await rpc('cfg.get', 'limits', 'most');
    await rpc('cfg.seti', 'maxfwd', 'max_limit', '3');
    await ask();
    await rpc('cfg.seti', 'limits', 'none', '3');
    await rpc('cfg.seti', 'maxfwd', 'max_limit', '300');
    await rpc('cfg.set_delayed_int', 'limits', 'most', '99');
    await ask();
    await rpc('cfg.commit');
    await ask();
  }),
]);
