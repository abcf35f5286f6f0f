/** Routes that clients of Loki call beside queries. */
import type { GrafanaRequest, GrafanaRoute } from './answer.ts'
import { language, maxLimit, success } from './loki-request.ts'

/** The text as it is written; only space outside quotes changes. */
export async function formatQuery({ parameters }: GrafanaRequest): Promise<object> {
  const text = parameters.needed('query')
  const { parseLogql } = await language()
  parseLogql(text)
  const parts = text.match(/"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`]+/g) ?? []
  const shown = parts.map((part) => (/^["`]/.test(part) ? part : part.replaceAll(/\s+/g, ' ')))
  return success(shown.join('').trim())
}

export function statusRoutes(base: string): readonly GrafanaRoute[] {
  return [
    {
      path: `${base}/status/buildinfo`,
      operationId: 'lokiBuildInfo',
      summary: 'Version, as Loki reports it',
      parameters: {},
      answer: ({ context: { version } }) =>
        Promise.resolve({ version, revision: '', branch: '', buildUser: '', buildDate: '', goVersion: '' }),
    },
    {
      path: `${base}/rules`,
      operationId: 'lokiRules',
      summary: 'No rules',
      parameters: {},
      answer: () => Promise.resolve({}),
    },
    {
      path: `${base}/drilldown-limits`,
      operationId: 'lokiDrilldownLimits',
      summary: 'Limits, as Logs Drilldown reads them',
      parameters: {},
      answer: ({ context: { version } }) =>
        Promise.resolve({
          limits: {
            discover_log_levels: true,
            max_entries_limit_per_query: maxLimit,
            volume_enabled: true,
            pattern_persistence_enabled: false,
          },
          pattern_ingester_enabled: true,
          version,
        }),
    },
  ]
}
