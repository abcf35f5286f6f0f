import { fenceKey, type JournalBus } from '../../../src/journal/bus.ts'

/** From the oldest on, until there are so many or twenty seconds are over; without the marks of drivers. */
export async function recordsOf(bus: JournalBus, partition: number, count: number): Promise<string[]> {
  const found: string[] = []
  for await (const some of bus.read(partition, 0, AbortSignal.timeout(20_000))) {
    found.push(
      ...some
        .filter(({ key, value }) => !key.startsWith(fenceKey) && value.length > 0)
        .map(({ value }) => Buffer.from(value).toString()),
    )
    if (found.length >= count) break
  }
  return found
}
