import { describe, expect, it } from 'vitest';
import { RpcCall, type RpcStruct, Stats } from '../../runtime/sdk/index.js';
import { fetch, getStatistics, reset } from './stats.js';

function world() {
  const stats = new Stats();
  stats.counter('tcp', 'b').value = 2;
  stats.counter('tcp', 'a').value = 1;
  stats.counter('core', 'z').value = 5;
  stats.gauge('core', 'g', () => 9);
  return stats;
}
const call = (...params: string[]) => new RpcCall('x', params, { strict: true });

describe('stats.*', () => {
  it.each([
    [['all'], ['core:g = 9', 'core:z = 5', 'tcp:a = 1', 'tcp:b = 2']],
    [['tcp:'], ['tcp:a = 1', 'tcp:b = 2']],
    [
      ['z', 'a'],
      ['core:z = 5', 'tcp:a = 1'],
    ],
    [['nope', 'nope:'], []],
  ])('get_statistics %j', (words, lines) => {
    const c = call(...words);
    getStatistics(world(), c);
    expect(c.results).toEqual(lines);
    expect(c.faulted).toBeNull();
  });
  it('get_statistics without a word', () => {
    const c = call();
    getStatistics(world(), c);
    expect(c.faulted).toEqual({ code: 400, text: 'Please provide which stats to retrieve' });
  });
  it('fetch gives text, fetchn numbers; group:name works there', () => {
    const [text, number] = [call('tcp:a'), call('tcp:a')];
    fetch(world(), text, false);
    fetch(world(), number, true);
    expect((text.results[0] as RpcStruct).entries).toEqual([{ name: 'tcp.a', value: '1' }]);
    expect((number.results[0] as RpcStruct).entries).toEqual([{ name: 'tcp.a', value: 1 }]);
  });
  it('reset is silent, clear tells; gauges stay', () => {
    const stats = world();
    const c = call('all');
    reset(stats, c, false);
    expect(c.results).toEqual([]);
    expect([stats.find('z')?.read(), stats.find('g')?.read()]).toEqual([0, 9]);
    const again = call('core:');
    stats.counter('core', 'z').value = 3;
    reset(stats, again, true);
    expect(again.results).toEqual(['core:g = 9', 'core:z = 0 (3)']);
  });
});
