import type { DetectedField } from '../../query/logql/index.ts'
import type { GrafanaRequest } from './answer.ts'
import { environmentOf, language, maxLimit, spanOf } from './loki-request.ts'

const usualFieldLines = 1000

async function fieldsIn(request: GrafanaRequest): Promise<Map<string, DetectedField>> {
  const { parseLogs, queryLogs, detectedFields } = await language()
  const limit = request.parameters.count('line_limit') ?? usualFieldLines
  const logs = parseLogs(request.parameters.needed('query'))
  const span = { ...spanOf(request), limit: Math.min(limit, maxLimit), direction: 'backward' } as const
  return detectedFields(await queryLogs(logs, span, environmentOf(request)))
}

export async function fieldsAnswer(request: GrafanaRequest): Promise<object> {
  const limit = request.parameters.count('limit') ?? usualFieldLines
  const results = [...(await fieldsIn(request))].slice(0, limit)
  const fields = results.map(([label, { type, values, parsers, jsonPath }]) => ({
    label,
    type,
    cardinality: values.size,
    parsers: parsers.size === 0 ? null : [...parsers],
    ...(jsonPath === undefined ? {} : { jsonPath }),
  }))
  return { fields, limit }
}

export async function fieldValues(request: GrafanaRequest): Promise<object> {
  const name = request.path('name')
  const limit = request.parameters.count('limit') ?? usualFieldLines
  return { values: [...((await fieldsIn(request)).get(name)?.values ?? [])].slice(0, limit), limit }
}
