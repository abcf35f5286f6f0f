// Routes of Logs Drilldown: patterns and volumes.
import { expect, test } from 'vitest'
import { toEventBatch } from '../../model/events.ts'
import { askLoki, logEvent, lokiStart, lokiTimes, withLines } from '../testing/loki.ts'
import { startStored } from '../testing/stored.ts'

const parameters = { ...lokiTimes, query: '{a="b"}' }

test('patterns have the lines at each step by level, and each is a line filter of its lines', async () => {
  const api = await startStored()
  const lines = Array.from({ length: 40 }, (_, n) =>
    n % 4 === 0 ? `level=error msg="no route to 10.0.0.${n}"` : `level=info user=u${n} took=${n}ms path=/items/${n}`,
  )
  await api.addBatch(
    toEventBatch(lines.map((line, n) => logEvent({ line, labels: { a: 'b' } }, lokiStart + n * 1000))),
    lokiStart,
  )
  const { status, body } = await askLoki(api, 'patterns', { ...parameters, step: '20s' })
  expect(status).toBe(200)
  const at = Math.floor(lokiStart / 20_000) * 20
  expect(body).toEqual({
    status: 'success',
    data: [
      {
        pattern: 'level=info user=<_> took=<_> path=<_>',
        level: 'info',
        samples: [
          [at, 15],
          [at + 20, 15],
        ],
      },
      {
        pattern: 'level=error msg="no route to <_>"',
        level: 'error',
        samples: [
          [at, 5],
          [at + 20, 5],
        ],
      },
    ],
  })
  for (const { pattern, samples } of body.data as unknown as { pattern: string; samples: [number, number][] }[]) {
    const query = `sum(count_over_time({a="b"} |> \`${pattern}\` [1h]))`
    const { result } = await askLoki(api, 'query', { query, time: lokiTimes.end })
    expect(result[0]?.value[1], pattern).toBe(String(samples.reduce((sum, [, count]) => sum + count, 0)))
  }
})

test('volumes count the line, 8 bytes for each label of metadata, and its texts once, as Loki', async () => {
  const api = await withLines(
    { line: 'äx', metadata: { pod: 'p1', detected_level: 'info' } },
    { line: 'yy', metadata: { pod: 'p1', detected_level: 'info' } },
    { line: 'z', severity: 'warn', trace: 'abc' },
    { line: 'other', labels: { a: 'c' } },
  )
  // 3 + 2 + 1 of lines, 6 labels, the texts pod, p1, detected_level, info, warn, trace_id, abc.
  const bytes = 6 + 6 * 8 + 'podp1detected_levelinfowarntrace_idabc'.length
  expect((await askLoki(api, 'index/volume', parameters)).result).toMatchObject([
    { metric: { a: 'b' }, value: [expect.any(Number), String(bytes)] },
  ])
  expect((await askLoki(api, 'index/stats', parameters)).body).toEqual({ streams: 1, chunks: 0, entries: 3, bytes })
})
