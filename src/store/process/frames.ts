/** Length (u32, little endian), kind (u8), body. */
import type { Readable, Writable } from 'node:stream'
import { deserialize, serialize } from 'node:v8'
import type { IsolatedQuery, StatementProgress } from '../../engine/control.ts'
import type { Fault } from '../fault.ts'
import type { StoreState } from '../state.ts'

export type ReaderSettings = Readonly<{
  directory: string
  duckBytes: number
  processBytes: number
  threads: number
  /** Undefined disables spilling. */
  spill: Readonly<{ folder: string; bytes: number }> | undefined
}>

export type Order =
  | Readonly<{ do: 'open'; settings: ReaderSettings; file: boolean }>
  /** The version that the next queries read, without files that can't be read. */
  | Readonly<{ do: 'version'; state: StoreState }>
  | Readonly<{ do: 'query'; query: IsolatedQuery }>
  /** The answer to `verify`: files of the version that must not be read. */
  | Readonly<{ do: 'verified'; damaged: readonly string[] }>

export type Reply =
  | Readonly<{ is: 'started'; pid: number }>
  | { readonly is: 'open' }
  | Readonly<{ is: 'chunk'; bytes: Uint8Array }>
  | Readonly<{ is: 'progress'; progress: StatementProgress }>
  | Readonly<{ is: 'end'; rows: number | undefined }>
  | Readonly<{ is: 'failed'; fault: Fault }>
  | Readonly<{ is: 'verify'; names: readonly string[] }>
  | Readonly<{ is: 'unreadable'; names: readonly string[]; message: string }>

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
    const done = () => {
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
      const bytes = this.#rest.subarray(0, count - at)
      taken.set(bytes, at)
      at += bytes.length
      this.#rest = this.#rest.subarray(bytes.length)
      if (at === count) return taken
      const step = await this.#pieces.next().catch(() => undefined)
      if (step === undefined || step.done === true) return undefined
      this.#rest = step.value
    }
  }
}
