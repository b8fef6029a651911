/** When a batched socket is read: at each wake-up, or by the clock where those come too quickly. The system is a stand-in. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Libc } from './libc.js';
import { encodeSockaddr } from './sockaddr.js';
import { DatagramBatches } from './udp-batch.js';

const MOVED_WORD = 14;
const HEADER_WORDS = 16;

/** A socket with `waiting` datagrams of one byte each; `wake()` is the event loop's turn. */
class System {
  waiting = 0;
  reads = 0;
  watched = false;
  private ready: (status: number) => void = () => {};
  readonly c: Libc = {
    socket: () => 3,
    setsockopt: () => 0,
    bind: () => 0,
    listen: () => 0,
    getsockname: (_fd, into) => {
      into.set(encodeSockaddr(this.c, { ip: '127.0.0.1', port: 5060 }) ?? []);
      return 0;
    },
    recvmmsg: (_fd, headers, most) => {
      this.reads++;
      const count = Math.min(most, this.waiting);
      this.waiting -= count;
      const words = new Uint32Array(headers.buffer);
      for (let i = 0; i < count; i++) words[i * HEADER_WORDS + MOVED_WORD] = 1;
      return count === 0 ? -1 : count;
    },
    sendmmsg: (_fd, _messages, count) => count,
    recvfrom: () => -1,
    sendto: () => -1,
    close: () => 0,
    inet_pton: (_family, text, into) => {
      into.set(text.split('.').map(Number));
      return 1;
    },
    inet_ntop: (_family, _from, into) => {
      into.set(Buffer.from('127.0.0.1\0'));
      return true;
    },
    if_nametoindex: () => 0,
    if_indextoname: () => null,
    lastError: () => 'EAGAIN',
    address: () => 4096,
    watch: (_fd, ready) => {
      this.ready = ready;
      this.watched = true;
      return {
        start: () => {
          this.watched = true;
        },
        stop: () => {
          this.watched = false;
        },
        close: () => {
          this.watched = false;
        },
      };
    },
  };
  wake(): void {
    if (this.watched && this.waiting > 0) this.ready(0);
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function start() {
  const system = new System();
  let got = 0;
  const socket = new DatagramBatches(system.c).bind({ ip: '127.0.0.1', port: 5060 }, 1, () => {
    got++;
  });
  /** `count` datagrams, one each `ms`. */
  const arrive = (count: number, ms: number) => {
    for (let i = 0; i < count; i++) {
      system.waiting++;
      system.wake();
      vi.advanceTimersByTime(ms);
    }
  };
  return { system, socket, arrive, got: () => got };
}

it('reads each datagram at once while they come slowly', () => {
  const { system, arrive, got } = start();
  arrive(100, 1);
  expect([got(), system.reads, system.watched]).toEqual([100, 100, true]);
});

it('reads by the clock while they come quickly, and each at once when it is quiet again', () => {
  const { system, arrive, got } = start();
  arrive(9, 0.1);
  expect([got(), system.watched]).toEqual([9, false]);
  const before = system.reads;
  arrive(1000, 0.1);
  expect(system.reads - before).toBeGreaterThan(95);
  expect(system.reads - before).toBeLessThan(105);
  vi.advanceTimersByTime(10);
  expect([got(), system.watched]).toEqual([1009, true]);
  const quiet = system.reads;
  vi.advanceTimersByTime(1000);
  expect(system.reads).toBe(quiet);
  arrive(1, 0);
  expect(got()).toBe(1010);
});

it('a full batch is followed by the next one without a pause', () => {
  const { system, arrive, got } = start();
  arrive(9, 0.1);
  system.waiting = 200;
  vi.advanceTimersByTime(1);
  for (let turn = 0; turn < 3; turn++) vi.advanceTimersToNextTimer();
  expect(got()).toBe(209);
});

it('a closed socket is not read any more', () => {
  const { system, socket, arrive } = start();
  arrive(9, 0.1);
  socket.close();
  system.waiting = 5;
  vi.advanceTimersByTime(100);
  expect([system.waiting, system.watched]).toEqual([5, false]);
});
