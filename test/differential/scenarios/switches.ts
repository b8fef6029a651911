/** Every switch of the stock cfg: on, off, and all of them together, on the same rows of MariaDB. */

import { differentialPort } from '../../support/ports.js';
import { stockConfig } from '../../support/tools.js';
import { withServerRows } from '../prepared.js';
import { type Group, scenario } from '../scenario.js';
import { accColumns, mediaRelays, rowsFor, type Switch, stockText, switches } from '../switches.js';

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
    scenarios: which.map(played),
  };
  return withServerRows('mysql', group, rows, accColumns);
}

export default [
  ...switches.map((one) => stock(`switch-${one.name.toLowerCase()}`, [...one.needs, one.name], [one])),
  ...switches.map((one) => stock(`switch-${one.name.toLowerCase()}-off`, one.needs, [one])),
  stock(
    'switches-all',
    switches.map(({ name }) => name),
    switches,
  ),
];
