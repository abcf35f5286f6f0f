import type { Batch, BatchKind } from '../model/batches.ts'
import { trimOldest } from '../model/trim-oldest.ts'
import { decodeBatch } from './bodies.ts'
import type { Frame } from './types.ts'

const batches = new WeakMap<Frame, WeakRef<Batch>>()

export function frameBatch(frame: Frame): Batch {
  const existing = batches.get(frame)?.deref()
  if (existing !== undefined) return existing
  const batch = decodeBatch(frame.header.kind as BatchKind, frame.body())
  batches.set(frame, new WeakRef(batch))
  return batch
}

const maxFrames = 1024

/** Readers of one thread that keep pace get the same objects, so that a body is decoded once. */
export class SharedFrames {
  readonly #frames = new Map<number, WeakRef<Frame>>()

  share(frame: Frame): Frame {
    const { sequence } = frame.header
    const existing = this.#frames.get(sequence)?.deref()
    if (existing !== undefined && isSame(existing, frame)) return existing
    this.#frames.delete(sequence)
    this.#frames.set(sequence, new WeakRef(frame))
    trimOldest(this.#frames, maxFrames)
    return frame
  }
}

function isSame({ header: a, firstSequence }: Frame, { header: b, firstSequence: first }: Frame): boolean {
  return (
    firstSequence === first &&
    a.source === b.source &&
    a.epoch === b.epoch &&
    a.sourceSequence === b.sourceSequence &&
    a.bodyBytes === b.bodyBytes &&
    a.rawBytes === b.rawBytes
  )
}
