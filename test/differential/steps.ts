/**
 * Groups of many small steps: a case is a request to a user of its name, whose route makes one call after the other; the verdict
 * of each is a line of the log, with a value where the step names one, and the message goes on to bob as the calls left it.
 */
import { cfg } from './cfg-text.js';
import type { SendOptions } from './party.js';
import { type Group, generated, scenario } from './scenario.js';

/** A call, or a call and the format of what it left; a text that ends with `;` or `}` is a statement whose verdict nobody asks for. */
export type Step = string | readonly [call: string, shows: string];

export interface Case {
  /** Name of the route, which is the user of the Request-URI. */
  readonly slug: string;
  readonly title: string;
  readonly steps: readonly Step[];
  /** MESSAGE where nothing is said. */
  readonly method?: string;
  readonly options?: SendOptions;
  /** The server answers 200 itself (`sl_send_reply`); bob gets nothing. */
  readonly answered?: boolean;
}

function statements(steps: readonly Step[]): string {
  let shown = 0;
  return steps
    .map((step) => {
      if (typeof step === 'string' && /[;}]$/.test(step)) return `\t${step}\n`;
      const [call, shows] = typeof step === 'string' ? [step, ''] : step;
      return `\t${call};\n\txlog("L_NOTICE", "${++shown}: $rc${shows === '' ? '' : ` [${shows}]`}\\n");\n`;
    })
    .join('');
}

/** What a case's message has besides, when it says nothing of its own. */
const body = 'Hello\r\nworld, hello\r\n';

export function stepGroup(name: string, modules: string, head: string, cases: readonly Case[]): Group {
  const routes = cases.map(
    ({ slug, steps, answered }) =>
      `route[${slug}] {\n${statements(steps)}\t${answered ? 'sl_send_reply("200", "OK");' : 'route(TO_BOB);'}\n}\n`,
  );
  const text = cfg(
    `tm sl pv textops xlog ${modules}`.trim(),
    `${head}debug=2\nrequest_route {\n\tif (is_method("ACK")) exit;\n\t$var(what) = $rU;\n\troute($var(what));\n}\nroute[TO_BOB] {\n\t$du = "sip:127.0.0.1:22010";\n\tt_relay();\n\texit;\n}\n${routes.join('')}`,
  );
  const plays = cases.map(({ slug, title, method = 'MESSAGE', options, answered }) =>
    scenario(slug, title, async ({ alice, bob, uri }) => {
      await alice.request(method, uri(slug), { body, type: 'text/plain', ...options });
      if (!answered) await bob.reply(await bob.receives(method), method === 'INVITE' ? 486 : 200);
      await alice.receives('final');
    }),
  );
  return generated(name, text, plays);
}
