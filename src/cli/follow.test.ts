import { expect, test } from 'vitest'
import { CommandError, ServerAway } from './command-error.ts'
import { follow, type Outside, type PageOf } from './follow.ts'

type Scripted = readonly number[] | Error

const end = new CommandError('end')

/** Ids of the rows of each page, newest first; the clock advances by 1 s with each wait. */
async function followed(pages: readonly Scripted[]): Promise<{ out: string[]; err: string[]; spans: string[] }> {
  const [out, err, spans]: [string[], string[], string[]] = [[], [], []]
  let ms = 0
  const left = [...pages]
  const pageOf: PageOf = async ({ from, limit }) => {
    spans.push(`${from} ${limit}`)
    const next = left.shift() ?? end
    if (next instanceof Error) throw next
    return { rows: next.slice(0, Number(limit)).map((id) => ({ id })), columns: ['id'] }
  }
  const outside: Outside = {
    now: () => ms,
    sleep: async () => void (ms += 1000),
    print: async (text) => void (text === '' || out.push(text)),
    report: (text) => void err.push(text),
  }
  await expect(
    follow({ output: 'csv', from: 'now-1h', limit: '3' }, { pageOf, tableOf: () => '', mostRows: 10_000 }, outside),
  ).rejects.toBe(end)
  return { out, err, spans }
}

const numbers = (from: number, to: number): number[] => Array.from({ length: from - to + 1 }, (_, at) => from - at)

test('--follow prints the list, and then each row once, also one that the store commits late', async () => {
  expect(
    await followed([
      [3, 2, 1],
      [4, 3, 2, 1],
      [5, 4, 3, 2, 1],
      [6, 5, 4, 0, 3, 2, 1],
    ]),
  ).toEqual({
    out: ['id\r\n2\r\n3\r\n4\r\n', '5\r\n', '0\r\n6\r\n'],
    err: [],
    spans: ['now-60s 1000', 'now-1h 3', 'now-61s 1000', 'now-61s 1000', 'now-61s 1000'],
  })
})

test('equal rows are printed as often as they arrive', async () => {
  expect((await followed([[], [1], [1, 1, 1], [1, 1, 1]])).out).toEqual(['id\r\n1\r\n', '1\r\n1\r\n'])
})

test('a server that is away is reported once, and the rows of its absence follow', async () => {
  const away = new ServerAway('No response from http://a: connection refused.')
  expect(await followed([[1], [1], ...Array.from({ length: 90 }, () => away), [3, 2, 1], [3, 2, 1]])).toMatchObject({
    out: ['id\r\n1\r\n', '2\r\n3\r\n'],
    err: [
      'weir: No response from http://a: connection refused. Waiting for the server.\n',
      'weir: the server responds again\n',
    ],
    spans: expect.arrayContaining(['now-151s 1000']) as string[],
  })
})

test('a server that refuses ends the command', async () => {
  expect(await followed([[1], [1]])).toMatchObject({ err: [] })
})

test('more rows than a page holds are read in a larger one, and a loss is reported', async () => {
  const { out, err } = await followed([
    [1],
    [1],
    numbers(3000, 1),
    numbers(3000, 1),
    numbers(20_000, 1),
    numbers(20_000, 1),
  ])
  expect(out.map((text) => text.split('\r\n').length - 1)).toEqual([2, 2999, 10_000])
  expect(err).toEqual(['weir: more rows arrive than are shown; a filter selects fewer\n'])
})
