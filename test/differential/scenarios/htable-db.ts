/** htable on MariaDB: rows of a table read at the start, written back when the server stops, read again. */
import type { Rows } from '../prepared.js';
import { withServerRows } from '../prepared.js';
import { generated, type Stage, scenario } from '../scenario.js';

const now = Math.floor(Date.now() / 1000);
const row = (key_name: string, key_value: string, types: readonly [key: number, value: number], expires = 0) => ({
  key_name, key_type: types[0], value_type: types[1], key_value, expires,
}); // biome-ignore format: one row
const rows: Rows = {
  htable: [
    row('text', 'a value', [0, 0]),
    row('number', '42', [0, 1]),
    row('list', 'first', [1, 0]),
    row('list', 'second', [1, 0]),
    row("quote'd", 'it\'s "so"', [0, 0]),
    row('long-lived', 'x', [0, 0], now + 100_000),
    row('over', 'x', [0, 0], now - 100),
  ],
};
const cfg = `#!KAMAILIO
debug=0
log_stderror=yes
auto_aliases=no
loadmodule "db_mysql.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "ctl.so"
loadmodule "htable.so"
modparam("htable", "db_url", DBURL)
modparam("htable", "db_expires", 1)
modparam("htable", "htable", "kept=>size=4;autoexpire=7200;dbtable=htable;dbmode=1;")
modparam("htable", "htable", "read=>size=4;dbtable=htable;")
modparam("htable", "htable", "pairs=>size=4;dbtable=pairs;cols='name,first,second';")
request_route {
	if ($rU == "set") {
		$sht(kept=>text) = "changed";
		$sht(kept=>new) = "it's new";
		$sht(kept=>count) = 7;
		$sht(kept=>number) = $null;
		$sht(kept=>short) = "s";
		$shtex(kept=>short) = 60;
		$sht(read=>new) = "not written";
	}
	xlog("L_ERR", "[$sht(kept=>text)] [$sht(kept=>number)] [$sht(kept=>list[0])] [$sht(kept=>list[1])] [$sht(kept=>list::count)]\n");
	xlog("L_ERR", "[$sht(kept=>quote'd)] [$sht(kept=>over)] [$sht(kept=>new)] [$sht(kept=>count)] [$sht(kept=>short)]\n");
	xlog("L_ERR", "[$sht(read=>text)] [$sht(read=>number)] [$sht(read=>over)] [$sht(read=>new)]\n");
	xlog("L_ERR", "[$sht(pairs=>a)] [$sht(pairs=>b)]\n");
	if ($shtex(kept=>long-lived) > 90000) xlog("L_ERR", "long-lived\n");
	if ($shtex(kept=>text) > 7100 && $shtex(kept=>text) <= 7200) xlog("L_ERR", "as the table says\n");
	if ($shtex(kept=>short) > 50 && $shtex(kept=>short) <= 60) xlog("L_ERR", "short\n");
	sl_send_reply("200", "OK");
}
`;
const ask = async ({ alice, uri }: Stage, user: string): Promise<void> => {
  await alice.request('OPTIONS', uri(user));
  await alice.receives(200, 'OPTIONS', 8000);
};
const left = ({ rows: read }: Stage) => read('htable', 'key_name', 'key_type', 'value_type', 'key_value');

export default withServerRows(
  'mysql',
  generated('htable-db', cfg, [
    scenario('kept', 'read at the start, written when the server stops', async (stage) => {
      // It listens before all modules have started.
      await stage.pause(500);
      await ask(stage, 'get');
      await stage.rpc('htable.reload', 'kept');
      await ask(stage, 'set');
      await left(stage);
      await stage.restart();
      await left(stage);
      await stage.pause(500);
      await ask(stage, 'get');
      await stage.rpc('htable.store', 'kept');
      await left(stage);
    }),
  ]),
  rows,
  [
    'CREATE TABLE pairs (name VARCHAR(64), first VARCHAR(64), second INT)',
    "INSERT INTO pairs VALUES ('a', 'one', 1), ('b', NULL, 2)",
    "INSERT INTO version (table_name, table_version) VALUES ('pairs', 2)",
  ],
  ['standard', 'htable'],
);
