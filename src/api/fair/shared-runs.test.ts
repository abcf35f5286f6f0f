import { expect, test } from 'vitest'
import { SharedRuns } from './shared-runs.ts'

const never = new AbortController().signal

function watched() {
  const runs = new SharedRuns<string>()
  const begun: { signal: AbortSignal; answer: (value: string) => void; fail: (error: Error) => void }[] = []
  const join = (key: string, now: number, disconnected = never) =>
    runs.join(key, { now, disconnected }, (signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      begun.push({ signal, answer: resolve, fail: reject })
      return promise
    })
  return { begun, join }
}

test('equal requests share a run that began at most ten seconds before', async () => {
  const { begun, join } = watched()
  const first = [join('a', 0), join('a', 9900), join('b', 9900)]
  const late = join('a', 10_001)
  expect(begun).toHaveLength(3)
  for (const [at, { answer }] of begun.entries()) answer(String(at))
  expect(await Promise.all([...first, late])).toEqual(['0', '0', '1', '2'])
  const next = join('a', 10_002)
  expect(begun).toHaveLength(4)
  begun[3]?.answer('3')
  expect(await next).toBe('3')
})

test('a run ends when its last client disconnects, and not before', async () => {
  const { begun, join } = watched()
  const clients = [new AbortController(), new AbortController()] as const
  const answers = clients.map(({ signal }) => join('a', 0, signal))
  clients[0].abort()
  expect(await answers[0]).toBeUndefined()
  expect(begun[0]?.signal.aborted).toBe(false)
  clients[1].abort()
  expect(await answers[1]).toBeUndefined()
  expect(begun[0]?.signal.aborted).toBe(true)
  const next = join('a', 1)
  expect(begun).toHaveLength(2)
  begun[1]?.answer('again')
  expect(await next).toBe('again')
})

test('all clients of a failed run get its error', async () => {
  const { begun, join } = watched()
  const answers = [join('a', 0), join('a', 1)]
  begun[0]?.fail(new Error('no memory'))
  expect(await Promise.allSettled(answers)).toMatchObject([
    { reason: { message: 'no memory' } },
    { reason: { message: 'no memory' } },
  ])
})
