import type { SharedState, SourceContext, StateNote, StatePiece } from '../../../engine/contracts.ts'
import type { Disk } from '../../../host/index.ts'
import { messageOf } from '../../../model/errors.ts'
import type { KubeObject } from '../client/types.ts'
import { placeOf, resourceEvent } from '../map/change.ts'
import { factsOf } from '../map/resource.ts'
import { objectsStream } from './restore.ts'
import { ObjectMap } from './objects.ts'
import { typeAs } from './type.ts'
import type { Recorder } from './recorder.ts'

const checkMs = 1000
/** Checks between two verifications of the state on the bus. */
const looksApart = 10
/** Lifetime of a state, plus a minute per 10 MiB. */
const [goodMs, bytesPerMs] = [600_000, (10 * 1024 * 1024) / 60_000]
const pieceBytes = 256 * 1024
/** Resources per slice, so that other work continues. */
const maxAtOnce = 200

export type KeepParts = Readonly<{
  cluster: string
  context: SourceContext
  map: ObjectMap
  recorder: Pick<Recorder, 'still'>
  settled: () => number | undefined
}>

/** Runs until the signal aborts; returns at once without a shared journal. */
export async function keepState(parts: KeepParts, signal: AbortSignal): Promise<void> {
  const {
    host: { clock, timers },
    log,
    metrics,
    id,
    replay: frames,
  } = parts.context
  const state = frames?.shared
  if (state === undefined) return
  let last: Omit<StateNote, 'source'> | undefined
  let known = false
  for (let looks = 1; ; looks++) {
    await timers.sleep(checkMs, signal)
    if (signal.aborted) return
    const kinds = parts.settled()
    if (kinds === undefined) {
      known = false
      continue
    }
    try {
      if (!known) last = await state.newest()
      known = true
      const of = `${kinds} kinds`
      const isGone = looks % looksApart === 0 && last !== undefined && (await state.bounds()).before >= last.from
      if (!isGone && last?.of === of && clock.now() - last.at < goodMs + last.bytes / bytesPerMs) continue
      last = await put(parts, state, of)
      metrics.set('weir_kubernetes_state_bytes', last.bytes, { source: id })
    } catch (error) {
      if (!signal.aborted)
        log.warn('The state of the cluster could not be stored in the journal; Weir retries.', {
          source: id,
          error: messageOf(error),
        })
    }
  }
}

async function put(
  { cluster, context, map, recorder }: KeepParts,
  state: SharedState,
  of: string,
): Promise<Omit<StateNote, 'source'>> {
  const {
    host: { disk, timers },
  } = context
  const path = `${context.state ?? ''}/objects.copy`
  for (const rest of ['-wal', '-shm', '']) await disk.remove(`${path}${rest}`)
  try {
    return await state.put((unit) => context.append(unit), {
      of,
      begin: (act) =>
        recorder.still(async () => {
          const begun = await act()
          map.copyTo(path)
          return begun
        }),
      pieces: (async function* () {
        yield* piecesOf(path, disk)
        // A snapshot: later changes follow in the journal.
        const copy = new ObjectMap(path)
        try {
          yield* resourcesOf(cluster, copy, () => timers.yield())
        } finally {
          copy.close()
        }
      })(),
    })
  } finally {
    for (const rest of ['-wal', '-shm', '']) await disk.remove(`${path}${rest}`)
  }
}

async function* piecesOf(path: string, disk: Disk): AsyncGenerator<StatePiece> {
  const file = await disk.open(path, 'read')
  try {
    for (let at = 0; ;) {
      const bytes = new Uint8Array(pieceBytes)
      const read = await file.read(bytes, at)
      if (read === 0) return
      at += read
      yield { stream: objectsStream, bytes: read === pieceBytes ? bytes : bytes.slice(0, read) }
    }
  } finally {
    await file.close()
  }
}

async function* resourcesOf(cluster: string, map: ObjectMap, rest: () => Promise<void>): AsyncGenerator<StatePiece> {
  let lines: Uint8Array[] = []
  let size = 0
  const piece = (): StatePiece => {
    const bytes = new Uint8Array(size)
    let at = 0
    for (const line of lines) {
      bytes.set(line, at)
      at += line.length
    }
    ;[lines, size] = [[], 0]
    return { stream: 'resources', bytes }
  }
  for (let after = 0; ;) {
    const words = map.emittedBefore(Number.MAX_SAFE_INTEGER, after, maxAtOnce)
    after = words.at(-1)?.row ?? after
    for (const { collection, uid, version, since } of words) {
      const existing = collection.objects.get(uid)
      const document = existing === undefined ? undefined : map.document(existing)
      if (document === undefined) continue
      const object = JSON.parse(document.toString()) as KubeObject
      const { data } = resourceEvent(
        { ...placeOf(cluster, typeAs(collection, object), object), resourceVersion: version, since, state: 'present' },
        JSON.stringify(factsOf(object)),
        0,
      )
      if (data === undefined) continue
      lines.push(data, newLine)
      size += data.length + 1
      if (size >= pieceBytes) yield piece()
    }
    if (words.length === 0) break
    await rest()
  }
  if (size > 0) yield piece()
}

const newLine = Uint8Array.of(0x0a)
