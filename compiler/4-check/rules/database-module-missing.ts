/**
 * A database is named and its driver is not loaded. Evidence: tried with 5.6.3, whose usrloc then says that db_mysql is not
 * found, and ends. A module that has a db_mode uses no database while that is 0, which is the default of these.
 */
import { databaseDriver } from '../../diagnostics/6xxx-network.js';
import { type Rule, writtenParam } from '../lint.js';

const drivers: Readonly<Record<string, string>> = {
  mysql: 'db_mysql',
  postgres: 'db_postgres',
  postgresql: 'db_postgres',
  sqlite: 'db_sqlite',
  text: 'db_text',
  unixodbc: 'db_unixodbc',
  mongodb: 'db_mongodb',
  redis: 'db_redis',
  flatstore: 'db_flatstore',
  berkeley: 'db_berkeley',
};
/** With a switch of their own. */
const switches: Readonly<Record<string, string>> = {
  usrloc: 'db_mode',
  dialog: 'db_mode',
  permissions: 'db_mode',
  acc: 'db_flag',
  topos: 'storage',
};
const users =
  /^(?:usrloc|dialog|acc|auth_db|alias_db|uri_db|domain|permissions|dispatcher|drouting|lcr|msilo|presence|sqlops|avpops|group|speeddial|carrierroute|dialplan|pdt|rls|rtpproxy|rtpengine|uac|siptrace|sca|cpl|p_usrloc)$/;

export const checkDrivers: Rule = ({ program, found }) => {
  const loaded = new Set(program.modules.map((m) => m.name));
  const told = new Set<string>();
  for (const item of program.config.items) {
    if (item.kind !== 'modparam' || item.value.kind !== 'str' || !/^(?:db_url|sqlcon)$/.test(item.name.text)) continue;
    const scheme = /^(?:\w+=>)?([a-z]+):\/\//.exec(item.value.value)?.[1];
    const module = scheme === undefined ? undefined : drivers[scheme];
    if (
      scheme === undefined ||
      module === undefined ||
      loaded.has(module) ||
      loaded.has('db_cluster') ||
      told.has(module)
    )
      continue;
    const inUse = item.modules.text.split('|').some((name) => {
      if (!loaded.has(name) || !users.test(name)) return false;
      const switched = switches[name];
      return switched === undefined || Boolean(writtenParam(program, name, switched)?.value.value);
    });
    if (!inUse) continue;
    told.add(module);
    found.report(databaseDriver, item.value.span, { scheme, module });
  }
};
