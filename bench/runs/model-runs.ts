// Journal alone with flipped bits, and journal, store and sinks together. A failing run is shrunk and printed with the
// command that repeats it.
import type fc from 'fast-check'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { checkRuns } from '../../test/model/check-runs.ts'
import { runs as journalRuns } from '../../test/model/operations.ts'
import { runs as pipelineRuns } from '../../test/model/pipeline/operations.ts'
import { play as playPipeline } from '../../test/model/pipeline/world.ts'
import { play as playJournal } from '../../test/model/world.ts'

const fullRuns = 10_000
const ciRuns = 150

export default {
  name: 'model-runs',
  issue: '2.2',
  title: '10,000 seeded runs of append, sync, flush, merge, deliver, crash and reopen agree with a reference model.',
  async run(context) {
    await play(context, 'journal', journalRuns, playJournal, 'test/model/journal.test.ts')
    await play(context, 'journal, store and sinks', pipelineRuns, playPipeline, 'test/model/pipeline/pipeline.test.ts')
  },
} satisfies AcceptanceRun

interface Played {
  readonly operations: readonly { readonly do: string }[]
}

async function play<Run extends Played>(
  context: AcceptanceContext,
  what: string,
  runs: fc.Arbitrary<Run>,
  act: (run: Run) => Promise<void>,
  test: string,
) {
  const wanted = context.size(fullRuns, ciRuns)
  const counts = new Map<string, number>()
  const started = performance.now()
  const report = await checkRuns(
    runs,
    async (run) => {
      for (const operation of run.operations) counts.set(operation.do, (counts.get(operation.do) ?? 0) + 1)
      await act(run)
    },
    { test, runs: wanted, seed: context.seed },
  )
  if (report.failure !== '') console.log(report.failure)
  context.figure(`${what}: runs`, report.runs, 'runs')
  context.figure(
    `${what}: operations`,
    [...counts.values()].reduce((sum, count) => sum + count, 0),
    'operations',
  )
  context.figure(
    `${what}: ends of a life by crash, kill or stop`,
    (counts.get('end') ?? 0) + (counts.get('stop-after') ?? 0),
    'ends',
  )
  context.figure(`${what}: time`, Math.round((performance.now() - started) / 100) / 10, 's')
  context.expect(
    report.failure === '' && report.runs >= wanted,
    `${wanted} runs of ${what} agree with the model (seed ${report.seed})`,
  )
}
