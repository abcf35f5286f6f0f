/** Profiles of the thread that asks, in the format of pprof (gzipped protobuf): what `go tool pprof` opens. */
export const profileKinds = ['profile', 'heap'] as const
export type ProfileKind = (typeof profileKinds)[number]

export interface ProfileWish {
  readonly kind: ProfileKind
  readonly seconds: number
}

const sampleMicros = 10_000
const heapSampleBytes = 512 * 1024
const heapStackDepth = 64

/**
 * Waits, then gives where the time went meanwhile (`profile`), or what was allocated meanwhile and is still held (`heap`).
 * The library is loaded with the first wish. A thread has one profiler of each kind: the caller asks for one at a time.
 */
export async function takeProfile(kind: ProfileKind, wait: () => Promise<void>): Promise<Uint8Array> {
  const { time, heap, encode } = await import('@datadog/pprof')
  if (kind === 'heap') {
    heap.start(heapSampleBytes, heapStackDepth)
    try {
      await wait()
      return await encode(heap.profile())
    } finally {
      heap.stop()
    }
  }
  time.start({ intervalMicros: sampleMicros })
  try {
    await wait()
    return await encode(time.stop())
  } catch (error) {
    if (time.isStarted()) time.stop()
    throw error
  }
}
