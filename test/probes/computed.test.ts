/** A computed argument is taken where Kamailio takes one (goldens/computed.txt), and refused where it refuses it. */
import { expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import type { ModuleDeclaration } from '../../compiler/declarations.js';
import { callsOf, isRefused, newerFunctions, readGolden } from './computed.js';

const host = await createNodeHost();
const names = host.moduleNames();
const isNewer = newerFunctions(host);

it('constArgs of every function is as Kamailio has it', () => {
  const golden = readGolden();
  const modules = names.map((name) => host.module(name)).filter((m): m is ModuleDeclaration => m !== null);
  const all = callsOf(modules).filter((call) => !isNewer(call));
  const calls = all.filter(({ cell }) => golden.has(cell));
  const differ = calls
    .filter((call) => golden.get(call.cell) === isRefused(call))
    .map(({ cell }) => `${cell}: Kamailio ${golden.get(cell) ? 'takes' : 'refuses'} $var(x)`);
  expect(differ).toEqual([]);
  const unasked = all.filter(({ cell }) => !golden.has(cell)).map(({ cell }) => cell);
  expect(unasked, 'npm run probes:record computed').toEqual([]);
  expect(calls.length).toBe(golden.size);
  console.log(`probes: computed arguments ${calls.length} cells`);
});
