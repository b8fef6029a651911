/**
 * What do a million armed timers cost: to set, while they wait, to cancel; and what does a retransmission allocate?
 *
 *   npx tsx --expose-gc test/bench/timers.ts
 */
import { RealClock, VirtualClock } from '../../runtime/clock.js';
import { RetransmitBuffer } from '../../runtime/transaction/timers.js';

const COUNT = 1_000_000;
const cpuMs = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};
const collect = (): number => {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
};

const clock = new RealClock();
const nothing = () => {};
const heapBefore = collect();
let from = process.cpuUsage();
const timers = Array.from({ length: COUNT }, (_, n) => clock.setTimer(30_000 + (n % 150_000), nothing));
console.log(`set:       ${((cpuMs(from) * 1000) / COUNT).toFixed(3)} µs a timer`);
console.log(`memory:    ${Math.round((collect() - heapBefore) / COUNT)} bytes a timer`);
from = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, 3000));
console.log(`waiting:   ${((cpuMs(from) / 3000) * 100).toFixed(2)} % of a core with ${clock.pending} armed`);
from = process.cpuUsage();
for (const timer of timers) timer.rearm(40_000);
console.log(`rearm:     ${((cpuMs(from) * 1000) / COUNT).toFixed(3)} µs a timer`);
from = process.cpuUsage();
for (const timer of timers) timer.cancel();
console.log(`cancel:    ${((cpuMs(from) * 1000) / COUNT).toFixed(3)} µs a timer`);

const virtual = new VirtualClock();
const buffer = new RetransmitBuffer(virtual, null);
let sent = 0;
buffer.onRetransmit = () => sent++;
buffer.start(1, 1, 10_000_000);
await virtual.advance(2000);
const settled = collect();
const sentBefore = sent;
await virtual.advance(20_000);
// What the virtual clock's own promises left is part of it.
console.log(
  `retransmit: ${((collect() - settled) / (sent - sentBefore)).toFixed(2)} bytes kept each, over ${sent - sentBefore}`,
);
