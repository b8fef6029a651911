/**
 * What peers are told about our sockets. Evidence: kamailio#1174, #1209 (advertised_address is for Via), #1428, #2033, #257
 * (bridging), #1315, #1581 (IPv6); tried with 5.6.3: `advertise 2001:db8::1:5060` gives `Via: … [2001:db8::1:5060]`.
 */
import type { ListenSocket } from '../../ast.js';
import { advertiseBrackets, advertiseMissing, bridgeWithoutDouble } from '../../diagnostics/6xxx-network.js';
import { type Rule, writtenParam } from '../lint.js';

export const checkAddresses: Rule = ({ program, calls, expressions, found }) => {
  const sockets = program.listen.flatMap((l) => l.sockets);
  for (const { span, advertise } of sockets) {
    const host = /\badvertise\s+(\S+)/.exec(
      span.file.text.slice(span.start, span.file.text.indexOf('\n', span.end)),
    )?.[1];
    if (advertise && host && /^[\da-fA-F:]*::[\da-fA-F:]*:\d{4,5}$/.test(host))
      found.report(advertiseBrackets, span, { host });
  }
  const recording = calls.filter(({ node }) => /^record_route$/.test(node.name.text));
  if (recording.length > 0) {
    const single = writtenParam(program, 'rr', 'enable_double_rr');
    const between = single?.value.value === 0 ? bridged(sockets) : null;
    if (single && between) found.report(bridgeWithoutDouble, single.span, { between });
    const advertised = program.globals.find((g) => g.name.text === 'advertised_address');
    const hidden = sockets.find((s) => isPrivate(s.host) && !s.advertise);
    if (advertised && hidden)
      found.report(advertiseMissing, advertised.span, { address: hidden.host, how: 'via-only' });
    else if (hidden && sockets.every((s) => isPrivate(s.host) && !s.advertise)) {
      const abroad = expressions.some(({ node }) => node.kind === 'str' && publicUri(node.value));
      const told = calls.some(({ node }) =>
        /^set_advertised_|^record_route_(?:preset|advertised)/.test(node.name.text),
      );
      if (abroad && !told) found.report(advertiseMissing, hidden.span, { address: hidden.host, how: 'public' });
    }
  }
};

/** RFC 1918 and RFC 6598; loopback is for tests. */
function isPrivate(host: string): boolean {
  const [a = -1, b = -1] = /^\d+\.\d+\.\d+\.\d+$/.test(host) ? host.split('.').map(Number) : [];
  return a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 100 && b >= 64 && b < 128);
}

/** Is it a SIP URI of a public address? Those of documentation (RFC 5737) are public as well. */
function publicUri(text: string): boolean {
  const host = /^sips?:(?:[^@]*@)?(\d+\.\d+\.\d+\.\d+)\b/.exec(text)?.[1];
  return host !== undefined && !isPrivate(host) && !/^(?:0|127|169\.254|22[4-9]|23\d)\./.test(host);
}

function bridged(sockets: readonly ListenSocket[]): string | null {
  const families = new Set(sockets.map((s) => (s.host.includes(':') ? 'IPv6' : 'IPv4')));
  const protocols = new Set(sockets.map((s) => s.proto ?? 'udp'));
  if (families.size > 1) return 'IPv4 and IPv6';
  return protocols.size > 1 ? [...protocols].map((p) => p.toUpperCase()).join(' and ') : null;
}
