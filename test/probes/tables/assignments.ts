/** Every assignable pseudo-variable that needs no other module, with every operand: what it and the message show after it. */
import { note, type Probe, type ProbeTable } from '../probe.js';
import { operands } from './operators.js';

const targets: Readonly<Record<string, string>> = {
  ru: '$ru',
  rU: '$rU',
  rd: '$rd',
  rp: '$rp',
  du: '$du',
  fs: '$fs',
  mf: '$mf',
  bf: '$bf',
  sf: '$sf',
  var: '$var(t)',
  avp: '$avp(t)',
  avp_i: '$avp(i:7)',
  avp_s: '$avp(s:t)',
  avp_all: '$(avp(t)[*])',
  avp_first: '$(avp(t)[0])',
  xavp: '$xavp(t)',
  xavp_field: '$xavp(t=>a)',
  xavp_at: '$xavp(t[0]=>a)',
  xavp_field_all: '$xavp(t=>a[*])',
  xavu: '$xavu(t)',
  xavu_field: '$xavu(t=>a)',
  xavi: '$xavi(T)',
  plain: '$plain',
};
/** Operands, and values that are right for URIs and their parts. */
const values: Readonly<Record<string, { readonly literal: string | null; readonly set: string | null }>> = {
  ...operands,
  uri: { literal: '"sip:carol@example.net:5070;transport=tcp"', set: '"sip:carol@example.net:5070;transport=tcp"' },
  host: { literal: '"example.net"', set: '"example.net"' },
  port: { literal: '"5071"', set: '"5071"' },
  large: { literal: '70000', set: '70000' },
};
const seen = note(
  '$ru $rU $rd $rp $du $mf $bf $sf $var(t) $avp(t) $(avp(t)[1]) $avp(i:7) $xavp(t=>a) $xavu(t=>a) $avp(plain)',
);

/** `$rp` of a port 0 is 0 or the default one. */
const skipped = /^rp_(?:zero|undef_w)/;

const probes: Probe[] = Object.entries(targets)
  .flatMap(([name, target]) =>
    Object.entries(values).flatMap(([of, { literal, set }]) =>
      ['v', 'w', 'l', 'twice', 'used'].map((form) => {
        const given = form === 'v' ? '$avp(from)' : form === 'w' ? '$var(from)' : (literal ?? '$null');
        const first = form === 'w' ? (set ?? '0') : form === 'v' ? set : null;
        const before = first !== null ? `${given} = ${first}; ` : form === 'twice' ? `${target} = 1; ` : '';
        const code =
          form === 'used'
            ? `if (${target} = ${given}) ${note('true')} else ${note('false')} ${seen}`
            : `${before}${target} = ${given}; ${note('rc $rc')} ${seen}`;
        // What an earlier message left in `$var(t)` stays in Kamailio's process.
        return { name: `${name}_${of}_${form}`, code: `$var(t) = 0; ${code}` };
      }),
    ),
  )
  .filter(({ name }) => !skipped.test(name));

export const assignments: ProbeTable = { name: 'assignments', probes };
