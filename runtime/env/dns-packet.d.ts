/** What we use of dns-packet 5, which has no types of its own. */
declare module 'dns-packet' {
  interface Common<Type extends string> {
    readonly type: Type;
    readonly name: string;
    readonly ttl?: number;
    readonly class?: string;
  }
  export type StringAnswer = Common<'A' | 'AAAA' | 'CNAME' | 'PTR' | 'NS' | 'DNAME'> & { readonly data: string };
  export type AliasAnswer = Common<'CNAME'> & { readonly data: string };
  export type TxtAnswer = Common<'TXT'> & { readonly data: string | Uint8Array | readonly (string | Uint8Array)[] };
  export type SrvAnswer = Common<'SRV'> & {
    readonly data: {
      readonly priority?: number;
      readonly weight?: number;
      readonly port: number;
      readonly target: string;
    };
  };
  export type NaptrAnswer = Common<'NAPTR'> & {
    readonly data: {
      readonly order: number;
      readonly preference: number;
      readonly flags: string;
      readonly services: string;
      readonly regexp: string;
      readonly replacement: string;
    };
  };
  export type Answer =
    | (Common<'A' | 'AAAA' | 'PTR' | 'NS' | 'DNAME'> & { readonly data: string })
    | AliasAnswer
    | TxtAnswer
    | SrvAnswer
    | NaptrAnswer;
  export interface OptRecord {
    readonly type: 'OPT';
    readonly name: '.';
    readonly udpPayloadSize: number;
    readonly extendedRcode: number;
    readonly ednsVersion: number;
    readonly flags: number;
    readonly flag_do: boolean;
    readonly options: readonly [];
  }
  export interface Question {
    readonly type: string;
    readonly name: string;
    readonly class?: string;
  }
  export interface Packet {
    readonly type?: 'query' | 'response';
    readonly id?: number;
    readonly flags?: number;
    readonly questions?: readonly Question[];
    readonly answers?: readonly Answer[];
    readonly authorities?: readonly Answer[];
    readonly additionals?: readonly (Answer | OptRecord)[];
  }
  export interface DecodedPacket extends Packet {
    readonly rcode: string;
    readonly flag_tc: boolean;
  }
  export const RECURSION_DESIRED: number;
  export const TRUNCATED_RESPONSE: number;
  export function encode(packet: Packet): Buffer;
  export function decode(bytes: Uint8Array): DecodedPacket;
}
