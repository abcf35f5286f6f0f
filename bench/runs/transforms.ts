// The reference recomputes each transform from the frames that it read. A failing run is shrunk and printed with the
// command that repeats it.
import type { AcceptanceRun } from '../harness.ts'
import { checkRuns } from '../../test/model/check-runs.ts'
import { runs } from '../../test/model/transforms/runs.ts'
import { play } from '../../test/model/transforms/world.ts'

export default {
  name: 'transforms',
  issue: '26.5',
  title:
    'Ten thousand chains of random transforms over random rows and crashes: the ledger balances, and derived rows ' +
    'equal a naive reference.',
  async run(context) {
    const wanted = context.size(10_000, 500)
    const counts = new Map<string, number>()
    const add = (name: string, more = 1): void => void counts.set(name, (counts.get(name) ?? 0) + more)
    const started = performance.now()
    const report = await checkRuns(
      runs,
      async (run) => {
        for (const { type } of run.stages) add(type)
        for (const step of run.steps) {
          if (step.do === 'flows') add('rows', step.rows.length)
          if (step.do === 'events') add('rows', step.types.length)
          if (step.do === 'end' || step.do === 'stop-after') add('ends')
        }
        await play(run)
      },
      { test: 'test/model/transforms/transforms.test.ts', runs: wanted, seed: context.seed },
    )
    if (report.failure !== '') console.log(report.failure)
    const { rows = 0, ends = 0, ...types } = Object.fromEntries(counts)
    context.figure('runs', report.runs, 'runs')
    context.figure(
      'transforms',
      Object.values(types).reduce((sum, count) => sum + count, 0),
      'transforms',
    )
    for (const [type, count] of Object.entries(types).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      context.figure(`of type ${type}`, count, 'transforms')
    context.figure('input rows', rows, 'rows')
    context.figure('crashes and kills', ends, 'ends')
    context.figure('time', Math.round((performance.now() - started) / 100) / 10, 's')
    context.expect(
      report.failure === '' && report.runs >= wanted,
      `${wanted} runs: derived rows equal the reference and the ledger balances (seed ${report.seed})`,
    )
  },
} satisfies AcceptanceRun
