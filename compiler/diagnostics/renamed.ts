/** What took the place of names that Kamailio 3.x had; each new name is in 5.6.3. */
const renamed: Readonly<Record<string, string>> = {
  // modules
  acc_db: 'acc',
  acc_syslog: 'acc',
  avp_db: 'uid_avp_db',
  'cpl-c': 'cplc',
  dbg: 'debugger',
  dbtext: 'db_text',
  fifo: 'ctl',
  gflags: 'uid_gflags',
  jabber: 'xmpp',
  mi_datagram: 'jsonrpcs',
  mi_fifo: 'jsonrpcs',
  mi_rpc: 'jsonrpcs',
  mi_xmlrpc: 'xmlrpc',
  options: 'siputils',
  perl: 'app_perl',
  unixsock: 'ctl',
  uri: 'siputils',
  userblacklist: 'userblocklist',
  xcap: 'xcap_server',
  // functions
  blst_is_blacklisted: 'blst_is_blocklisted',
  radius_www_authenticate: 'radius_www_authorize',
  radius_proxy_authenticate: 'radius_proxy_authorize',
};

export function insteadOf(name: string): { instead: string } | Record<string, never> {
  const instead = Object.hasOwn(renamed, name) ? renamed[name] : undefined;
  return instead === undefined ? {} : { instead };
}
