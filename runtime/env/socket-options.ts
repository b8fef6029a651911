/**
 * Options of sockets that Node has no name for, set through the C library: type of service, path MTU discovery, addresses
 * the machine does not have yet, multicast, the pace of keep-alive probes. Without koffi they stay as the system has them.
 * The numbers are those of Linux.
 */
import { isMulticast } from '../dns/ip.js';
import type { Endpoint, SocketTuning } from '../env.js';
import { type Libc, libc } from './libc.js';
import { encodeIp } from './sockaddr.js';

const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;
const IPPROTO_IPV6 = 41;
const IP_TOS = 1;
const IP_MTU_DISCOVER = 10;
const IP_FREEBIND = 15;
const IP_MULTICAST_IF = 32;
const IP_MULTICAST_TTL = 33;
const IP_MULTICAST_LOOP = 34;
const IP_ADD_MEMBERSHIP = 35;
const IPV6_MULTICAST_IF = 17;
const IPV6_MULTICAST_HOPS = 18;
const IPV6_MULTICAST_LOOP = 19;
const IPV6_JOIN_GROUP = 20;
const IPV6_TCLASS = 67;
const IPV6_FREEBIND = 78;
const SOL_SOCKET = 1;
const SO_LINGER = 13;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const PMTUDISC_DONT = 0;
const PMTUDISC_DO = 2;

/** False: the system refused. */
function set(c: Libc, fd: number, level: number, name: number, value: number): boolean {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return c.setsockopt(fd, level, name, bytes, 4) === 0;
}
const isSix = ({ ip }: Endpoint) => ip.includes(':');

export function tuneBeforeBind(c: Libc, fd: number, at: Endpoint, tuning: SocketTuning): void {
  if (!tuning.freeBind) return;
  if (isSix(at)) set(c, fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
  else set(c, fd, IPPROTO_IP, IP_FREEBIND, 1);
}

function tuneService(c: Libc, fd: number, six: boolean, { tos }: SocketTuning): void {
  if (tos === undefined) return;
  if (six) set(c, fd, IPPROTO_IPV6, IPV6_TCLASS, tos);
  else set(c, fd, IPPROTO_IP, IP_TOS, tos);
}

/** '' or what could not be done: only joining a group is worth a refusal. */
export function tuneDatagram(c: Libc, fd: number, at: Endpoint, tuning: SocketTuning): string {
  const six = isSix(at);
  tuneService(c, fd, six, tuning);
  if (tuning.pathMtu !== undefined && !six)
    set(c, fd, IPPROTO_IP, IP_MTU_DISCOVER, tuning.pathMtu ? PMTUDISC_DO : PMTUDISC_DONT);
  const { multicast } = tuning;
  if (multicast === undefined) return '';
  const index = multicast.interfaceName === '' ? 0 : c.if_nametoindex(multicast.interfaceName);
  if (multicast.interfaceName !== '' && index === 0) return `there is no interface ${multicast.interfaceName}`;
  if (six) {
    set(c, fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, multicast.loopback ? 1 : 0);
    if (multicast.ttl >= 0) set(c, fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, multicast.ttl);
    if (index > 0) set(c, fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
  } else {
    set(c, fd, IPPROTO_IP, IP_MULTICAST_LOOP, multicast.loopback ? 1 : 0);
    if (multicast.ttl >= 0) set(c, fd, IPPROTO_IP, IP_MULTICAST_TTL, multicast.ttl);
    // struct ip_mreqn: group, own address, index of the interface.
    const request = Buffer.alloc(12);
    request.writeInt32LE(index, 8);
    if (index > 0) c.setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, request, 12);
  }
  if (!isMulticast(at.ip)) return '';
  const group = encodeIp(c, at.ip);
  if (group === null) return 'EINVAL';
  const request = Buffer.alloc(six ? 20 : 12);
  group.copy(request, 0);
  request.writeInt32LE(index, six ? 16 : 8);
  const joined = six
    ? c.setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, request, 20)
    : c.setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, request, 12);
  return joined === 0 ? '' : c.lastError();
}

/** A connected stream socket of Node; its descriptor is not part of Node's declared interface. */
export function tuneStream(socket: object, six: boolean, tuning: SocketTuning): void {
  const c = libc();
  const fd = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd ?? -1;
  if (c === null || fd < 0) return;
  tuneService(c, fd, six, tuning);
  // struct linger: on, no seconds. What closes the descriptor, and is no reset of Node's, resets too.
  if (tuning.resetOnClose) c.setsockopt(fd, SOL_SOCKET, SO_LINGER, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), 8);
  const { keepAlive } = tuning;
  if (!keepAlive) return;
  if (keepAlive.idleSec > 0) set(c, fd, IPPROTO_TCP, TCP_KEEPIDLE, keepAlive.idleSec);
  if (keepAlive.intervalSec > 0) set(c, fd, IPPROTO_TCP, TCP_KEEPINTVL, keepAlive.intervalSec);
  if (keepAlive.count > 0) set(c, fd, IPPROTO_TCP, TCP_KEEPCNT, keepAlive.count);
}
