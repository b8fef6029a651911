/** A computed argument is taken where Kamailio takes one (goldens/computed.txt), and refused where it refuses it. */
import { expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import type { ModuleDeclaration } from '../../compiler/declarations.js';
import { callsOf, readGolden } from './computed.js';

const host = await createNodeHost();
const names = host.moduleNames();

it('constArgs of every function is as Kamailio has it', () => {
  const golden = readGolden();
  const modules = names.map((name) => host.module(name)).filter((m): m is ModuleDeclaration => m !== null);
  const calls = callsOf(modules).filter(({ cell }) => golden.has(cell));
  const differ = calls
    .filter(({ cell, constArgs, kind }) => golden.get(cell) === (constArgs || kind === 'subst'))
    .map(({ cell }) => `${cell}: Kamailio ${golden.get(cell) ? 'takes' : 'refuses'} $var(x)`);
  expect(differ).toEqual([]);
  expect(calls.length).toBe(golden.size);
  console.log(`probes: computed arguments ${calls.length} cells`);
});
