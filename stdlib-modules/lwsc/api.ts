/** What other modules get of lwsc. */
export interface LwscApi {
  /**
   * The first message that `fits`, after `data` was sent; questions with different answers may be asked at the same time. Null: no
   * connection, or no such answer in time.
   */
  request(
    url: string,
    protocol: string,
    data: string,
    fits: (message: string) => boolean,
    timeoutMs: number,
  ): Promise<string | null>;
}
