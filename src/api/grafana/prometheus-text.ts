/** Queries as text and as trees, and samples as text. */
import { syntaxError } from '../../query/metrics/failure.ts'
import { metricName } from '../../query/metrics/labels.ts'
import { numberText, type Sample } from '../../query/metrics/values.ts'
import { TextAnswer, type GrafanaRequest } from './answer.ts'
import { environmentOf } from './prometheus-request.ts'

const language = () => import('../../query/promql/index.ts')
const success = (data: unknown): object => ({ status: 'success', data })

export async function formatQuery({ parameters }: GrafanaRequest): Promise<object> {
  const { parsePromql, printed } = await language()
  return success(printed(parsePromql(parameters.needed('query'))))
}

export async function parseQuery({ parameters }: GrafanaRequest): Promise<object> {
  const { parsePromql, treeOf } = await language()
  return success(treeOf(parsePromql(parameters.needed('query'))))
}

const plainName = /^[a-zA-Z_:][\w:]*$/
const plainLabel = /^[a-zA-Z_]\w*$/

/** With the quoted names of Prometheus 3 for names in other characters. */
function sampleLine({ labels, value }: Sample, time: number): string {
  const name = labels.get(metricName)
  const quoted = (text: string, plain: RegExp): string => (plain.test(text) ? text : JSON.stringify(text))
  const pairs = labels.nameless.entries.map(([label, text]) => `${quoted(label, plainLabel)}=${JSON.stringify(text)}`)
  const all = plainName.test(name) ? pairs : [JSON.stringify(name), ...pairs]
  const shown = all.length === 0 ? '' : `{${all.join(',')}}`
  return `${plainName.test(name) ? name : ''}${shown} ${numberText(value)} ${time}\n`
}

export async function federate(request: GrafanaRequest): Promise<object> {
  const written = request.parameters.all('match[]')
  if (written.length === 0) throw syntaxError('no match[] parameter provided')
  const { parseSelector, queryInstant } = await language()
  const latest = new Map<string, { sample: Sample; time: number }>()
  for (const text of written) {
    parseSelector(text)
    const samples = await queryInstant(text, request.now, environmentOf(request))
    const times = await queryInstant(
      `label_replace(timestamp(${text}), "__name__", "$1", "__name__", "(.+)")`,
      request.now,
      environmentOf(request),
    )
    if (samples.type !== 'vector' || times.type !== 'vector') continue
    const timeOf = new Map(times.vector.map(({ labels, value }) => [labels.key, value * 1000]))
    for (const sample of samples.vector)
      latest.set(sample.labels.key, { sample, time: timeOf.get(sample.labels.key) ?? request.now })
  }
  const byName = Map.groupBy(
    [...latest.values()].toSorted(({ sample: a }, { sample: b }) => (a.labels.key < b.labels.key ? -1 : 1)),
    ({ sample }) => sample.labels.get(metricName),
  )
  const texts = [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => {
      const head = `# TYPE ${plainName.test(name) ? name : JSON.stringify(name)} untyped\n`
      return head + all.map(({ sample, time }) => sampleLine(sample, time)).join('')
    })
  return new TextAnswer('text/plain; version=0.0.4; charset=utf-8', texts.join(''))
}
