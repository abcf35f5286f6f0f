// A collector of IPFIX messages that shares no code with Weir: it reads templates and keeps records as raw fields.

export interface IpfixRecord {
  readonly template: number
  /** By `id`, or `pen:id`; the last one if a template names an element twice. */
  readonly fields: ReadonlyMap<string, Buffer>
}

export interface ReadMessage {
  readonly bytes: number
  readonly seconds: number
  readonly sequence: number
  readonly domain: number
  /** Template ids announced in it. */
  readonly templates: readonly number[]
  readonly records: readonly IpfixRecord[]
}

interface Template {
  readonly fields: readonly { readonly key: string; readonly length: number }[]
}

/** Throws where a message violates RFC 7011, or has data before its template. */
export class IpfixReader {
  readonly #templates = new Map<number, Template>()

  read(message: Buffer): ReadMessage {
    if (message.readUInt16BE(0) !== 10) throw new Error('not IPFIX')
    if (message.readUInt16BE(2) !== message.length) throw new Error('the length field is wrong')
    const templates: number[] = []
    const records: IpfixRecord[] = []
    for (let at = 16; at < message.length;) {
      const [id, length] = [message.readUInt16BE(at), message.readUInt16BE(at + 2)]
      if (length < 4 || at + length > message.length) throw new Error('a set has a wrong length')
      const body = message.subarray(at + 4, at + length)
      if (id === 2 || id === 3) templates.push(...this.#learn(body, id === 3))
      else records.push(...this.#records(id, body))
      at += length
    }
    const head = {
      seconds: message.readUInt32BE(4),
      sequence: message.readUInt32BE(8),
      domain: message.readUInt32BE(12),
    }
    return { ...head, bytes: message.length, templates, records }
  }

  forget(): void {
    this.#templates.clear()
  }

  #learn(body: Buffer, options: boolean): number[] {
    const ids: number[] = []
    for (let at = 0; at < body.length;) {
      const [id, count] = [body.readUInt16BE(at), body.readUInt16BE(at + 2)]
      at += options ? 6 : 4
      const fields: { key: string; length: number }[] = []
      for (let i = 0; i < count; i++) {
        const element = body.readUInt16BE(at)
        const length = body.readUInt16BE(at + 2)
        at += 4
        if (element < 0x8000) fields.push({ key: String(element), length })
        else {
          fields.push({ key: `${body.readUInt32BE(at)}:${element & 0x7fff}`, length })
          at += 4
        }
      }
      this.#templates.set(id, { fields })
      ids.push(id)
    }
    return ids
  }

  /** Element keys of a template, in order. */
  elements(id: number): string[] {
    return this.#templates.get(id)?.fields.map(({ key }) => key) ?? []
  }

  #records(id: number, body: Buffer): IpfixRecord[] {
    const template = this.#templates.get(id)
    if (template === undefined) throw new Error(`data before template ${id}`)
    const records: IpfixRecord[] = []
    for (let at = 0; at < body.length;) {
      const fields = new Map<string, Buffer>()
      for (const { key, length } of template.fields) {
        let size = length
        if (length === 0xffff) {
          size = body.readUInt8(at++)
          if (size === 255) {
            size = body.readUInt16BE(at)
            at += 2
          }
        }
        if (at + size > body.length) throw new Error('a record exceeds its set')
        fields.set(key, body.subarray(at, at + size))
        at += size
      }
      records.push({ template: id, fields })
    }
    return records
  }
}

/** Complete messages of a stream, and the remaining bytes. */
export function splitMessages(stream: Buffer): { readonly messages: Buffer[]; readonly rest: Buffer } {
  const messages: Buffer[] = []
  let at = 0
  while (stream.length - at >= 4 && stream.length - at >= stream.readUInt16BE(at + 2)) {
    const length = stream.readUInt16BE(at + 2)
    messages.push(stream.subarray(at, at + length))
    at += length
  }
  return { messages, rest: stream.subarray(at) }
}
