/** What `npm run bench` measures. The rates are those one core of either server holds with room to spare. */
import { fileURLToPath } from 'node:url';
import type { TrafficName } from '../../bin/bench/traffic.js';

export interface BenchScenario {
  readonly name: string;
  readonly cfg: string;
  readonly traffic: TrafficName;
  readonly proto: 'udp' | 'tcp' | 'tls';
  /** Calls a second. */
  readonly perSecond: number;
  /** A file that has to be there. */
  readonly needs?: string;
}

const own = (name: string) => fileURLToPath(new URL(`cfgs/${name}.cfg`, import.meta.url));
const stock = '/etc/kamailio/kamailio.cfg';

export const scenarios: readonly BenchScenario[] = [
  { name: 'stateless', cfg: own('stateless'), traffic: 'calls', proto: 'udp', perSecond: 1000 },
  { name: 'stateful', cfg: own('stateful'), traffic: 'calls', proto: 'udp', perSecond: 800 },
  { name: 'stateful-tcp', cfg: own('stateful'), traffic: 'calls', proto: 'tcp', perSecond: 500 },
  { name: 'stateful-tls', cfg: own('stateful'), traffic: 'calls', proto: 'tls', perSecond: 400 },
  { name: 'stock-call', cfg: stock, traffic: 'registered-calls', proto: 'udp', perSecond: 600, needs: stock },
  { name: 'register', cfg: own('register'), traffic: 'register', proto: 'udp', perSecond: 2000 },
  { name: 'register-digest', cfg: own('digest'), traffic: 'register-digest', proto: 'udp', perSecond: 1000 },
  { name: 'challenge', cfg: own('digest'), traffic: 'challenge', proto: 'udp', perSecond: 2000 },
  { name: 'failover', cfg: own('failover'), traffic: 'failover-calls', proto: 'udp', perSecond: 600 },
  { name: 'script', cfg: own('script'), traffic: 'options', proto: 'udp', perSecond: 250 },
];
