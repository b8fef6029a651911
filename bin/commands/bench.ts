/** `sipc bench`: CPU time a call of a cfg, beside Kamailio's where it is installed. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { bench } from '../bench/measure.js';
import { table } from '../bench/report.js';
import { isInstalled } from '../bench/servers.js';
import { type TrafficName, trafficNames, traffics } from '../bench/traffic.js';
import { type CommandSpec, parseDefines } from '../command.js';

/** Positive integer of an option; null when it is none. */
const count = (value: unknown): number | null => (/^[1-9]\d{0,5}$/.test(String(value)) ? Number(value) : null);

export const command: CommandSpec = {
  summary: 'Measures CPU time a call of a cfg under sipp, beside Kamailio on the same cfg.',
  arguments: [{ name: '<file>', doc: 'the cfg; it is given one UDP and one TCP socket on 127.0.0.1' }],
  options: [
    { flags: '-t, --traffic <name>', doc: 'what is sent', default: 'registered-calls', choices: trafficNames },
    { flags: '-r, --rate <calls>', doc: 'calls a second', default: '500' },
    { flags: '-s, --seconds <n>', doc: 'length of a measured run, after 10 s of warming up', default: '8' },
    { flags: '-n, --repetitions <n>', doc: 'runs of each server, in alternation', default: '7' },
    { flags: '-p, --port <port>', doc: 'first of four ports on 127.0.0.1', default: '24900' },
    { flags: '--tcp', doc: 'over TCP in place of UDP' },
    { flags: '--alone', doc: 'without Kamailio' },
    { flags: '-A, --define <name[=value]>', doc: 'define a name, as #!define does (repeatable)', repeat: true },
  ],
  details: [
    ...trafficNames.map((name) => `  ${name.padEnd(18)} ${traffics[name].doc}`),
    '',
    'The server runs on the first core with one worker, sipp on the second. CPU time is read from the system for the whole',
    'process tree. A run with failed calls gives no figure. Needs Linux, taskset and sipp (sip-tester).',
    '',
    'Example:',
    '  sipc bench kamailio.cfg --traffic register --rate 1000',
    '',
    'Exit code: 0 measured, 1 something failed, 2 wrong use.',
  ].join('\n'),
  async run([file = ''], options, io) {
    const numbers = {
      perSecond: count(options.rate),
      seconds: count(options.seconds),
      repetitions: count(options.repetitions),
      basePort: count(options.port),
    };
    const { perSecond, seconds, repetitions, basePort } = numbers;
    if (perSecond === null || seconds === null || repetitions === null || basePort === null || basePort > 65_532) {
      io.err('sipc bench: --rate, --seconds, --repetitions and --port take positive numbers\n');
      return 2;
    }
    const defines = (options.define as string[] | undefined) ?? [];
    const given = parseDefines(defines);
    if ('error' in given) {
      io.err(`sipc bench: ${given.error}\n`);
      return 2;
    }
    if (!existsSync(file)) {
      io.err(`sipc bench: there is no file ${file}\n`);
      return 1;
    }
    for (const [program, where] of [
      ['sipp', 'apt-get install sip-tester'],
      ['taskset', 'apt-get install util-linux'],
    ] as const) {
      if (isInstalled(program)) continue;
      io.err(`sipc bench: ${program} is not installed (${where})\n`);
      return 1;
    }
    const beside = options.alone !== true && isInstalled('kamailio');
    if (!beside) io.err('sipc bench: without Kamailio there is no ratio\n');
    try {
      const result = await bench(
        {
          name: String(options.traffic),
          traffic: traffics[options.traffic as TrafficName],
          cfg: resolve(file),
          defines,
          proto: options.tcp === true ? 'tcp' : 'udp',
          servers: beside ? ['kamailio', 'sipc'] : ['sipc'],
          perSecond,
          seconds,
          repetitions,
          basePort,
        },
        (text) => io.err(`${text}\n`),
      );
      io.out(table([result]));
      return result.refused === null ? 0 : 1;
    } catch (error) {
      io.err(`sipc bench: ${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    }
  },
};
