/** What other modules get of xcap_client. */
export interface XcapWanted {
  /** Server, with or without `http://`. */
  readonly root: string;
  readonly port: number;
  /** Application: pres-rules. */
  readonly auid: string;
  readonly user: string;
  readonly domain: string;
  readonly filename: string;
}
/** `xid`: whose document it is, `sip:alice@example.com`. */
export type XcapListener = (xid: string) => void;
export interface XcapApi {
  /** Asks for a document and keeps it in the table; null: the server does not have it, or does not answer. */
  get(wanted: XcapWanted): Promise<string | null>;
  /** Called when a document of the table was found changed, after the row. */
  listen(auid: string, changed: XcapListener): void;
}
