import { expect, it } from 'vitest';
import { CallOrder } from './order.js';

/** Promises settled by hand, in any order. */
function gate() {
  let open: () => void = () => {};
  const waiting = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { waiting, open };
}
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

it('runs at once what waits for nothing', () => {
  const order = new CallOrder();
  const ran: string[] = [];
  expect(order.run('a', 1, () => void ran.push('1'))).toBe(true);
  expect(order.run('a', 1, () => void ran.push('2'))).toBe(true);
  expect([ran, order.inFlight]).toEqual([['1', '2'], 0]);
});

it('keeps the order of a call, not of others', async () => {
  const order = new CallOrder();
  const ran: string[] = [];
  const [first, third] = [gate(), gate()];
  order.run('a', 10, () => first.waiting.then(() => void ran.push('a1')));
  order.run('a', 10, () => void ran.push('a2'));
  order.run('a', 10, () => third.waiting.then(() => void ran.push('a3')));
  order.run('a', 10, () => void ran.push('a4'));
  order.run('b', 10, () => void ran.push('b1'));
  expect([ran, order.inFlight]).toEqual([['b1'], 4]);
  first.open();
  await settled();
  expect([ran, order.inFlight]).toEqual([['b1', 'a1', 'a2'], 2]);
  third.open();
  await settled();
  expect([ran, order.inFlight]).toEqual([['b1', 'a1', 'a2', 'a3', 'a4'], 0]);
});

it('refuses what is over the limit', async () => {
  const order = new CallOrder();
  const first = gate();
  order.run('a', 2, () => first.waiting);
  expect([order.run('a', 2, () => {}), order.run('a', 2, () => {}), order.run('b', 2, () => {})]).toEqual([
    true,
    false,
    false,
  ]);
  first.open();
  await settled();
  expect(order.run('b', 2, () => {})).toBe(true);
});

it('goes on once the turn is passed on', async () => {
  const order = new CallOrder();
  const ran: string[] = [];
  const [first, second] = [gate(), gate()];
  let passOn = () => {};
  order.run('a', 10, (pass) => {
    passOn = pass;
    return first.waiting.then(() => void ran.push('a1'));
  });
  order.run('a', 10, (pass) => {
    pass();
    return second.waiting.then(() => void ran.push('a2'));
  });
  order.run('a', 10, () => void ran.push('a3'));
  expect([order.isHeld('a'), ran]).toEqual([true, []]);
  passOn();
  expect(ran).toEqual([]); // not in the midst of it
  await settled();
  expect([order.isHeld('a'), order.inFlight, ran]).toEqual([false, 2, ['a3']]);
  order.run('a', 10, () => void ran.push('a4'));
  second.open();
  first.open();
  await settled();
  expect([order.inFlight, ran]).toEqual([0, ['a3', 'a4', 'a2', 'a1']]);
});
