import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startWeir } from '../kit/weir-process.ts'

type Series = Readonly<{ series: readonly { points: readonly { number: number }[] }[]; stored_to?: string }>

test('a response without `stored_to` has the rows that were accepted before its request', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-own-rows-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await using weir = await startWeir({ folder })
  for (let posted = 1; posted <= 8; posted++) {
    const [id, time] = [String(posted), new Date().toISOString()]
    await weir.events([{ specversion: '1.0', id, time, source: '/own', type: 'own', data: { value: 1 } }])
    for (let requests = 1; ; requests++) {
      const { series, stored_to: storedTo } = await weir.get<Series>(
        '/api/v1/events/series?family=event&field=/value&function=sum',
      )
      if (storedTo !== undefined) continue
      const sum = series.flatMap(({ points }) => points).reduce((all, { number }) => all + number, 0)
      expect(sum, `request ${requests}`).toBe(posted)
      break
    }
  }
})
