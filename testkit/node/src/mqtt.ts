import { createHmac } from 'node:crypto'

/** The types under which clients give tokens: to read, to write, or both. */
export type TokenType = 'R' | 'W' | 'RW'

/** What MQTT clients of a sandbox are configured with, by its first AccessKey. */
export class MQTT {
  constructor(
    /** The broker as `mqtt://host:port`; empty where it is off. */
    readonly url: string,
    /** Where it speaks MQTT over WebSocket and over TLS; empty where that is off. */
    readonly webSocketUrl: string,
    readonly tlsUrl: string,
    readonly accessKeyId: string,
    readonly accessKeySecret: string,
  ) {}

  /** The user name of a client that logs in to an instance by a signature. */
  signatureUser = (instance: string) => `Signature|${this.accessKeyId}|${instance}`
  /** The password of such a client. */
  signaturePassword = (clientId: string) => createHmac('sha1', this.accessKeySecret).update(clientId).digest('base64')
  /** The user name of a client that logs in by tokens of ApplyToken. */
  tokenUser = (instance: string) => `Token|${this.accessKeyId}|${instance}`
  /** The password of such a client: types and tokens by turns. */
  tokenPassword = (...typesAndTokens: string[]) => typesAndTokens.join('|')
  /** Where a client publishes {@link upload} to replace its token of that type. */
  uploadTopic = () => '$SYS/uploadToken'
  /** The message with a new token. */
  upload = (type: TokenType, token: string) => JSON.stringify({ token, type })
}
