/**
 * What a layer calls when a route is due. `route/` implements it over the loaded program, `start()` hands it in.
 *
 * Generic in the message and in the run, so that the lowest layers can name it: `sdk/context.ts` fixes both.
 */
export interface Script<Message, Run> {
  /** A request from the network, from its first check to its last route; never rejects. */
  request(msg: Message): void | Promise<void>;
  /** A response from the network: reply_route, then its transaction, or stateless forwarding; never rejects. */
  response(msg: Message): void | Promise<void>;
  /** True when the program has `event_route[name]`. */
  hasEvent(name: string): boolean;
  /** Runs `route[name]` within a run; null when the program has none. 0: the script has ended. */
  callRoute(run: Run, name: string): number | null | Promise<number>;
  /** Runs `route[name]`, or the request route when it is '', on a message that did not come in as SIP; null when there is none. */
  runRoute(name: string, msg: Message): Run | null | Promise<Run | null>;
  /** Runs `event_route[name]` on a message; null when the program has none. */
  runEvent(name: string, msg: Message, prepare?: (run: Run) => void): Run | null | Promise<Run | null>;
}
