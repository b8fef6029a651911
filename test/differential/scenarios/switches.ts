/**
 * Every switch of the stock cfg: on, off, and all of them together; those that read a database, on the same rows of MariaDB.
 * Scenarios that have the same switches on where their own is off share a server.
 */

import { differentialPort } from '../../support/ports.js';
import { stockConfig } from '../../support/tools.js';
import { withServerRows } from '../prepared.js';
import { type Group, scenario, silent } from '../scenario.js';
import {
  accColumns,
  bareWebsockets,
  mediaRelays,
  offGroup,
  rowsFor,
  type Switch,
  stockText,
  switches,
} from '../switches.js';

const rows = rowsFor('127.0.0.1', differentialPort);
const defines = (names: readonly string[]) => names.flatMap((name) => ['-A', `WITH_${name}`]);
const played = ({ name, title, play, tls, ws }: Switch) =>
  scenario(name.toLowerCase(), title, play, {
    needs: ['kamcmd'],
    files: [stockConfig],
    ignorePings: true,
    ...(tls ? { tls } : {}),
    ...(ws ? { ws } : {}),
  });

function stock(name: string, on: readonly string[], which: readonly Switch[]): Group {
  const tls = on.includes('TLS') ? ['-l', `tls:127.0.0.1:${differentialPort + 1}`] : [];
  const group: Group = {
    name,
    cfg: 'stock.cfg',
    text: stockText,
    speaks: mediaRelays,
    args: [...defines(on), ...tls],
    scenarios: which.map((one) => (one.silentWhenOff && !on.includes(one.name) ? silent(played(one)) : played(one))),
  };
  return on.includes('MYSQL') ? withServerRows('mysql', group, rows, accColumns) : group;
}

const offGroups = new Map<string, Switch[]>();
for (const one of switches) offGroups.set(offGroup(one), [...(offGroups.get(offGroup(one)) ?? []), one]);

export default [
  ...switches.map((one) => stock(`switch-${one.name.toLowerCase()}`, [...one.needs, one.name], [one])),
  ...[...offGroups].map(([name, which]) => stock(name, which[0]?.needs ?? [], which)),
  stock('switch-websockets-bare', ['WEBSOCKETS'], [bareWebsockets]),
  stock(
    'switches-all',
    switches.map(({ name }) => name),
    switches,
  ),
];
