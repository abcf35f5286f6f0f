/** Calls `act` for each item, for at most `most` at the same time. Rejects with the first error. */
export async function atOnce<T>(items: readonly T[], most: number, act: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: Math.min(most, items.length) }, async () => {
      while (next < items.length) await act(items[next++] as T)
    }),
  )
}
