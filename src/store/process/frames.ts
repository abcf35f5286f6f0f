/** Length (u32, little endian), kind (u8), body. */
import type { Readable, Writable } from 'node:stream'
import { deserialize, serialize } from 'node:v8'
import type { IsolatedQuery } from '../../engine/control.ts'
import type { Fault } from '../fault.ts'
import type { StoreState } from '../state.ts'

export interface ReaderSettings {
  readonly directory: string
  /** Below the process limit. */
  readonly duckBytes: number
  readonly processBytes: number
  readonly threads: number
  /** Undefined disables spilling. */
  readonly spill: { readonly folder: string; readonly bytes: number } | undefined
}

export type Order =
  | { readonly do: 'open'; readonly settings: ReaderSettings; readonly file: boolean }
  /** The version that the next queries read, without files that can't be read. */
  | { readonly do: 'version'; readonly state: StoreState }
  | { readonly do: 'query'; readonly query: IsolatedQuery }
  /** The answer to `verify`: files of the version that must not be read. */
  | { readonly do: 'verified'; readonly damaged: readonly string[] }

export type Reply =
  | { readonly is: 'started'; readonly pid: number }
  | { readonly is: 'open' }
  | { readonly is: 'chunk'; readonly bytes: Uint8Array }
  | { readonly is: 'end'; readonly rows: number | undefined }
  | { readonly is: 'failed'; readonly fault: Fault }
  /** Files of the version that the query reads: the parent verifies them first. */
  | { readonly is: 'verify'; readonly names: readonly string[] }
  /** DuckDB failed to read these files. */
  | { readonly is: 'unreadable'; readonly names: readonly string[]; readonly message: string }

const headBytes = 5
const [message, chunk] = [0, 1]

/** Resolves when the receiver has room; a chunk must not change until then. */
export async function writeFrame(stream: Writable, frame: Order | Reply): Promise<void> {
  const isChunk = 'is' in frame && frame.is === 'chunk'
  const body = isChunk ? frame.bytes : serialize(frame)
  const head = Buffer.alloc(headBytes)
  head.writeUInt32LE(body.length)
  head.writeUInt8(isChunk ? chunk : message, 4)
  stream.cork()
  stream.write(head)
  const room = stream.write(body)
  stream.uncork()
  if (room || stream.destroyed) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done)
      resolve()
    }
    stream.on('drain', done).on('close', done)
  })
}

export class FrameReader<Frame extends Order | Reply> {
  readonly #pieces: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(stream: Readable) {
    this.#pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  }

  /** Undefined at the end, also within a frame. */
  async next(): Promise<Frame | undefined> {
    const head = await this.#take(headBytes)
    if (head === undefined) return undefined
    const view = new DataView(head.buffer)
    const body = await this.#take(view.getUint32(0, true))
    if (body === undefined) return undefined
    return view.getUint8(4) === chunk ? ({ is: 'chunk', bytes: body } as Frame) : (deserialize(body) as Frame)
  }

  async #take(count: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const taken = new Uint8Array(count)
    let at = 0
    for (;;) {
      const some = this.#rest.subarray(0, count - at)
      taken.set(some, at)
      at += some.length
      this.#rest = this.#rest.subarray(some.length)
      if (at === count) return taken
      const step = await this.#pieces.next().catch(() => undefined)
      if (step === undefined || step.done === true) return undefined
      this.#rest = step.value
    }
  }
}
