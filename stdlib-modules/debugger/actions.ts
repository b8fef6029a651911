import type { RouteContext } from '../../runtime/sdk/index.js';

/** As Kamailio names the kind of route that runs; events run as requests. */
export function routeKindName(kind: RouteContext['kind']): string {
  switch (kind) {
    case 'request':
    case 'event':
      return 'request_route';
    case 'failure':
      return 'failure_route';
    case 'tm_reply':
    case 'core_reply':
      return 'onreply_route';
    case 'branch':
      return 'branch_route';
    case 'onsend':
      return 'onsend_route';
    case 'local':
      return 'local_route';
    case 'branch_failure':
      return 'branch_failure_route';
  }
}
