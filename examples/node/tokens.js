// An app under test: it keeps an MQTT token fresh and backs off when the service says that it asks too often.
import { createHmac, randomUUID } from 'node:crypto'

const LIFE = 60 * 60_000
const MARGIN = 5 * 60_000
const ATTEMPTS = 4
const FIRST_BACK_OFF = 500

// RFC 3986, which the signature asks for, encodes more than encodeURIComponent does.
const escape = text => encodeURIComponent(text).replace(/[!'()*]/g, c => '%' + c.charCodeAt(0).toString(16).toUpperCase())

const canonical = query => Object.keys(query).sort().map(name => escape(name) + '=' + escape(query[name])).join('&')

export class MQTTTokens {
  #token
  #expires = 0

  // now and wait are Date.now and a timer in production.
  constructor({ endpoint, accessKeyId, accessKeySecret, instanceId, topics, now, wait }) {
    Object.assign(this, { endpoint, accessKeyId, accessKeySecret, instanceId, topics, now, wait })
  }

  async token() {
    if (await this.now() + MARGIN < this.#expires) return this.#token
    for (let left = ATTEMPTS, backOff = FIRST_BACK_OFF; ; backOff *= 2) {
      const expires = await this.now() + LIFE
      const { status, reply } = await this.#apply(expires)
      if (status === 200) {
        [this.#token, this.#expires] = [reply.Token, expires]
        return reply.Token
      }
      left -= 1
      if (reply.Code !== 'ApplyTokenOverFlow' || left === 0) throw new Error(`${reply.Code}: ${reply.Message}`)
      await this.wait(backOff)
    }
  }

  async #apply(expires) {
    const query = {
      Action: 'ApplyToken', Version: '2020-04-20', Format: 'JSON', AccessKeyId: this.accessKeyId,
      SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0', SignatureNonce: randomUUID(),
      Timestamp: new Date(await this.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      InstanceId: this.instanceId, Actions: 'R,W', Resources: this.topics.join(','), ExpireTime: String(expires),
    }
    const text = 'POST&%2F&' + escape(canonical(query))
    query.Signature = createHmac('sha1', this.accessKeySecret + '&').update(text).digest('base64')
    const response = await fetch(`http://${this.endpoint}/?${canonical(query)}`, { method: 'POST' })
    return { status: response.status, reply: await response.json() }
  }
}
