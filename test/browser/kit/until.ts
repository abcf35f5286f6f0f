import { vi } from 'vitest'

/** Waits for the output of a real program. Rejects after two minutes. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  await vi.waitUntil(condition, { timeout: 120_000, interval: 200 })
}
