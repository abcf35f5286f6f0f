export class SharedConnection<Client> {
  readonly #connect: () => Promise<Client>
  readonly #disconnect: (client: Client) => Promise<unknown>
  #client: Promise<Client> | undefined

  constructor(connect: () => Promise<Client>, disconnect: (client: Client) => Promise<unknown>) {
    this.#connect = connect
    this.#disconnect = disconnect
  }

  get(): Promise<Client> {
    if (this.#client !== undefined) return this.#client
    const connecting = this.#connect()
    this.#client = connecting
    connecting.catch(() => {
      if (this.#client === connecting) this.#client = undefined
    })
    return connecting
  }

  async discard(client: Client): Promise<void> {
    if (this.#client !== undefined && (await this.#client.catch(() => undefined)) === client) this.#client = undefined
    await this.#disconnect(client).catch(() => undefined)
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    if (client !== undefined) await this.#disconnect(client).catch(() => undefined)
  }
}
