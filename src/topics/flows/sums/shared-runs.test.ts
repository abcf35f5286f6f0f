import { expect, test } from 'vitest'
import { SharedRuns } from './shared-runs.ts'

const never = new AbortController().signal

function watched() {
  const runs = new SharedRuns<string>()
  const begun: { signal: AbortSignal; answer: (value: string) => void; fail: (error: Error) => void }[] = []
  const join = (key: string, now: number, signal = never) =>
    runs.join(key, { now, signal }, (signal) => {
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
  await expect(answers[0]).rejects.toThrow('aborted')
  expect(begun[0]?.signal.aborted).toBe(false)
  clients[1].abort()
  await expect(answers[1]).rejects.toThrow('aborted')
  expect(begun[0]?.signal.aborted).toBe(true)
  const next = join('a', 1)
  expect(begun).toHaveLength(2)
  begun[1]?.answer('again')
  expect(await next).toBe('again')
})

test('a failed run fails the client that began it; the others share one more', async () => {
  const { begun, join } = watched()
  const answers = [join('a', 0), join('a', 1), join('a', 2)]
  begun[0]?.fail(new Error('the limit of its user'))
  await expect(answers[0]).rejects.toThrow('the limit of its user')
  expect(begun).toHaveLength(2)
  begun[1]?.answer('again')
  expect(await Promise.all(answers.slice(1))).toEqual(['again', 'again'])
})

test('a second failure is the last one', async () => {
  const { begun, join } = watched()
  const answers = Promise.allSettled([join('a', 0), join('a', 1), join('a', 2)])
  begun[0]?.fail(new Error('first'))
  await expect.poll(() => begun).toHaveLength(2)
  begun[1]?.fail(new Error('second'))
  expect((await answers).map((answer) => (answer as PromiseRejectedResult).reason)).toMatchObject([
    { message: 'first' },
    { message: 'second' },
    { message: 'second' },
  ])
  expect(begun).toHaveLength(2)
})

test('a client that disconnects from a failed run has no further one', async () => {
  const { begun, join } = watched()
  const client = new AbortController()
  const answers = [join('a', 0), join('a', 1, client.signal)]
  client.abort()
  begun[0]?.fail(new Error('no memory'))
  await expect(answers[0]).rejects.toThrow('no memory')
  await expect(answers[1]).rejects.toThrow('aborted')
  expect(begun).toHaveLength(1)
})
