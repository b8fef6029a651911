/** The global parameters as declarations: the runtime's table under all its names, and what the grammar reads itself. */
import { type ParamSpec, type SettingSpec, settingSpecs, settingSynonyms } from '../../runtime/sdk/index.js';

const specs: Readonly<Record<string, SettingSpec>> = settingSpecs;
const synonyms: Readonly<Record<string, string>> = settingSynonyms;
const named: readonly (readonly [string, SettingSpec])[] = [
  ...Object.entries(specs),
  ...Object.entries(synonyms).map(([name, meant]) => {
    const spec = specs[meant]!;
    return [name, { ...spec, live: false, doc: `${spec.doc} Another name of ${meant}.` }] as const;
  }),
];

/** What is out of range is an error only where Kamailio refuses it. */
const declared = (spec: SettingSpec): ParamSpec => {
  const { type, doc, live, liveAs, noEffect, refuses, min, max, values } = spec;
  return {
    type,
    doc,
    default: spec.default,
    ...(live && { live: liveAs ?? live }),
    ...(noEffect && { noEffect }),
    ...(refuses && { min, max, values }),
  };
};

const grammar = (doc: string): ParamSpec => ({ type: 'str', many: true, doc });

export const coreParams: Readonly<Record<string, ParamSpec>> = {
  ...Object.fromEntries(named.map(([name, spec]) => [name, declared(spec)])),
  listen: grammar('A socket: `udp:192.0.2.1:5060 advertise sip.example.org:5060 name "s1"`.'),
  socket: grammar('A socket as a block: `{ bind = udp:192.0.2.1:5060; name = "s1"; }` (Kamailio 5.7).'),
  coreparam: grammar('`coreparam[iuid]="…"`: also `random_engine` and `timer_sanity_check` (Kamailio 6.1).'),
  alias: grammar('Names that are this server, besides the addresses it listens on.'),
  domain: grammar('As `alias` (Kamailio 6.0).'),
};
