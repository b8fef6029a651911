/** What packages (presence_xml, presence_mwi …) get of presence. */
import type { EventPackage } from './events.js';

export interface PresenceApi {
  /** Registers a package. */
  add(spec: EventPackage): void;
  /** The body watchers of the presentity get; null: there is none. */
  body(presUri: string, event: string): Promise<string | null>;
  /** The rules of the presentity have changed. False: it could not be done. */
  updateWatchers(presUri: string, event: string): Promise<boolean>;
  /** The sphere the presentity is in; null: it tells none, or spheres are not looked at. */
  sphere(presUri: string): Promise<string | null>;
}
export type { EventPackage, Standing } from './events.js';
export { Status, type Subscription, uriOf } from './subscription.js';
