// An app under test: it keeps an MQTT token fresh and backs off when the service says that it asks too often. It calls
// the service through the vendor's SDK.
import OpenApi from '@alicloud/openapi-client'

const { default: Client, Config, OpenApiRequest, Params } = OpenApi

const LIFE = 60 * 60_000
const MARGIN = 5 * 60_000
const ATTEMPTS = 4
const FIRST_BACK_OFF = 500

const applyToken = new Params({
  action: 'ApplyToken', version: '2020-04-20', protocol: 'HTTPS', pathname: '/', method: 'POST', authType: 'AK',
  style: 'RPC', reqBodyType: 'formData', bodyType: 'json',
})

export class MQTTTokens {
  #client
  #token
  #expires = 0

  // config is what the SDK takes; now and wait are Date.now and a timer in production.
  constructor({ config, instanceId, topics, now, wait }) {
    this.#client = new Client(new Config(config))
    Object.assign(this, { instanceId, topics, now, wait })
  }

  async token() {
    if (await this.now() + MARGIN < this.#expires) return this.#token
    for (let left = ATTEMPTS, backOff = FIRST_BACK_OFF; ; backOff *= 2) {
      const expires = await this.now() + LIFE
      try {
        const { body } = await this.#apply(expires)
        this.#token = body.Token
        this.#expires = expires
        return this.#token
      } catch (error) {
        left -= 1
        if (error.code !== 'ApplyTokenOverFlow' || left === 0) throw error
        await this.wait(backOff)
      }
    }
  }

  #apply(expires) {
    const query = {
      InstanceId: this.instanceId, Actions: 'R,W', Resources: this.topics.join(','), ExpireTime: String(expires),
    }
    return this.#client.callApi(applyToken, new OpenApiRequest({ query }), {})
  }
}
