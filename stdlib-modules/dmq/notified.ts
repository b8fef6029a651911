/** `multi_notify`: the notification address is a name, and every host behind it is one (notification_peer.c, get_dmq_host_list). */
import { bracket, ipFamily, parseUri, type ServerApi, type SipUri } from '../../runtime/sdk/index.js';

const MAX_HOSTS = 30;

export async function notificationUris(server: ServerApi, text: string): Promise<readonly string[]> {
  const uri = parseUri(text, server.grammar);
  if (uri === null) return [];
  if (ipFamily(uri.host) !== 0) return [uriOf(uri, uri.host, uri.port)];
  const { resolver } = server.env;
  const none = () => [];
  const found: string[] = [];
  for (const { target, port } of await resolver.srv(uri.host).catch(none)) {
    if (uri.port !== 0 && uri.port !== port) continue;
    found.push(...(await addresses(server, target)).map((ip) => uriOf(uri, bracket(ip), port)));
    if (found.length >= MAX_HOSTS) break;
  }
  found.push(...(await addresses(server, uri.host)).map((ip) => uriOf(uri, bracket(ip), uri.port)));
  return found.slice(0, MAX_HOSTS);
}

async function addresses(server: ServerApi, name: string): Promise<readonly string[]> {
  const both = await Promise.all(
    ([4, 6] as const).map((family) => server.env.resolver.addresses(name, family).catch(() => [])),
  );
  return both.flat().map(({ ip }) => ip);
}
function uriOf(uri: SipUri, host: string, port: number): string {
  const user = uri.user === null ? '' : `${uri.user}${uri.password === null ? '' : `:${uri.password}`}@`;
  return `${uri.scheme}:${user}${host}${port === 0 ? '' : `:${port}`}${uri.params === '' ? '' : `;${uri.params}`}`;
}
