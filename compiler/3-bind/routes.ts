/** Route blocks by table and name. */
import type { RouteKind } from '../../runtime/sdk/define.js';
import type { RouteBlock } from '../ast.js';
import { duplicateRoute } from '../diagnostics/3xxx-names.js';
import type { Diagnostics } from '../diagnostics/define.js';
import type { BoundRoute, RouteTableName } from './symbols.js';

interface Place {
  readonly table: RouteTableName;
  readonly name: string;
  readonly kinds: readonly RouteKind[];
}

/** Where a block belongs, and which functions it may call. A plain `route[X]` counts as request, whoever calls it. */
export function placeOf(block: RouteBlock): Place {
  const name = block.name?.text ?? '';
  const unnamed = name === '' || name === '0';
  switch (block.keyword) {
    case 'request_route':
      return { table: 'request_route', name: '', kinds: ['request'] };
    case 'route':
      return unnamed
        ? { table: 'request_route', name: '', kinds: ['request'] }
        : { table: 'routes', name, kinds: ['request'] };
    case 'reply_route':
    case 'onreply_route':
      return unnamed
        ? { table: 'reply_route', name: '', kinds: ['core_reply'] }
        : { table: 'onreply_route', name, kinds: ['tm_reply'] };
    case 'failure_route':
      return { table: 'failure_route', name: name || '0', kinds: ['failure'] };
    case 'branch_route':
      return { table: 'branch_route', name: name || '0', kinds: ['branch'] };
    case 'onsend_route':
      return { table: 'onsend_route', name: '', kinds: ['onsend'] };
    case 'event_route':
      return { table: 'event_route', name, kinds: eventKinds(name) };
  }
}

function eventKinds(name: string): readonly RouteKind[] {
  if (name === 'tm:local-request') return ['event', 'request', 'local'];
  if (name.startsWith('tm:branch-failure')) return ['event', 'request', 'branch_failure'];
  return ['event', 'request'];
}

export class Routes {
  private readonly byKey = new Map<string, BoundRoute & { blocks: RouteBlock[] }>();

  constructor(private readonly diagnostics: Diagnostics) {}

  add(block: RouteBlock): Place {
    const place = placeOf(block);
    const key = `${place.table} ${place.name}`;
    const known = this.byKey.get(key);
    if (!known) this.byKey.set(key, { ...place, keyword: block.keyword, blocks: [block] });
    else if (place.name === '') known.blocks.push(block);
    else
      this.diagnostics.report(duplicateRoute, block.head, { keyword: block.keyword, name: place.name }, [
        { span: known.blocks[0]!.head, message: 'first defined here' },
      ]);
    return place;
  }

  get all(): BoundRoute[] {
    return [...this.byKey.values()];
  }
}
