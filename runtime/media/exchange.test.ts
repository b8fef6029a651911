/** Questions to relays over real sockets. */
import { createSocket, type Socket } from 'node:dgram';
import { afterEach, expect, it } from 'vitest';
import { realEnvironment } from '../env/real.js';
import { RecordingLog } from '../env/simulated.js';
import { Exchange } from './exchange.js';

const patience = { tries: 5, timeoutMs: 1000 };
const environment = realEnvironment(new RecordingLog());
const exchange = new Exchange(environment, async (ip, port) => ({ ip, port }));
afterEach(() => exchange.close());

function relay(answer: (question: string) => string): Promise<{ readonly socket: Socket; readonly port: number }> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    const [cookie = '', ...question] = bytes.toString('latin1').split(' ');
    socket.send(`${cookie} ${answer(question.join(' '))}`, from.port, from.address);
  });
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve({ socket, port: socket.address().port })));
}

it('two relays answer, each its own questions', async () => {
  const [one, two] = [await relay((text) => `1 ${text}`), await relay((text) => `2 ${text}`)];
  const ask = (port: number, text: string) => exchange.ask({ kind: 'udp', host: '127.0.0.1', port }, text, patience);
  const answers = await Promise.all([ask(one.port, 'a b'), ask(two.port, 'c'), ask(one.port, 'd')]);
  expect(answers).toEqual(['1 a b', '2 c', '1 d']);
  one.socket.close();
  two.socket.close();
});

it('where nobody listens no time is lost, and who starts listening there is heard', async () => {
  const gone = await relay(() => '');
  await new Promise<void>((resolve) => gone.socket.close(() => resolve()));
  const address = { kind: 'udp', host: '127.0.0.1', port: gone.port } as const;
  const since = performance.now();
  expect(await exchange.ask(address, 'a', patience)).toBeNull();
  expect(performance.now() - since).toBeLessThan(900);
  const back = createSocket('udp4');
  back.on('message', (bytes, from) => back.send(bytes, from.port, from.address));
  await new Promise<void>((resolve) => back.bind(gone.port, '127.0.0.1', resolve));
  expect(await exchange.ask(address, 'b', patience)).toBe('b');
  back.close();
});
