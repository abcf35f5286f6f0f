import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { PartList, type Part } from './part-list.ts'

const never = new Promise<never>(() => {})

function recorded(steps: string[]) {
  const part =
    (name: string): Part<object, object> =>
    async () => {
      steps.push(`open ${name}`)
      return {
        async [Symbol.asyncDispose]() {
          steps.push(`close ${name}`)
        },
      }
    }
  return new PartList<{ a: number }>()
    .with('first', part('first'))
    .with('sum', async ({ a }) => ({ b: a + 1 }))
    .with('last', async ({ a, b }) => ({ c: a + b, ...(await part('last')({})) }))
}

test('parts receive the values of earlier ones, and close in the opposite order', async () => {
  const steps: string[] = []
  const running = await recorded(steps).start({ a: 1 }, realHost(), never)
  expect(running.parts).toEqual({ a: 1, b: 2, c: 3 })
  const closed: string[] = []
  await running.close(async (name, close) => {
    closed.push(name)
    await close()
  })
  expect(steps).toEqual(['open first', 'open last', 'close last', 'close first'])
  expect(closed).toEqual(['last', 'first'])
})

test('a part that fails is the error of the start, also if another then fails to close', async () => {
  const steps: string[] = []
  const list = recorded(steps)
    .after('first', async () => ({ [Symbol.asyncDispose]: () => Promise.reject(new Error('close')) }))
    .after('sum', () => Promise.reject(new Error('no room')))
  await expect(list.start({ a: 1 }, realHost(), never)).rejects.toThrow('no room')
  expect(steps).toEqual(['open first', 'close first'])
})

test('what breaks during the start ends it', async () => {
  const steps: string[] = []
  const { promise, reject } = Promise.withResolvers<never>()
  const list = recorded(steps).after('sum', () => {
    reject(new Error('a thread ended'))
    return never
  })
  await expect(list.start({ a: 1 }, realHost(), promise)).rejects.toThrow('a thread ended')
  expect(steps).toEqual(['open first', 'close first'])
})
