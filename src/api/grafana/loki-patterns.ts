import type { GrafanaRequest } from './answer.ts'
import { environmentOf, language, spanOf, stepOf, success } from './loki-request.ts'

/** Maximum number of lines of one request, which are the newest. */
const maxPatternLines = 20_000

/** Loki groups lines when they arrive, Weir for each request. */
export async function patterns(request: GrafanaRequest): Promise<object> {
  const { parseLogs, queryLogs, LinePatterns } = await language()
  const logs = parseLogs(request.parameters.needed('query'))
  const span = spanOf(request)
  const linePatterns = new LinePatterns(stepOf(request, span))
  const environment = environmentOf(request)
  const lines = await queryLogs(logs, { ...span, limit: maxPatternLines, direction: 'backward' }, environment)
  for (const line of lines) {
    environment.tick()
    linePatterns.add(line)
    await environment.pause()
  }
  if (lines.length === maxPatternLines)
    request.notes.warnings.add(`patterns are those of the newest ${maxPatternLines} lines`)
  return success(linePatterns.found)
}
