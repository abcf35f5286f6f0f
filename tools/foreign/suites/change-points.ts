import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { metricLevels } from '../../../src/topics/why/metric-levels.ts'
import type { Outcome, Suite } from '../suite.ts'

/** F1 by the margin of the paper, five observations; the start counts as a change point of each annotator. */
const margin = 5
/** Score of the best method with its default settings, over all series with one dimension (binary segmentation). */
const bestDefault = 0.744

type Annotations = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
type Dataset = Readonly<{ series: readonly Readonly<{ raw: readonly (number | null)[] }>[] }>

export const suite: Suite = {
  summary:
    'Turing Change Point Dataset: right is a mean F1 of all series with one dimension above all methods of the paper',
  source:
    'github.com/alan-turing-institute/TCPD: annotations.json, and datasets/NAME/NAME.json as build_tcpd.py makes ' +
    'them; series that are not there are left out',
  async *outcomes(folder) {
    const annotations = JSON.parse(await readFile(join(folder, 'annotations.json'), 'utf8')) as Annotations
    const scores = new Map<string, number>()
    for (const [name, annotators] of Object.entries(annotations)) {
      const values = await seriesOf(folder, name)
      if (values === undefined) continue
      const changes = metricLevels(values).map(({ at }) => at)
      scores.set(name, f1Of(Object.values(annotators), changes))
    }
    if (scores.size > 0) yield meanOf(scores)
  },
}

function meanOf(scores: ReadonlyMap<string, number>): Outcome {
  const mean = [...scores.values()].reduce((sum, score) => sum + score, 0) / scores.size
  return {
    name: `mean F1 of ${scores.size} series: ${mean.toFixed(3)}, at least ${bestDefault}`,
    verdict: mean >= bestDefault ? 'right' : 'wrong',
    detail: [...scores].map(([name, score]) => `${name} ${score.toFixed(2)}`).join('\n'),
  }
}

/** Undefined if the file is absent, or has several dimensions. */
async function seriesOf(folder: string, name: string): Promise<readonly number[] | undefined> {
  const text = await readFile(join(folder, 'datasets', name, `${name}.json`), 'utf8').catch(() => undefined)
  const { series } = JSON.parse(text ?? '{"series":[]}') as Dataset
  if (series.length !== 1) return undefined
  let last = 0
  return series[0]!.raw.map((value) => (last = value ?? last))
}

function f1Of(annotators: readonly (readonly number[])[], changes: readonly number[]): number {
  const withStart = (points: readonly number[]) => [...new Set([0, ...points])]
  const found = withStart(changes)
  const precision = matchedOf(withStart(annotators.flat()), found) / found.length
  const recalls = annotators.map(withStart).map((points) => matchedOf(points, found) / points.length)
  const recall = recalls.reduce((sum, value) => sum + value, 0) / recalls.length
  return (2 * precision * recall) / (precision + recall)
}

/** Each found point matches one annotated point. */
function matchedOf(points: readonly number[], found: readonly number[]): number {
  const left = new Set(found)
  let matched = 0
  for (const point of points.toSorted((a, b) => a - b)) {
    const near = [...left].filter((at) => Math.abs(at - point) <= margin)
    const [closest] = near.toSorted((a, b) => Math.abs(a - point) - Math.abs(b - point))
    if (closest === undefined) continue
    left.delete(closest)
    matched++
  }
  return matched
}
