/** pprof (gzipped protobuf), for `go tool pprof`. */
export const profileKinds = ['profile', 'heap'] as const
export type ProfileKind = (typeof profileKinds)[number]

export type ProfileRequest = Readonly<{
  kind: ProfileKind
  seconds: number
}>

const sampleMicros = 10_000
const heapSampleBytes = 512 * 1024
const heapStackDepth = 64

/** Profiles until `wait` resolves: CPU (`profile`) or live allocations (`heap`). One profile of a kind at a time. */
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
