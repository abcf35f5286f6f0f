/** Falls and rises of traffic, each with the first change that preceded it. */
import { explained, trafficSignal, type WhyRun } from './preceding.ts'
import { isoOf } from '../../query/plan/index.ts'
import { bySize } from './level-groups.ts'
import { levelsIn, type Level } from './onset.ts'
import type { LevelCauses } from './schema.ts'

/** Falls and rises of the same pair are one line. `lookbackUs`: before each of them, µs. */
export async function levelCauses(run: WhyRun, lookbackUs: bigint): Promise<LevelCauses> {
  const around = await levelsIn(run, undefined)
  const away = around.levels.filter(({ kind }) => kind !== 'recovery')
  const groups = groupsOf(
    [false, true].flatMap((gradual) => bySize(away.filter(({ isGradual }) => isGradual === gradual))),
  )
  const levels: LevelCauses['levels'][number][] = []
  for (const members of groups.slice(0, run.limit)) {
    const selected = members.reduce((a, b) => (b.at > a.at ? b : a))
    const signal = await trafficSignal(run, { ...around, selected }, undefined)
    const answer = await explained({ ...run, limit: 1 }, lookbackUs, signal)
    const { selected: _, ...level } = answer.levels.find((listed) => listed.selected)!
    const [first] = answer.candidates
    levels.push({
      ...level,
      times: members.length,
      verdict: answer.verdict,
      ...(first === undefined || answer.verdict === 'unexplained' ? {} : { first }),
    })
  }
  const { from, to } = run.flows.span
  return {
    span: { from: isoOf(from), to: isoOf(to) },
    step: Number(around.step / 1_000_000n),
    levels,
    others: away.length - levels.reduce((sum, { times }) => sum + times, 0),
  }
}

/** By kind and the pair that changed most. */
function groupsOf(levels: readonly Level[]): readonly (readonly Level[])[] {
  const groups = Map.groupBy(levels, ({ kind, pairs }) => JSON.stringify([kind, (pairs[0] ?? []).toSorted()]))
  return [...groups.values()]
}
