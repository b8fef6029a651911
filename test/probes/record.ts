/** `npm run probes:record [TABLE …]`: runs the probes through the real Kamailio and writes goldens/. */
import { writeFileSync } from 'node:fs';
import { runKamailio } from './kamailio.js';
import { printResults } from './probe.js';
import { recordComputed } from './record-computed.js';
import { recordConfigs } from './record-configs.js';
import { recordParams } from './record-params.js';
import { tables } from './tables/index.js';

const wanted = process.argv.slice(2);
for (const table of tables) {
  if (wanted.length > 0 && !wanted.includes(table.name)) continue;
  const started = Date.now();
  const results = await runKamailio(table);
  writeFileSync(new URL(`goldens/${table.name}.txt`, import.meta.url), printResults(table, results), 'latin1');
  console.log(`${table.name}: ${results.size} probes, ${Date.now() - started} ms`);
}
if (wanted.length === 0 || wanted.includes('configs')) await recordConfigs();
if (wanted.length === 0 || wanted.includes('params')) await recordParams();
if (wanted.length === 0 || wanted.includes('computed')) await recordComputed();
