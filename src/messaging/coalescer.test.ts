import { expect, test } from 'vitest'
import { Coalescer } from './coalescer.ts'

test('items added during a request are in the next one and settle with it', async () => {
  const requests: { readonly items: readonly number[]; readonly done: PromiseWithResolvers<void> }[] = []
  const gathered = new Coalescer<number>((items) => {
    const done = Promise.withResolvers<void>()
    requests.push({ items, done })
    return done.promise
  })
  const [one, two, three] = [
    gathered.add([1]),
    Promise.resolve().then(() => gathered.add([2])),
    Promise.resolve().then(() => gathered.add([3, 4])),
  ]
  await Promise.resolve()
  await Promise.resolve()
  expect(requests.map(({ items }) => items)).toEqual([[1]])
  requests[0]?.done.reject(new Error('away'))
  await expect(one).rejects.toThrow('away')
  await expect.poll(() => requests.length).toBe(2)
  expect(requests[1]?.items).toEqual([2, 3, 4])
  requests[1]?.done.resolve()
  await Promise.all([two, three])
})
